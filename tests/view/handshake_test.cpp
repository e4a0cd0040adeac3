// A captured connection begins with a hello and its answer. Taken for messages they are nonsense, and the version that
// decides everything after them is missed.
#include "view/handshake.h"

#include <doctest/doctest.h>

using namespace ibkr;

TEST_CASE("the answer to a hello is told from messages") {
  const auto version_in = [](std::string_view payload) {
    const auto answer = view::hello_answer_in(payload);
    return answer ? answer->server_version : -1;
  };
  CHECK(version_in({"178\00020261123 09:30:00 EST\0", 26}) == 178);
  CHECK(version_in({"101\00020261123 09:30:00 EST", 25}) == 101);
  CHECK(version_in({"176\0", 4}) == 176);
  CHECK(version_in("176") == 176);
  CHECK(version_in({"-1\0gw.example:4001\0", 19}) == 0);
  CHECK(version_in({"9\0001\0005\0", 6}) == -1);          // NextValidId
  CHECK(version_in({"104\0001\0002\0", 8}) == -1);        // a message whose id could be a version
  CHECK(version_in({"102\000", 4}) == -1);                // likewise, cut short
  CHECK(version_in({"15\0001\0DU1234567\0", 15}) == -1);  // ManagedAccounts
  CHECK(version_in("") == -1);
}

TEST_CASE("what is shown of a hello and of an answer goes back to its bytes") {
  const protocol::Hello hello{100, 226, "+PACEAPI"};
  const std::string shown = R"({"name":"Hello","fields":)" + view::handshake_json(view::handshake_fields(hello)) + "}";
  CHECK(view::handshake_bytes(shown) == protocol::hello_bytes(hello));
  for (const std::string_view payload :
       {std::string_view("178\00020261123 09:30:00 EST\0", 26), std::string_view("178\00020261123 09:30:00 EST", 25),
        std::string_view("176"), std::string_view("-1\0gw.example:4001\0", 19)}) {
    std::string json;
    view::append_hello_answer_json(*view::hello_answer_in(payload), payload, json);
    CAPTURE(json);
    std::string frame;
    protocol::append_frame(frame, payload);
    CHECK(view::handshake_bytes(json) == frame);
  }
  CHECK_FALSE(view::handshake_bytes(R"({"name":"TickPrice","fields":{}})"));
  CHECK_FALSE(view::handshake_bytes("{\"name\":\"Hello"));
}
