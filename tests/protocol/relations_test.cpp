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
  CHECK(ends(Message(HistoricalData()), bars("TRADES", false), 195));
  CHECK_FALSE(ends(Message(HistoricalData()), bars("TRADES", false), 196));
  CHECK_FALSE(ends(Message(HistoricalDataEnd()), bars("TRADES", false), 195));
}

TEST_CASE("what a request asks for decides what ends it") {
  for (const int version : {178, 200, 226}) {
    CAPTURE(version);
    CHECK(ends_of(bars("SCHEDULE", false), version) == Answers{&HistoricalSchedule::info});
    CHECK(goes_on(bars("TRADES", true), version));
    CHECK_FALSE(goes_on(bars("TRADES", false), version));

    MarketDataRequest quotes;
    CHECK(ends_of(Message(quotes), version).empty());
    CHECK(goes_on(Message(quotes), version));
    quotes.snapshot = true;
    CHECK(ends_of(Message(quotes), version) == Answers{&TickSnapshotEnd::info});
    CHECK_FALSE(goes_on(Message(quotes), version));
    quotes.snapshot = false;
    quotes.regulatory_snapshot = true;
    CHECK(ends_of(Message(quotes), version) == Answers{&TickSnapshotEnd::info});
  }
}

TEST_CASE("conditions look into the parts of a request, also when they are not there") {
  PlaceOrderRequest request;
  CHECK(ends_of(Message(request), 226) == Answers{&OrderStatus::info});
  Order order;
  request.order = order;
  CHECK(ends_of(Message(request), 226) == Answers{&OrderStatus::info});
  order.what_if = true;
  request.order = order;
  CHECK(ends(Message(OpenOrder()), Message(request), 226));
  CHECK_FALSE(ends(Message(OrderStatus()), Message(request), 226));
}

TEST_CASE("a request without an answer at its version has no end there") {
  CHECK(ends_of(Message(FAReplace()), 156).empty());
  CHECK(ends_of(Message(FAReplace()), 157) == Answers{&ReplaceFAEnd::info});
}

TEST_CASE("what an answer says decides whether it is the last one") {
  HistoricalTicksRequest request;
  HistoricalTicks ticks;
  CHECK_FALSE(ends(Message(ticks), Message(request), 178));
  ticks.is_done = false;
  CHECK_FALSE(ends(Message(ticks), Message(request), 178));
  ticks.is_done = true;
  CHECK(ends(Message(ticks), Message(request), 178));
  CHECK_FALSE(ends(Message(HistoricalTicksLast()), Message(request), 178));
}

TEST_CASE("an order ends with a last status, or when nothing is left to fill") {
  const PlaceOrderRequest request;
  const auto ended_by = [&](const std::string& status, int filled, int remaining) {
    OrderStatus news;
    news.status = status;
    news.filled = Decimal(filled);
    news.remaining = Decimal(remaining);
    return ends(Message(news), Message(request), 226);
  };
  for (const char* status : {"Filled", "Cancelled", "ApiCancelled", "Inactive"}) CHECK(ended_by(status, 0, 10));
  for (const char* status : {"PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel"}) {
    CAPTURE(status);
    CHECK_FALSE(ended_by(status, 0, 10));
    CHECK_FALSE(ended_by(status, 4, 6));
    CHECK(ended_by(status, 10, 0));
  }
}

TEST_CASE("a first batch is no end: the stream goes on") {
  TickByTickRequest ticks;
  CHECK(ends_of(Message(ticks), 178).empty());
  ticks.number_of_ticks = 100;
  CHECK(goes_on(Message(ticks), 178));
  HistoricalTicksLast past;
  past.is_done = true;
  CHECK(ends(Message(past), Message(ticks), 178));
  CHECK(goes_on(Message(AccountSummaryRequest()), 178));
  CHECK(goes_on(Message(PositionsRequest()), 178));
  CHECK_FALSE(goes_on(Message(OpenOrdersRequest()), 178));
}

TEST_CASE("a field makes a request the cancel of its own kind") {
  // Broken: an app stops the account's values, and they are taken for asked for again.
  AccountDataRequest account;
  CHECK(cancelled_by(Message(account)) == &AccountDataRequest::info);
  account.subscribe = true;
  CHECK(cancelled_by(Message(account)) == nullptr);
  CHECK(goes_on(Message(account), 178));
  account.subscribe = false;
  CHECK(cancelled_by(Message(account)) == &AccountDataRequest::info);
  CHECK_FALSE(goes_on(Message(account), 178));
  AutoOpenOrdersRequest bind;
  bind.auto_bind = false;
  CHECK(cancelled_by(Message(bind)) == &AutoOpenOrdersRequest::info);
  bind.auto_bind = true;
  CHECK(cancelled_by(Message(bind)) == nullptr);
  CHECK(AccountDataRequest::info.cancels == nullptr);
  CHECK(AccountDataRequest::info.cancel == &AccountDataRequest::info);
  CHECK(cancelled_by(Message(CancelPositions())) == &PositionsRequest::info);
  CHECK(cancelled_by(Message(PositionsRequest())) == nullptr);
}
