// A text that JSON changes would make `decode | encode` send other bytes than were recorded.
#include "protocol/json.h"

#include <doctest/doctest.h>

#include "protocol/messages.h"
#include "protocol/unicode.h"

using namespace ibkr::protocol;

TEST_CASE("what could move a terminal's cursor is escaped, other characters are not") {
  for (std::uint32_t c = 1; c < 0x3000; ++c) {
    std::string text;
    append_utf8(text, c);
    const bool shown_as_it_is = json_string(text) == '"' + text + '"';
    CAPTURE(c);
    CHECK(shown_as_it_is == (!is_control(c) && c != '"' && c != '\\'));
  }
  for (const std::uint32_t control :
       {0x1BU, 0x7FU, 0x9BU, 0x61CU, 0x200EU, 0x200FU, 0x2028U, 0x202AU, 0x202EU, 0x2066U, 0x2069U})
    CHECK(is_control(control));
  for (const std::uint32_t character : {0x20U, 0xA0U, 0xE9U, 0x5D0U, 0x2010U, 0x2030U, 0x20ACU, 0x1F600U})
    CHECK_FALSE(is_control(character));
  CHECK(printable("a\x1b[2J\xC2\x9B\xFF\xE2\x80\xAE \xC3\xA9") == "a\\u001b[2J\\u009b\\xff\\u202e \xC3\xA9");
}

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
