// The index of a field is what somebody counts to in a capture. One that is off by one sends them to another field.
#include "view/layout_steps.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/decode_observer.h"
#include "protocol/random.h"

using namespace ibkr;
using protocol::MessageInfo;
using view::LayoutStep;

namespace {

/// The field that each index of a payload belongs to; null where it is none's.
struct Indexes : protocol::DecodeObserver {
  explicit Indexes(std::string_view bytes) : payload(bytes) {}
  void took(const protocol::Taken& taken) override {
    const auto fields = std::ranges::count(payload.substr(taken.begin, taken.end - taken.begin), '\0');
    for (std::ptrdiff_t i = 0; i < fields; ++i) field_at.push_back(taken.field);
  }
  std::string_view payload;
  std::vector<const protocol::FieldInfo*> field_at = {nullptr};  // the id
};

void compare(const MessageInfo& type, int version) {
  std::mt19937_64 generator(static_cast<std::uint64_t>(type.id * 1000 + version));
  const auto steps = view::layout_steps(type, version);
  std::string payload;
  REQUIRE(protocol::encode(protocol::random_message(type, protocol::Wire::Text, version, generator), version,
                           protocol::Wire::Text, payload));
  const auto head = protocol::read_head(payload, version);
  REQUIRE(head);
  protocol::Message message(type);
  Indexes indexes(payload);
  REQUIRE(protocol::decode_into(message, version, *head, payload, indexes));
  CAPTURE(type.name);
  CAPTURE(version);
  for (const LayoutStep& step : steps) {
    CAPTURE(step.what);
    CHECK((step.index >= 0) == (!step.place.empty() && step.place.front() >= '0' && step.place.front() <= '9'));
    const bool is_sent = step.depth == 0 && !step.note.starts_with("sent by some clients");
    if (step.index < 0 || !is_sent) continue;  // in a block, it depends on the message
    REQUIRE(static_cast<std::size_t>(step.index) < indexes.field_at.size());
    CHECK(indexes.field_at[static_cast<std::size_t>(step.index)] == step.field);
  }
}

std::vector<std::string> places(std::string_view name, int version) {
  std::vector<std::string> all;
  for (const LayoutStep& step : view::layout_steps(*protocol::find_message(name), version)) {
    all.push_back(step.place + " " + step.what);
  }
  return all;
}

}  // namespace

TEST_CASE("a fixed index is the field's in every payload") {
  for (const MessageInfo* type : protocol::all_messages()) {
    if (type->text == nullptr) continue;
    for (int version = std::max(type->since, 100); version <= protocol::kMaxServerVersion; version += 3) {
      if (protocol::wire_at(*type, version) == protocol::Wire::Text) compare(*type, version);
    }
  }
}

TEST_CASE("where values decide an index, it is counted from a letter") {
  CHECK(places("MarketRule", 178) == std::vector<std::string>{"0 93", "1 market_rule_id", "2 repeat price_increments",
                                                              "a low_edge", "a+1 increment"});
  const auto bars = places("HistoricalData", 178);
  CHECK(std::ranges::find(bars, "4 repeat historical_data_bars") != bars.end());
}

TEST_CASE("a message without a version of its own is the newest: nothing is open about it") {
  for (const std::string& place : places("OpenOrder", 178)) CHECK(place.find("version >=") == place.npos);
  const auto old = places("OpenOrder", 110);
  CHECK(std::ranges::any_of(old, [](const std::string& place) { return place.find("version >=") != place.npos; }));
}
