// What the tests of the order book share: messages as TWS and the app write them, and a book that is told of them.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/order_book.h"
#include "client/orders.h"
#include "protocol/messages.h"

namespace ibkr::client::test {

using protocol::Decimal;
using protocol::Message;

inline constexpr std::int32_t kClient = 7;
inline constexpr std::int64_t kPerm = 700001;

/// Decimals print as they are spelled, in a test that fails.
inline std::string spelled(const std::optional<Decimal>& units) { return units ? units->to_string() : "none"; }

inline Message place(std::int32_t id, int quantity, double limit = 150, bool what_if = false) {
  protocol::PlaceOrderRequest request;
  request.order_id = id;
  request.contract = stock("ACME");
  request.order = limit_order(OrderSide::Buy, Decimal(quantity), limit);
  if (what_if) request.order->what_if = true;
  return Message(std::move(request));
}

inline Message cancel(std::int32_t id) {
  protocol::CancelOrderRequest request;
  request.order_id = id;
  return Message(std::move(request));
}

struct Told {
  std::int32_t id = 5;
  std::int32_t client = kClient;
  std::int64_t perm = kPerm;
  std::string status;
  int quantity = 100;  // of an open order
  double limit = 150;
  int filled = 0;  // of a status
  int remaining = 100;
  double average = 0;
  double last = 0;
};

inline Message open_order(const Told& told) {
  protocol::OpenOrder open;
  open.order_id = told.id;
  open.contract = stock("ACME");
  open.contract->con_id = 1001;
  open.order = limit_order(OrderSide::Buy, Decimal(told.quantity), told.limit);
  open.order->order_id = told.id;
  open.order->client_id = told.client;
  if (told.perm != 0) open.order->perm_id = told.perm;
  open.order_state.emplace();
  open.order_state->status = told.status;
  return Message(std::move(open));
}

inline Message order_status(const Told& told) {
  protocol::OrderStatus status;
  status.order_id = told.id;
  status.client_id = told.client;
  status.perm_id = told.perm;
  status.status = told.status;
  status.filled = Decimal(told.filled);
  status.remaining = Decimal(told.remaining);
  status.avg_fill_price = told.average;
  status.last_fill_price = told.last;
  status.why_held = "";
  status.mkt_cap_price = 0;
  return Message(std::move(status));
}

struct Filled {
  std::int32_t id = 5;
  std::int32_t client = kClient;
  std::int64_t perm = kPerm;
  std::int32_t req_id = -1;
  int shares = 100;
  double price = 150;
  int cumulative = 100;
  double average = 150;
  std::string sec_type = "STK";
};

inline Message execution(const std::string& exec_id, const Filled& filled = {}) {
  protocol::ExecutionDetails details;
  details.req_id = filled.req_id;
  details.contract = stock("ACME");
  details.contract->con_id = 1001;
  details.contract->sec_type = filled.sec_type;
  auto& one = details.execution.emplace();
  one.order_id = filled.id;
  one.exec_id = exec_id;
  one.time = "20261123 09:31:00 US/Eastern";
  one.acct_number = "DU1234567";
  one.side = "BOT";
  one.shares = Decimal(filled.shares);
  one.price = filled.price;
  one.perm_id = filled.perm;
  one.client_id = filled.client;
  one.cum_qty = Decimal(filled.cumulative);
  one.avg_price = filled.average;
  return Message(std::move(details));
}

inline Message commission(const std::string& exec_id, double amount, const std::string& currency = "USD") {
  protocol::CommissionAndFeesReport report;
  report.exec_id = exec_id;
  report.commission_and_fees = amount;
  report.currency = currency;
  return Message(std::move(report));
}

inline Message completed(const Told& told, const std::string& words, bool with_ids = false) {
  protocol::CompletedOrder done;
  done.contract = stock("ACME");
  done.contract->con_id = 1001;
  done.order = limit_order(OrderSide::Buy, Decimal(told.remaining), told.limit);
  done.order->filled_quantity = Decimal(told.filled);
  done.order->perm_id = told.perm;
  if (with_ids) {
    done.order->client_id = told.client;
    done.order->order_id = told.id;
  }
  done.order_state.emplace();
  done.order_state->status = told.status;
  done.order_state->completed_status = words;
  done.order_state->completed_time = "20261123 09:31:00 US/Eastern";
  return Message(std::move(done));
}

inline Message error(std::int32_t id, std::int32_t code, const std::string& text) {
  protocol::ErrorMessage error;
  error.id = id;
  error.error_code = code;
  error.error_msg = text;
  return Message(std::move(error));
}

/// A book whose clock goes a second with each message.
struct Desk {
  explicit Desk(OrderBook::Limits limits = {}) : book(kClient, limits) {}

  std::vector<OrderEvent> sent(const Message& message) { return keep(book.sent(message, tick())); }
  std::vector<OrderEvent> came(const Message& message) { return keep(book.came(message, tick())); }
  std::vector<OrderEvent> came(const std::vector<Message>& messages) {
    std::vector<OrderEvent> all;
    for (const Message& message : messages) {
      auto some = came(message);
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  std::vector<OrderEvent> disconnected() { return keep(book.disconnected(tick())); }
  Moment tick() { return now += std::chrono::seconds(1); }

  Order order(std::int32_t id = 5) const {
    const auto found = book.find_own(id);
    REQUIRE(found.has_value());
    return *found;
  }
  OrderState state(std::int32_t id = 5) const { return order(id).state; }

  OrderBook book;
  std::vector<OrderEvent> events;  ///< all of them
  Moment now{std::chrono::seconds(1764000000)};

 private:
  std::vector<OrderEvent> keep(std::vector<OrderEvent> some) {
    events.insert(events.end(), some.begin(), some.end());
    return some;
  }
};

template <class Event>
std::vector<Event> only(const std::vector<OrderEvent>& events) {
  std::vector<Event> found;
  for (const OrderEvent& event : events)
    if (const auto* one = std::get_if<Event>(&event)) found.push_back(*one);
  return found;
}

inline std::vector<OrderStatus> statuses(const Order& order) {
  std::vector<OrderStatus> all;
  for (const StatusChange& change : order.history) all.push_back(change.status);
  return all;
}

}  // namespace ibkr::client::test
