// What goes each way on a connection, and the server's side of it: recording and serving both stand on them. Broken, a
// frame is lost where bytes are split, the bytes of somebody who speaks something else are not kept, or an app is
// answered before it has said START_API.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/server_side.h"

namespace ibkr::protocol {
namespace {

using Lines = std::vector<std::string>;

std::string framed(std::string_view payload) {
  std::string frame;
  append_frame(frame, payload);
  return frame;
}

std::string request(const Message& message) {
  std::string payload;
  REQUIRE(encode(message, 178, payload));
  return framed(payload);
}

std::string start_api(int client_id) {
  StartApiRequest start;
  start.client_id = client_id;
  return request(Message(std::move(start)));
}

struct Recorded : ServerSide::Server {
  std::optional<ServerSide::Answer> on_hello(const Hello& hello) override {
    said.push_back("hello " + std::to_string(hello.max_version));
    if (hello.max_version < 178) return std::nullopt;
    return ServerSide::Answer{178, hello_answer_payload({178, "now"})};
  }
  void send_answer(std::string_view frame) override { said.push_back("answer " + std::to_string(frame.size())); }
  void on_start(std::string_view, const Message& request) override {
    said.push_back("start " + std::to_string(*request.get_if<StartApiRequest>()->client_id));
  }
  void on_request(std::string_view payload) override { said.push_back("request " + std::to_string(payload.size())); }
  Lines said;
};

}  // namespace

TEST_CASE("the server's side reads hello, START_API and requests wherever the bytes are split") {
  const std::string early = request(Message(CurrentTimeRequest()));
  const std::string bytes = hello_bytes({100, 178, ""}) + early + start_api(7) + framed("abc") + start_api(8);
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    CAPTURE(split);
    Recorded server;
    ServerSide side(server);
    CHECK(side.receive(std::string_view(bytes).substr(0, split)));
    CHECK(side.receive(std::string_view(bytes).substr(split)));
    CHECK(server.said == Lines{"hello 178", "answer 12", "start 7", "request 3", "request 8"});
    CHECK(side.phase() == ServerSide::Phase::Running);
    CHECK(side.server_version() == 178);
    CHECK(side.passed_over() == 1);
    CHECK_FALSE(side.within_frame());
  }
}

TEST_CASE("an app that is not served is listened to no more") {
  Recorded server;
  ServerSide side(server);
  CHECK(side.receive(hello_bytes({100, 150, ""}) + start_api(7)));
  CHECK(server.said == Lines{"hello 150"});
  CHECK(side.phase() == ServerSide::Phase::Over);
}

TEST_CASE("what is not the TWS API is told apart, and a frame that is cut is known") {
  Recorded server;
  ServerSide probe(server);
  CHECK_FALSE(probe.receive("GET / HTTP/1.1\r\n\r\n"));
  CHECK_FALSE(probe.error().empty());
  ServerSide torn(server);
  CHECK(torn.receive(hello_bytes({100, 178, ""}) + start_api(7) +
                     std::string("\0\0\0\x05"
                                 "ab",
                                 6)));
  CHECK(torn.within_frame());
}

TEST_CASE("bytes from where a stream lost its frames are all there, in whatever parts they came") {
  // Broken: what a strange server said cannot be looked at in the journal.
  const std::string good = framed("one") + framed("two");
  const std::string bad("\xff\xff\xff\xff garbage", 12);
  const std::string bytes = good + bad;
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    CAPTURE(split);
    TwsStream stream;
    Lines read;
    std::string unread;
    bool framed_so_far = true;
    for (const std::string& part : {bytes.substr(0, split), bytes.substr(split)}) {
      if (!framed_so_far) {
        unread += part;
        continue;
      }
      framed_so_far = stream.feed(
          part, [&](std::string_view answer) { read.push_back("answer " + std::string(answer)); },
          [&](std::string_view payload) { read.emplace_back(payload); });
      if (!framed_so_far) unread = stream.unread();
    }
    CHECK_FALSE(framed_so_far);
    CHECK(read == Lines{"answer one", "two"});
    CHECK(unread == bad);
  }
}

}  // namespace ibkr::protocol
