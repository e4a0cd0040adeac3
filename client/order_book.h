// OrderBook: what the app did and what TWS says, in any order and repetition, become orders with their lives.
//
//   sent(PlaceOrder, CancelOrder, lists asked for) ──┐
//                                                    ├──► OrderRecord: facts ──► Order, and events of what is new
//   came(OpenOrder, OrderStatus, ExecutionDetails,   │
//        CommissionReport, CompletedOrder, errors) ──┘
//
// A pure fold: no socket, no thread, no clock; the moment comes in. Whoever owns it guards it with a lock of its own,
// and gives the events to observers afterwards.
//
// Which messages are about one order: those with its perm id; those with its client id and an order id above 0 (a
// message without a client id means this client's); executions of a fill that is known. Orders made in TWS have order
// ids of 0 or below, which say nothing: they go by perm id alone. What was told apart and turns out to be one order
// becomes one, under the older number; the younger number still finds it. An order id that comes back with another perm
// id is another order, and the id finds that one. Below server version 204 completed orders are told without order ids:
// one that was placed, of which nothing else was ever told, is not found again in that list.
//
// What counts when messages disagree is told at OrderState and OrderEnding; in short:
//  - Filled, Cancelled and ApiCancelled are for good; a fill of all that was ordered is Filled whatever was told.
//  - Of live statuses the last one counts, unless it tells fewer filled units than an earlier one did. An open order
//    tells how far the order has come, but does not take it back: a status has to.
//  - What is filled is the greatest number of statuses and executions, with what corrections changed.
//  - An error never changes a status. It is kept with the order. With the status Inactive, and where TWS told nothing
//    else of the order, it makes the ending Rejected.
//  - A what-if check enters nothing.
//
// Bounds (Limits): of orders that have ended, and of those known by fills only, the oldest go when there are more than
// `done`; what TWS repeats of them later is no news. Open ones are never given up; those of others are not taken in
// above `open`. left_out() counts what was not taken in.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "client/order.h"
#include "client/order_record.h"
#include "protocol/message.h"

namespace ibkr::client {

/// How far it is to a goal, and how one could know more.
struct OrderStanding {
  enum class Outcome : std::uint8_t {
    Reached,  ///< it has come to that
    Ended,    ///< the order has ended and it cannot come to that any more; the order's errors tell why
    Open,     ///< it may still come to that
  };
  Outcome outcome = Outcome::Open;
  /// Lists of this connection that could tell what became of an order that nothing was heard of in it. All false: TWS
  /// tells of it by itself, or every list has been read.
  bool ask_open_orders = false;
  bool ask_executions = false;
  bool ask_completed_orders = false;
};

/// The orders of one client id, and those of others that TWS tells it of. Not thread safe.
class OrderBook {
 public:
  struct Limits {
    std::size_t done = 10000;             ///< orders kept that are not open
    std::size_t open = 50000;             ///< open orders above which none that this client did not place is taken in
    std::size_t fills_per_order = 10000;  ///< beyond, an order's fills are those that statuses tell
  };
  /// Commissions that wait for their execution; the oldest is dropped beyond.
  static constexpr std::size_t kMostWaiting = 10000;

  /// `client_id`: of the connection.
  explicit OrderBook(std::int32_t client_id) : OrderBook(client_id, Limits()) {}
  OrderBook(std::int32_t client_id, Limits limits);
  ~OrderBook();
  OrderBook(OrderBook&&) noexcept;
  OrderBook& operator=(OrderBook&&) noexcept;

  /// The app sends this: an order, a change of one, a cancel, a cancel of all, a request for a list. To be told before
  /// what answers it. Anything else is nothing to the book.
  std::vector<OrderEvent> sent(const protocol::Message& request, Moment at);
  /// TWS said this. An error is taken when its id is an order of this client; the owner has looked first whether it is
  /// the id of a request. Anything that is not about orders is nothing to the book.
  std::vector<OrderEvent> came(const protocol::Message& answer, Moment at);
  /// The connection is gone: what was sent and not answered stays unanswered, lists that were under way are void, and
  /// what the next connection tells is compared with what is known.
  std::vector<OrderEvent> disconnected(Moment at);

  /// Orders by value, or none. An own order is found by its order id.
  std::optional<Order> find(OrderNumber number) const;
  std::optional<Order> find_own(std::int32_t order_id) const { return find_of(client_id_, order_id); }
  std::optional<Order> find_of(std::int32_t client_id, std::int32_t order_id) const;
  std::optional<Order> find_perm(std::int64_t perm_id) const;
  /// By Order::id().
  std::optional<Order> find_id(std::string_view id) const;

  /// All of them, and those that have not ended and are known by more than fills; oldest first.
  std::vector<Order> all() const;
  std::vector<Order> open() const;
  /// Those that live and die with it: its parent, the children of either, and the orders of its client with the same
  /// group of one-cancels-all. Without itself, oldest first; by what is known now.
  std::vector<Order> relatives(OrderNumber number) const;
  /// The fills of one order as they stand, by execution id. Those of a combination's legs are among them.
  std::vector<Execution> executions(OrderNumber number) const;
  /// Those of all orders, order by order.
  std::vector<Execution> executions() const;

  /// None for an order that the book does not have.
  std::optional<OrderStanding> standing(OrderNumber number, const OrderGoal& goal) const;

  std::size_t size() const { return records_.size(); }
  /// Orders, fills and commissions that found no room, and messages about orders that carry no id.
  std::uint64_t left_out() const { return left_out_; }

 private:
  using Events = std::vector<OrderEvent>;
  struct Ids {
    std::optional<std::int32_t> client_id, order_id;
    std::optional<std::int64_t> perm_id;
    bool is_client_told = true;
    bool is_now = true;  // the order that has the order id now, not one that may have had it before
  };
  struct Reading {
    Sequence asked = 0;
    std::int32_t req_id = 0;   // of executions
    bool all_clients = false;  // of open orders
  };
  struct List {
    std::optional<Reading> under_way;
    Sequence read = 0;  // when the last one that is complete was asked for; 0: none in this connection
  };
  struct StringHash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  Ids ids_of(std::optional<std::int32_t> client_id, std::optional<std::int32_t> order_id,
             std::optional<std::int64_t> perm_id) const;
  static bool is_numbered(const Ids& ids) { return ids.order_id && *ids.order_id > 0; }
  OrderRecord* by_id(std::int32_t client_id, std::int32_t order_id) const;
  OrderRecord* by_perm(std::int64_t perm_id) const;
  OrderRecord* by_fill(std::string_view execution_id) const;
  OrderRecord* by_number(OrderNumber number) const;
  OrderRecord* record_of(const Ids& ids, Moment at, OrderRecord* known, bool may_make);
  OrderRecord* make(const Ids& ids, Moment at);
  OrderRecord* unite(OrderRecord* one, OrderRecord* other);
  void bind(OrderRecord& record, const Ids& ids);
  bool is_repeated(const Ids& ids) const { return ids.perm_id && given_up_.contains(*ids.perm_id); }

  void place(const protocol::PlaceOrderRequest& request, Moment at, Events& events);
  void cancel_all(Moment at, Events& events);
  void on(const protocol::OpenOrder& told, Moment at, Events& events);
  void on(const protocol::OrderStatus& told, Moment at, Events& events);
  void on(const protocol::ExecutionDetails& told, Moment at, Events& events);
  void on(const protocol::CommissionAndFeesReport& told, Moment at, Events& events);
  void on(const protocol::CompletedOrder& told, Moment at, Events& events);
  void on(const protocol::OrderBound& told, Moment at, Events& events);
  void on(const protocol::ErrorMessage& told, Moment at, Events& events);
  void open_orders_end(Moment at, Events& events);
  void publish(OrderRecord& record, Moment at, Events& events);
  void retire(OrderRecord& record);
  void give_up(OrderRecord& record);
  void wait_for_execution(std::string execution_id, Commission commission);
  Execution with_ids(Execution execution, const Order& order) const;

  std::int32_t client_id_;
  Limits limits_;
  Sequence now_ = 0;        // counts sent() and came()
  Sequence connected_ = 0;  // what came later came in this connection
  OrderNumber last_number_ = 0;
  std::map<OrderNumber, std::unique_ptr<OrderRecord>> records_;
  std::unordered_map<OrderNumber, OrderNumber> former_;  // numbers of orders that turned out to be another's
  std::map<std::pair<std::int32_t, std::int32_t>, OrderRecord*> by_id_;
  std::unordered_map<std::int64_t, OrderRecord*> by_perm_;
  std::unordered_map<std::string, OrderRecord*, StringHash, std::equal_to<>> by_fill_;

  std::map<OrderNumber, OrderRecord*> open_;  // that are to be expected in the list of open orders
  std::map<Sequence, OrderNumber> retired_;   // the others, by when that was found
  std::unordered_map<OrderNumber, Sequence> retired_at_;
  std::unordered_set<std::int64_t> given_up_;  // perm ids of orders that had to go
  std::deque<std::int64_t> given_up_in_order_;

  std::unordered_set<std::int32_t> what_ifs_;  // order ids of checks whose answer has not come
  std::unordered_map<std::string, Commission, StringHash, std::equal_to<>> waiting_;  // by execution id
  std::deque<std::string> waiting_in_order_;
  List open_list_, execution_list_, completed_list_;
  std::uint64_t left_out_ = 0;
};

}  // namespace ibkr::client
