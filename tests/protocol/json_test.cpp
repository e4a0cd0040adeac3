// A text that JSON changes would make `decode | encode` send other bytes than were recorded.
#include "protocol/json.h"

#include <doctest/doctest.h>

#include "protocol/messages.h"

using namespace ibkr::protocol;

TEST_CASE("every byte of a text survives JSON, wherever it stands") {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string c(1, static_cast<char>(byte));
    for (const std::string& text : {c, std::string("ab").append(c), std::string(c).append("ab"),
                                    std::string("a").append(c).append("\xC3\xA9").append(c)}) {
      ErrorMessage error;
      error.error_msg = text;
      std::string json;
      append_json(Message(error), Wire::Text, json);
      CAPTURE(json);
      const auto parsed = from_json(Direction::In, json);
      REQUIRE(parsed);
      CHECK(parsed->message.as<ErrorMessage>().error_msg == text);
    }
  }
}
