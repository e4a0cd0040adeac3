// If a layout is wrong in one of its two directions, a replayed frame differs from the recorded one. Random messages of
// every type go through every wire and server version; the seed is printed with each failure.
#include <doctest/doctest.h>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/compare.h"
#include "protocol/json.h"
#include "protocol/messages.h"
#include "protocol/random.h"
#include "protocol/transcode.h"

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
  CHECK(parsed->wire == wire);
  REQUIRE(encode(parsed->message, version, wire, from_text));
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

namespace {

/// The same payload with some fields replaced by what clients, or nobody, would write there.
std::string misspelled(std::string_view payload, int version, std::mt19937_64& generator) {
  static constexpr std::string_view kSpellings[] = {"",
                                                    "0",
                                                    "-1",
                                                    "1e-05",
                                                    "1E-8",
                                                    "+5",
                                                    "05",
                                                    ".5",
                                                    "5.",
                                                    "-0",
                                                    "-0.0",
                                                    "0E-8",
                                                    "NaN",
                                                    "nan",
                                                    "1e400",
                                                    "1e-400",
                                                    "5e-324",
                                                    "1.0",
                                                    "-infinity",
                                                    "Infinite",
                                                    "true",
                                                    "True",
                                                    "a",
                                                    "o",
                                                    "2",
                                                    "100",
                                                    "BAG",
                                                    "a|b",
                                                    "\xff\xfe",
                                                    "caf\xc3\xa9",
                                                    "\\u00e9",
                                                    "\\u",
                                                    "a=b;c",
                                                    " 5",
                                                    "5\n",
                                                    "-3",
                                                    "\t ",
                                                    "1000001",
                                                    "170141183460469231731687303715884105727",
                                                    "1.7976931348623157E308",
                                                    "1.79769313486232E+308",
                                                    "9223372036854775807",
                                                    "2147483647",
                                                    "9007199254740993.0",
                                                    "0.1000000000000000055511151231257827021181583404541015625"};
  const std::size_t body = read_head(payload, version)->body_at;
  std::string out(payload.substr(0, body));
  const auto fields = static_cast<std::uint64_t>(std::ranges::count(payload.substr(body), '\0'));
  for (std::string_view rest = payload.substr(body); !rest.empty();) {
    const auto end = rest.find('\0');
    const bool replaced = generator() % (fields + 1) < 2;
    out += replaced ? kSpellings[generator() % std::size(kSpellings)] : rest.substr(0, end);
    out += '\0';
    rest.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

TEST_CASE("a text that decodes goes back to its bytes, whatever stands in its fields; what is not lost arrives") {
  std::mt19937_64 generator(2026);
  for (const MessageInfo* type : all_messages()) {
    for (const int version : {100, 120, 142, 165, 178, 200}) {
      if (type->text == nullptr || version < type->since || wire_at(*type, version) != Wire::Text) continue;
      for (int i = 0; i < 60; ++i) {
        std::string made;
        REQUIRE(encode(random_message(*type, Wire::Text, version, generator), version, Wire::Text, made));
        const std::string payload = misspelled(made, version, generator);
        const auto read = decode(type->direction, version, payload);
        if (!read) continue;
        CAPTURE(type->name);
        CAPTURE(version);
        CAPTURE(hex(payload));
        std::string again, json, from_json_again;
        REQUIRE(encode(*read, version, again));
        CHECK(hex(again) == hex(payload));
        append_json(*read, Wire::Text, json);
        const auto parsed = from_json(type->direction, json);
        if (!parsed) FAIL(parsed.error().to_string() << "\n" << json);
        REQUIRE(encode(parsed->message, version, from_json_again));
        CHECK(from_json_again == payload);

        const int to = i % 2 == 0 ? kMaxServerVersion : 151;
        std::string carried;
        const auto losses = transcode(*read, to, OnLoss::Report, carried);
        if (to < type->since) continue;
        if (!losses) FAIL(losses.error().to_string());
        const auto arrived = decode(type->direction, to, carried);
        REQUIRE(arrived);
        CHECK(compare(*read, *arrived, {.unset_is_default = true, .unknown = true}).size() == losses->size());
      }
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

  const auto refusal = [](Direction direction, int version, const std::string& payload) {
    const auto read = decode(direction, version, payload);
    REQUIRE_FALSE(read);
    return read.error().reason;
  };
  MarketDataRequest request;
  for (std::size_t i = 0; i <= kMaxElements; ++i) request.market_data_options.emplace_back().tag = "a";
  std::string tags;
  REQUIRE(encode(Message(std::move(request)), 178, tags));
  CHECK(refusal(Direction::Out, 178, tags).find("more than 200000 tags") != std::string::npos);

  const std::string trailing = std::string("9\0001\0007\0", 6) + std::string(kMaxElements + 1, '\0');
  CHECK(refusal(Direction::In, 178, trailing).find("more than 200000 fields after") != std::string::npos);

  std::string texts("\0\0\x01\x13", 4);  // 75 + 200
  for (std::size_t i = 0; i <= kMaxElements; ++i) texts.append("\x32\0", 2);
  CHECK(refusal(Direction::In, 226, texts).find("more than 200000 elements") != std::string::npos);
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
