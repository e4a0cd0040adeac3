// If this breaks, a replay or a client waits for an end that never comes at its server version, or takes a subscription
// for finished.
#include "protocol/relations.h"

#include <doctest/doctest.h>

#include "protocol/messages.h"

using namespace ibkr::protocol;

namespace {

using Answers = std::vector<const MessageInfo*>;

Message bars(const std::string& what_to_show, bool keep_up_to_date) {
  HistoricalDataRequest request;
  request.what_to_show = what_to_show;
  request.keep_up_to_date = keep_up_to_date;
  return Message(std::move(request));
}

}  // namespace

TEST_CASE("bars end with themselves on old servers, and with an end message from 196 on") {
  CHECK(ends_of(bars("TRADES", false), 195) == Answers{&HistoricalData::info});
  CHECK(ends_of(bars("TRADES", false), 196) == Answers{&HistoricalDataEnd::info});
  CHECK(ends(HistoricalData::info, bars("TRADES", false), 195));
  CHECK_FALSE(ends(HistoricalData::info, bars("TRADES", false), 196));
  CHECK_FALSE(ends(HistoricalDataEnd::info, bars("TRADES", false), 195));
}

TEST_CASE("what a request asks for decides what ends it") {
  for (const int version : {178, 200, 226}) {
    CAPTURE(version);
    CHECK(ends_of(bars("SCHEDULE", false), version) == Answers{&HistoricalSchedule::info});
    CHECK(ends_of(bars("TRADES", true), version).empty());

    MarketDataRequest quotes;
    CHECK(ends_of(Message(quotes), version).empty());
    quotes.snapshot = true;
    CHECK(ends_of(Message(quotes), version) == Answers{&TickSnapshotEnd::info});
    quotes.snapshot = false;
    quotes.regulatory_snapshot = true;
    CHECK(ends_of(Message(quotes), version) == Answers{&TickSnapshotEnd::info});
  }
}

TEST_CASE("conditions look into the parts of a request, also when they are not there") {
  PlaceOrderRequest request;
  CHECK(ends_of(Message(request), 226).empty());
  Order order;
  request.order = order;
  CHECK(ends_of(Message(request), 226).empty());
  order.what_if = true;
  request.order = order;
  CHECK(ends(OpenOrder::info, Message(request), 226));
  CHECK_FALSE(ends(OrderStatus::info, Message(request), 226));
}

TEST_CASE("a request without an answer at its version has no end there") {
  CHECK(ends_of(Message(FAReplace()), 156).empty());
  CHECK(ends_of(Message(FAReplace()), 157) == Answers{&ReplaceFAEnd::info});
}
