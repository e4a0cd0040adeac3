// OrderNews: what the order book says of its orders, on its way to the clients. On a good day it passes all of it on;
// on a bad day it doubles, holds back, leaves out.
//
//   OrderBook ──► executions first ──► statuses ──► commissions ──► held while IB is lost ──► the client's session
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mock/fault_schedule.h"
#include "mock/orders.h"

namespace ibkr::mock {

/// One thread. `faults` outlives it. What it meets is decided for each order once, when it is released.
class OrderNews {
 public:
  using Deliver = std::function<void(std::int32_t client_id, const protocol::Message&)>;
  OrderNews(FaultSchedule& faults, Deliver deliver) : faults_(faults), deliver_(std::move(deliver)) {}

  /// OrderBook's: an order is to be released.
  std::optional<std::string> rejects(const WorkingOrder& order);
  /// OrderBook's: an order is to be filled.
  protocol::Decimal fillable(const WorkingOrder& order, protocol::Decimal offered) const;
  /// OrderBook's: a message for a client.
  void tell(std::int32_t client_id, const protocol::Message& message);

  /// Says what was to come late. Call when the mock's clock has gone on.
  void say_what_is_due();
  /// IB is there again: says what was held back.
  void say_what_was_held();
  /// IB is there again, and what was held back is lost.
  void forget_what_was_held() { held_.clear(); }

 private:
  using OrderKey = std::pair<std::int32_t, std::int32_t>;  // client id, order id
  struct Letter {
    std::int32_t client_id;
    protocol::Message message;
  };
  struct LateLetter {
    std::int64_t due_ns;
    Letter letter;
  };
  /// What goes wrong for one order.
  struct Lot {
    bool in_parts = false;
    bool statuses_twice = false, statuses_regress = false, statuses_missing = false;
    bool executions_first = false;
    bool commissions_never = false;
    std::optional<std::int64_t> commissions_late_ns;

    std::vector<Letter> before_execution;  // held until the first fill, or until it is sure that none comes at once
    std::optional<protocol::OrderStatus> last_status;
  };
  Lot* lot_of(std::int32_t client_id, const protocol::Message& message);
  bool waits_for_execution(Lot& lot, const Letter& letter);
  void tell_status(Lot& lot, const Letter& letter);
  void tell_commission(const Lot& lot, const Letter& letter);
  void pass(Lot& lot, const Letter& letter);
  void post(const Letter& letter);

  FaultSchedule& faults_;
  Deliver deliver_;
  std::map<OrderKey, Lot> lots_;                                 // of orders that meet a fault
  std::map<std::string, OrderKey, std::less<>> last_execution_;  // at most one: its commission follows it
  std::vector<LateLetter> late_;
  std::vector<Letter> held_;
};

}  // namespace ibkr::mock
