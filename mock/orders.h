// The mock's order book: takes orders, works them against the quotes, and tells their clients in the order in which a
// Gateway does.
//
//   place ──► checks ──► held (transmit off) ──► released ──► PreSubmitted ──► Submitted ──► Filled
//                │                                  │              └── waits for its parent, or for its stop price
//                └── error                          └── 201 + Inactive            cancel, OCA, IOC ──► Cancelled
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mock/account.h"
#include "mock/market.h"
#include "protocol/message.h"
#include "protocol/messages.h"

namespace ibkr::mock {

enum class OrderPhase { Held, PreSubmitted, Submitted, Filled, Cancelled, Inactive };
/// TWS's word for it.
std::string_view status_text(OrderPhase phase);

/// One order, from its placing to its end.
struct WorkingOrder {
  std::int32_t client_id = 0;
  std::int32_t order_id = 0;
  std::int64_t perm_id = 0;
  const Instrument* instrument = nullptr;
  Account* account = nullptr;
  protocol::Contract contract;  ///< the instrument's, with the exchange that the app chose
  protocol::Order order;        ///< as TWS reads it back
  OrderPhase phase = OrderPhase::Held;
  protocol::Decimal quantity, filled;
  double average_price = 0, last_price = 0;  ///< of its fills
  double commission = 0;
  bool waits_for_parent = false;
  bool triggered = false;  ///< the stop price was reached
  Seconds ended_at = 0;

  bool is_open() const { return phase <= OrderPhase::Submitted; }
  bool is_buy() const { return order.action == "BUY"; }
  protocol::Decimal remaining() const { return quantity - filled; }
};

/// One fill and its price.
struct Fill {
  protocol::ExecutionDetails execution;
  protocol::CommissionAndFeesReport commission;
  Seconds at = 0;
};

/// All orders of all clients. One thread.
class OrderBook {
 public:
  struct Callbacks {
    /// A message for the client with this id, who need not be connected.
    std::function<void(std::int32_t client_id, const protocol::Message&)> deliver;
    /// A position and an account's values have changed. Comes after the fill's messages.
    std::function<void(const Account&, const Instrument&)> filled;
    /// Why an order is rejected that could be released; none: it is taken. Asked once for each order.
    std::function<std::optional<std::string>(const WorkingOrder&)> rejects;
    /// How much of an order may be filled at once where so much is offered.
    std::function<protocol::Decimal(const WorkingOrder&, protocol::Decimal offered)> fillable;
  };
  /// `accounts` must outlive the book and not move.
  OrderBook(const Market& market, std::span<Account> accounts, Callbacks callbacks);

  /// Places, modifies (the id of an open order) or checks (what-if) an order. Every outcome is a message.
  void place(std::int32_t client_id, const protocol::PlaceOrderRequest& request);
  /// Cancels an open order: Cancelled and 202; 10147 when there is none with that id, 10148 when it has ended.
  void cancel(std::int32_t client_id, std::int32_t order_id);
  /// Cancels every order of every client.
  void cancel_all();
  /// Works all orders against the quotes of now.
  void match();

  /// Orders that were transmitted and have not ended, oldest first.
  std::vector<const WorkingOrder*> open_orders() const;
  /// The most recent orders that have ended, oldest first.
  const std::deque<WorkingOrder>& completed() const { return completed_; }
  const std::deque<Fill>& fills() const { return fills_; }
  /// Above every id that the client has used.
  std::int32_t next_order_id(std::int32_t client_id) const;

 private:
  WorkingOrder* find_open(std::int32_t client_id, std::int32_t order_id);
  const WorkingOrder* find_completed(std::int32_t client_id, std::int32_t order_id) const;
  void refuse(std::int32_t client_id, std::int32_t order_id, std::int32_t code, std::string text) const;
  void answer_what_if(const WorkingOrder& order) const;
  void modify(WorkingOrder& order, WorkingOrder changed);
  void refuse_used_id(const WorkingOrder& order);
  void release(WorkingOrder& order);
  void release_family(WorkingOrder& order);
  void reject(WorkingOrder& order, const std::string& reason);
  void work(WorkingOrder& order);
  bool trigger(WorkingOrder& order);
  void fill(WorkingOrder& order, protocol::Decimal quantity, double price);
  void after_complete_fill(WorkingOrder& order);
  void end(WorkingOrder& order, OrderPhase phase);
  void cancel(WorkingOrder& order, std::string_view reason);
  void cancel_relatives(const WorkingOrder& order);
  void announce(const WorkingOrder& order);
  void tell_status(const WorkingOrder& order) const;
  void archive();

  template <class Does>
  void for_children(const WorkingOrder& parent, Does does);

  const Market& market_;
  std::span<Account> accounts_;
  Callbacks callbacks_;
  std::list<WorkingOrder> orders_;  ///< by perm id; those that have ended go to completed_ at the end of each call
  std::deque<WorkingOrder> completed_;
  std::deque<Fill> fills_;
  std::map<std::int32_t, std::int32_t> highest_id_;  ///< by client id
  std::int64_t perm_ids_ = 1200000000;
  std::uint32_t exec_ids_ = 0;
};

}  // namespace ibkr::mock
