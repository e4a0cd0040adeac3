// Without these: a line that says a fault is taken for another, a mistake in it costs an evening, or a fault comes at
// the wrong moment, or never, and nobody is told.
#include <doctest/doctest.h>

#include "mock/fault_schedule.h"
#include "mock/faults.h"
#include "protocol/messages.h"

using namespace ibkr;
using namespace ibkr::mock;

namespace {

constexpr std::int64_t kSecond = 1000000000;

Fault fault(const char* line) {
  auto read = parse_fault(line);
  if (!read) FAIL(read.error());
  return std::move(*read);
}

std::string mistake(const char* line) {
  const auto read = parse_fault(line);
  return read ? "taken: " + std::string(line) : read.error();
}

void check_says(const std::string& text, std::initializer_list<const char*> words) {
  CAPTURE(text);
  for (const char* word : words) {
    CAPTURE(word);
    CHECK(text.find(word) != std::string::npos);
  }
}

/// What a schedule has begun and ended, in order: "+name", "-name".
struct Watched {
  std::vector<std::string> seen;
  FaultSchedule schedule{{
      .begins =
          [this](const Fault& begun, ConnectionId connection) {
            seen.push_back("+" + std::string(info_of(begun.kind).name) + "@" + std::to_string(connection));
            return true;
          },
      .ends = [this](const Fault& ended) { seen.push_back("-" + std::string(info_of(ended.kind).name)); },
  }};
};
using Seen = std::vector<std::string>;

}  // namespace

TEST_CASE("every fault is read by its name alone, and again from what it said") {
  for (const FaultInfo& info : all_faults()) {
    CAPTURE(info.name);
    const auto read = parse_fault(std::string(info.name) + (info.has_text ? ": a reason" : ""));
    REQUIRE(read);
    CHECK(read->kind == info.kind);
    CHECK(read->by_ns == info.by_ns);
    CHECK(parse_fault(read->said)->kind == info.kind);
    CHECK(&info_of(info.kind) == &info);
  }
}

TEST_CASE("clauses in any order") {
  const Fault cut = fault("  cut rst   after 40 frames ");
  CHECK(cut.kind == FaultKind::CutReset);
  CHECK(cut.when.by == When::By::Frames);
  CHECK(cut.when.count == 40);
  const Fault lost = fault("1100 for 4m at 500ms");
  CHECK(lost.when.time_ns == kSecond / 2);
  CHECK(lost.lasts_ns == 240 * kSecond);
  const Fault reject = fault("reject on PlaceOrderRequest 3 next 2 orders: No: not  today");
  CHECK(reject.when.request == &protocol::PlaceOrderRequest::info);
  CHECK(reject.when.count == 3);
  CHECK(reject.orders == 2U);
  CHECK(reject.text == "No: not today");
  CHECK(fault("partial fills next order").orders == 1U);
  CHECK(fault("commissions late by 3h").by_ns == 3 * 3600 * kSecond);
}

TEST_CASE("a mistake names the word, and the nearest right one") {
  check_says(mistake("cuut rst after 40 frames"), {"\"cuut rst\"", "\"cut rst\"", "--list-faults"});
  check_says(mistake("cut"), {"\"cut\"", "\"cut fin\""});
  check_says(mistake(""), {"\"\" is no fault"});
  check_says(mistake("nightly rest for 3s"), {"nightly rest", "\"nightly reset\""});
  check_says(mistake("stall fro 3s"), {"\"fro\"", "\"for\""});
  check_says(mistake("stall for 3"), {"\"3\"", "5s"});
  check_says(mistake("stall for"), {"\"\" is no time"});
  check_says(mistake("stall for 99999999999h"), {"99999999999h"});
  check_says(mistake("cut rst after many frames"), {"\"many\"", "after"});
  check_says(mistake("cut rst after 40 frams"), {"\"frams\"", "\"frames\""});
  check_says(mistake("cut rst on PlaceOrdrRequest"), {"\"PlaceOrdrRequest\"", "\"PlaceOrderRequest\""});
  check_says(mistake("cut rst on TickPrice"), {"\"TickPrice\" is no request"});
  check_says(mistake("cut rst on PlaceOrderRequest 0"), {"counted from 1"});
  check_says(mistake("cut rst for 3s"), {"\"cut rst\" takes no \"for\""});
  check_says(mistake("stall next order"), {"takes no \"next\""});
  check_says(mistake("stall by 3s"), {"takes no \"by\""});
  check_says(mistake("stall at 3s after 4 frames"), {"\"after\"", "one of"});
  check_says(mistake("stall for 3s for 4s"), {"\"for\" is there twice"});
  check_says(mistake("partial fills next 0 orders"), {"next 0 orders"});
  check_says(mistake("reject next order"), {"needs its reason", "reject: "});
  check_says(mistake("stall: because"), {"takes no text"});
  check_says(mistake(("reject: " + std::string(2000, 'x')).c_str()), {"at most 2000 bytes"});
}

TEST_CASE("a script: comments and empty lines, and the number of a bad line") {
  const auto script = parse_fault_script("# a bad day\n\n  1100 at 5s\r\n1102 at 9s");
  REQUIRE(script);
  REQUIRE(script->size() == 2);
  CHECK((*script)[1].said == "1102 at 9s");
  check_says(parse_fault_script("1100 at 5s\n# fine\n1103 at 9s\n").error(), {"3: ", "\"1103\""});
}

TEST_CASE("by time: in the order of time, however far the clock jumps") {
  Watched watched;
  watched.schedule.add(fault("1101 at 9s"));
  watched.schedule.add(fault("1100 at 5s for 3s"));
  watched.schedule.advance(5 * kSecond - 1);
  CHECK(watched.seen == Seen{});
  watched.schedule.advance(1);
  CHECK(watched.seen == Seen{"+1100@0"});
  CHECK(watched.schedule.is_under_way(FaultKind::LinkLost));
  watched.schedule.advance(100 * kSecond);
  CHECK(watched.seen == Seen{"+1100@0", "-1100", "+1101@0"});
  watched.schedule.add(fault("1102 at 1s"));  // from now on
  watched.schedule.advance(kSecond);
  CHECK(watched.seen.back() == "+1102@0");
  CHECK(watched.schedule.unmet() == Seen{});
}

TEST_CASE("by frames and requests: of one connection, from when the fault was told") {
  Watched watched;
  watched.schedule.sent(1, 7);
  watched.schedule.add(fault("cut fin after 10 frames"));
  watched.schedule.add(fault("cut rst after 10 frames"));
  watched.schedule.add(fault("stall on PlaceOrderRequest 2"));
  watched.schedule.sent(1, 8);
  watched.schedule.sent(2, 9);
  CHECK(watched.schedule.frames_to_go(1) == 2U);
  CHECK(watched.schedule.frames_to_go(3) == 10U);
  watched.schedule.sent(1, 2);  // the one cut ends it: the other is the next connection's
  CHECK(watched.seen == Seen{"+cut fin@1"});
  watched.schedule.sent(2, 1);
  CHECK(watched.seen == Seen{"+cut fin@1", "+cut rst@2"});
  CHECK_FALSE(watched.schedule.frames_to_go(3));

  watched.schedule.requested(3, protocol::PlaceOrderRequest::info);
  watched.schedule.requested(4, protocol::PlaceOrderRequest::info);
  watched.schedule.requested(3, protocol::CancelOrderRequest::info);
  CHECK(watched.seen.size() == 2);
  watched.schedule.requested(3, protocol::PlaceOrderRequest::info);
  CHECK(watched.seen.back() == "+stall@3");
  CHECK(watched.schedule.is_under_way(FaultKind::Stall, 3));
  CHECK_FALSE(watched.schedule.is_under_way(FaultKind::Stall, 4));
  watched.schedule.gone(3);
  CHECK_FALSE(watched.schedule.is_under_way(FaultKind::Stall, 3));
}

TEST_CASE("what never came about is said") {
  FaultSchedule schedule({.begins = [](const Fault&, ConnectionId) { return false; }, .ends = [](const Fault&) {}});
  schedule.add(fault("cut rst after 40 frames"));
  schedule.add(fault("delayed data"));
  schedule.add(fault("reject next 2 orders: no"));
  schedule.add(fault("partial fills next order"));
  schedule.add(fault("statuses twice"));
  REQUIRE(schedule.use_for_order(FaultKind::Reject) != nullptr);
  REQUIRE(schedule.use_for_order(FaultKind::PartialFills) != nullptr);
  CHECK(schedule.use_for_order(FaultKind::PartialFills) == nullptr);
  REQUIRE(schedule.use_for_order(FaultKind::StatusesTwice) != nullptr);
  CHECK(schedule.unmet() == Seen{"cut rst after 40 frames: has never begun", "delayed data: has begun and met nothing",
                                 "reject next 2 orders: no: has met 1 of 2 orders"});
}
