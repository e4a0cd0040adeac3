// A watched decoder tells where each field of a payload stands. A piece that is missing, or told twice, would send the
// reader of a payload to the wrong byte; and what is read must not depend on whether somebody watches.
#include "protocol/decode_observer.h"

#include <doctest/doctest.h>

#include <vector>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/json.h"
#include "protocol/random.h"

using namespace ibkr::protocol;

namespace {

struct Pieces : DecodeObserver {
  std::vector<Taken> all;
  void took(const Taken& taken) override { all.push_back(taken); }
};

std::string json(const Message& message, Wire wire) {
  std::string out;
  append_json(message, wire, out);
  return out;
}

void watch(const MessageInfo& type, Wire wire, int version, int seed) {
  std::mt19937_64 generator(static_cast<std::uint64_t>(seed));
  std::string payload;
  REQUIRE(encode(random_message(type, wire, version, generator), version, wire, payload));
  const auto head = read_head(payload, version);
  REQUIRE(head);
  CAPTURE(type.name);
  CAPTURE(version);
  CAPTURE(seed);
  Message unwatched(type), watched(type);
  REQUIRE(decode_into(unwatched, version, *head, payload));
  Pieces pieces;
  REQUIRE(decode_into(watched, version, *head, payload, pieces));
  CHECK(json(watched, wire) == json(unwatched, wire));
  std::size_t at = head->body_at;
  for (const Taken& taken : pieces.all) {
    CHECK(taken.begin == at);
    CHECK(taken.end > taken.begin);
    CHECK((taken.step != nullptr) == (wire == Wire::Text));
    at = taken.end;
  }
  CHECK(at == payload.size());
}

}  // namespace

TEST_CASE("the pieces of a payload follow one another and leave nothing out") {
  for (const MessageInfo* type : all_messages()) {
    for (const int version : {100, 120, 145, 157, 178, 200, 207, 226}) {
      if (type->text == nullptr || version < type->since || wire_at(*type, version) != Wire::Text) continue;
      for (int i = 0; i < 3; ++i) watch(*type, Wire::Text, version, type->id * 1000 + version * 10 + i);
    }
    if (type->proto_since == 0) continue;
    for (int i = 0; i < 10; ++i) watch(*type, Wire::Protobuf, kMaxServerVersion, type->id * 100 + i);
  }
}

TEST_CASE("pieces are named by their path") {
  const auto paths = [](Direction direction, int version, std::string_view payload) {
    const auto head = read_head(payload, version).value();
    Message message(*find_message(direction, head.id));
    Pieces pieces;
    (void)decode_into(message, version, head, payload, pieces);
    std::string all;
    for (const Taken& taken : pieces.all) all += taken.path + "@" + std::to_string(taken.begin) + " ";
    return all;
  };
  // Scanner rows, in text and in protobuf.
  CHECK(paths(Direction::In, 100, {"9\0001\0007\0", 6}) == "@2 order_id@4 ");
  std::string scanner;
  Message made(*find_message(Direction::In, "ScannerData"));
  std::mt19937_64 generator(1);
  for (int i = 0; i < 50; ++i) {
    made = random_message(made.type(), Wire::Protobuf, kMaxServerVersion, generator);
    scanner.clear();
    REQUIRE(encode(made, kMaxServerVersion, Wire::Protobuf, scanner));
    const std::string told = paths(Direction::In, kMaxServerVersion, scanner);
    if (told.find("scanner_data_element[1].contract.") != told.npos) return;
  }
  FAIL("no element's contract was ever told");
}

TEST_CASE("a payload that cannot be decoded is told up to the fault") {
  const std::string payload("9\0001\0x\0", 6);
  const auto head = read_head(payload, 178).value();
  Message message(*find_message(Direction::In, 9));
  Pieces pieces;
  CHECK_FALSE(decode_into(message, 178, head, payload, pieces));
  REQUIRE(pieces.all.size() == 1);
  CHECK(pieces.all[0].end == 4);
}
