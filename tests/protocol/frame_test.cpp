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
  for (const std::string& bad : {std::string(""), std::string("178"), std::string("x\0y\0", 4), std::string("1\0y", 3),
                                 std::string("1\0y\0z\0", 6)}) {
    CHECK_FALSE(read_hello_answer(bad).has_value());
  }
}
