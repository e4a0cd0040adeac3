// If a layout is wrong in one of its two directions, a replayed frame differs from the recorded one. Random messages of
// every type go through every wire and server version; the seed is printed with each failure.
#include <doctest/doctest.h>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/compare.h"
#include "protocol/json.h"
#include "protocol/random.h"

using namespace ibkr::protocol;

namespace {

constexpr int kPerVersion = 4;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += std::isprint(static_cast<unsigned char>(c)) ? c : '|';
  return out;
}

void round_trip(const MessageInfo& type, Wire wire, int version, int seed) {
  std::mt19937_64 generator(static_cast<std::uint64_t>(seed));
  const Message made = random_message(type, wire, version, generator);
  std::string payload;
  REQUIRE(encode(made, version, wire, payload));
  CAPTURE(type.name);
  CAPTURE(version);
  CAPTURE(seed);
  CAPTURE(hex(payload));
  const auto read = decode(type.direction, version, payload);
  if (!read) FAIL(read.error().to_string());
  CHECK(read->residue.empty());
  for (const auto& difference : compare(made, *read, {.unset_is_default = true})) {
    FAIL_CHECK(difference.path << ": made " << difference.left << ", read " << difference.right);
  }
  std::string again;
  REQUIRE(encode(*read, version, wire, again));
  CHECK(again == payload);

  std::string json;
  append_json(*read, wire, json);
  const auto parsed = from_json(type.direction, json);
  if (!parsed) FAIL(parsed.error().to_string() << "\n" << json);
  std::string from_text;
  REQUIRE(encode(parsed->message, version, parsed->wire, from_text));
  CHECK(from_text == payload);
}

}  // namespace

TEST_CASE("random messages of every type, text at every server version") {
  for (const MessageInfo* type : all_messages()) {
    if (type->text == nullptr) continue;
    const int end = type->proto_since ? type->proto_since : kMaxServerVersion + 1;
    for (int version = std::max(type->since, kMinServerVersion); version < end; ++version) {
      for (int i = 0; i < kPerVersion; ++i) {
        round_trip(*type, Wire::Text, version, type->id * 1000000 + version * 100 + i);
      }
    }
  }
}

TEST_CASE("random messages of every type in protobuf") {
  for (const MessageInfo* type : all_messages()) {
    if (type->proto_since == 0) continue;
    for (int i = 0; i < 200; ++i) {
      round_trip(*type, Wire::Protobuf, kMaxServerVersion, type->id * 1000 + i);
    }
  }
}

TEST_CASE("a list that would take gigabytes is refused, on both wires") {
  std::string text("78\0", 3);
  text += std::to_string(kMaxElements + 1) + '\0';
  text.append(2 * (kMaxElements + 1), '\0');
  const auto from_text = decode(Direction::In, 178, text);
  REQUIRE_FALSE(from_text);
  CHECK(from_text.error().field == "family_codes");
  CHECK(from_text.error().reason.find("over the limit of 200000") != std::string::npos);

  std::string protobuf("\0\0\x01\x16", 4);  // 78 + 200
  for (std::size_t i = 0; i <= kMaxElements; ++i) protobuf.append("\x0a\0", 2);
  const auto from_protobuf = decode(Direction::In, 226, protobuf);
  REQUIRE_FALSE(from_protobuf);
  CHECK(from_protobuf.error().field == "family_codes");
  protobuf.resize(protobuf.size() - 2);
  CHECK(decode(Direction::In, 226, protobuf).has_value());
}

TEST_CASE("a payload cut at any byte gives an error or a value, never a crash") {
  std::mt19937_64 generator(11);
  for (const MessageInfo* type : all_messages()) {
    for (const int version : {100, 178, 200, 226}) {
      if (version < type->since) continue;
      std::string payload;
      const Message made = random_message(*type, wire_at(*type, version), version, generator);
      REQUIRE(encode(made, version, payload));
      for (std::size_t length = 0; length < payload.size(); length += 1 + payload.size() / 60) {
        const auto read = decode(type->direction, version, std::string_view(payload).substr(0, length));
        if (!read) CHECK_FALSE(read.error().reason.empty());
      }
    }
  }
}
