// If framing breaks, an app's bytes are cut at the wrong places and nothing after that can be read.
#include "protocol/frame.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ibkr::protocol;

namespace {
std::vector<std::string> frames_of(const std::vector<std::string_view>& chunks, Framer& framer) {
  std::vector<std::string> payloads;
  for (const auto chunk : chunks) {
    framer.feed(chunk, [&](std::string_view payload) { payloads.emplace_back(payload); });
  }
  return payloads;
}
}  // namespace

TEST_CASE("frames are the same at every pair of split points") {
  std::string stream;
  const std::vector<std::string> payloads = {std::string("9\0001\0", 4), "", std::string("\0\0\0\xc9\x08\x01", 6),
                                             std::string(300, 'x')};
  for (const auto& payload : payloads) append_frame(stream, payload);
  const std::string_view all = stream;
  for (std::size_t first = 0; first <= all.size(); ++first) {
    for (std::size_t second = first; second <= all.size(); second += 7) {
      Framer framer;
      CHECK(frames_of({all.substr(0, first), all.substr(first, second - first), all.substr(second)}, framer) ==
            payloads);
      CHECK(framer.pending() == 0);
    }
  }
}

TEST_CASE("frames fed byte by byte") {
  std::string stream;
  append_frame(stream, "abc");
  append_frame(stream, "de");
  Framer framer;
  std::vector<std::string> payloads;
  for (const char c : stream) framer.feed({&c, 1}, [&](std::string_view p) { payloads.emplace_back(p); });
  CHECK(payloads == std::vector<std::string>{"abc", "de"});
}

TEST_CASE("a length over the limit fails for good, and a cut frame is pending") {
  Framer framer;
  const std::string huge{"\x01\x00\x00\x00", 4};  // 16 MiB, one more than allowed
  CHECK_FALSE(framer.feed(huge, [](std::string_view) {}));
  CHECK(framer.error().find("16777216") != std::string::npos);
  CHECK_FALSE(framer.feed("more", [](std::string_view) {}));

  Framer small(10);
  CHECK(frames_of({std::string_view("\0\0\0\x05"
                                    "ab",
                                    6)},
                  small)
            .empty());
  CHECK(small.pending() == 6);
}

TEST_CASE("a hello is read in any split, and what follows it is kept") {
  const std::string bytes = hello_bytes({100, 226, "+PACEAPI"}) + "next";
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    HelloReader reader;
    reader.feed(std::string_view(bytes).substr(0, split));
    CHECK(reader.feed(std::string_view(bytes).substr(split)) == HelloReader::State::Done);
    CHECK(reader.hello().min_version == 100);
    CHECK(reader.hello().max_version == 226);
    CHECK(reader.hello().options == "+PACEAPI");
    CHECK(reader.rest() == "next");
    CHECK(reader.raw().size() == bytes.size() - 4);
  }
  HelloReader single;
  CHECK(single.feed(std::string("API\0\0\0\0\4v176", 12)) == HelloReader::State::Done);
  CHECK(single.hello().min_version == 176);
}

TEST_CASE("what is no hello is named") {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1"), std::string("API\0\0\0\0\3abc", 11), std::string("API\0\xff\xff\xff\xff", 8),
        std::string("API\0\0\0\0\x09v226..100", 17)}) {
    HelloReader reader;
    CHECK(reader.feed(bytes) == HelloReader::State::Failed);
    CHECK_FALSE(reader.error().empty());
  }
}

TEST_CASE("the answer to a hello") {
  const HelloAnswer answer{178, "20261123 09:30:00 Central European Standard Time"};
  const auto read = read_hello_answer(hello_answer_payload(answer));
  REQUIRE(read);
  CHECK(read->server_version == 178);
  CHECK(read->connection_time == answer.connection_time);
  CHECK_FALSE(read->redirect);
}

TEST_CASE("an answer to the hello that is shaped a little otherwise is read all the same") {
  const auto answered = [](std::string_view payload) {
    const auto read = read_hello_answer(payload);
    return read && !read->redirect ? std::to_string(read->server_version) + "@" + read->connection_time : "none";
  };
  CHECK(answered({"176\0noon", 8}) == "176@noon");
  CHECK(answered("176") == "176@");
  CHECK(answered({"176\0", 4}) == "176@");
  CHECK(answered({"176\0noon\0more\0", 14}) == "176@noon");
  CHECK(answered({"176\0noon\0more", 13}) == "176@noon");
  for (const std::string_view bad :
       {std::string_view(""), std::string_view("x\0y\0", 4), std::string_view("0\0noon\0", 7),
        std::string_view("178 \0y\0", 7), std::string_view("-1\0\0", 4), std::string_view("-1\0a b:1\0", 9),
        std::string_view("99999999999\0y\0", 14), std::string_view("+178\0y\0", 7),
        std::string_view("HTTP/1.1 400 Bad"), std::string_view("host:70000")}) {
    CHECK(answered(bad) == "none");
    CHECK_FALSE(read_hello_answer(bad).has_value());
  }
}

TEST_CASE("a server that sends the app elsewhere is not taken for a server version") {
  for (const std::string_view payload :
       {std::string_view("-1\0gw.example:4001\0", 19), std::string_view("-1\0gw.example:4001", 18),
        std::string_view("gw.example:4001\0", 16), std::string_view("gw.example:4001")}) {
    const auto read = read_hello_answer(payload);
    REQUIRE(read);
    CHECK(read->server_version == 0);
    CHECK(read->redirect == "gw.example:4001");
    CHECK(read_hello_answer(hello_answer_payload(*read))->redirect == read->redirect);
  }
  CHECK(read_hello_answer({"-1\0gw.example\0", 14})->redirect == "gw.example");
}
