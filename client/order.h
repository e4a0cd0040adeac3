// Order: one order as a value, with its life so far, and what happens to orders as events. The order book
// (order_book.h) makes them.
//
// Everywhere below: a value that TWS has not told is none, never 0. Quantities are in units of the instrument (shares,
// contracts), or in combinations for a combination. Prices are in the contract's currency.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/decimal.h"
#include "protocol/error_codes.h"
#include "protocol/messages.h"

namespace ibkr::client {

/// A moment of the wall clock, in nanoseconds since 1970. Always given by the caller.
using Moment = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Number of an order in its book, from 1. Never used again, and the same however the order was found at first.
using OrderNumber = std::uint64_t;

/// TWS's word for where an order stands.
enum class OrderStatus : std::uint8_t {
  New,  ///< TWS has told no state of it: it has just been placed, was refused by an error, or is known by fills only
  ApiPending,     ///< not yet known to the server
  PendingSubmit,  ///< sent, not yet confirmed
  PreSubmitted,   ///< held by IBKR until its time or trigger comes
  Submitted,      ///< at work in the market
  PendingCancel,  ///< its cancel is on the way; it may still fill
  ApiCancelled,   ///< cancelled by the app before it was confirmed
  Cancelled,      ///< the rest will not fill; a part may have filled
  Filled,         ///< filled wholly
  Inactive,       ///< received, but not at work: refused, or waiting for a person
  Unknown,        ///< a word that we do not know; it stands beside in `status_text`
};

/// The status of this name as TWS spells it ("PreSubmitted"); Unknown for any other.
OrderStatus order_status_of(std::string_view text);
/// TWS's spelling; "New" and "Unknown" for those that TWS has no word for.
std::string_view to_string(OrderStatus status);

/// On the way to a fill `left` comes before `right`: ApiPending, PendingSubmit, PreSubmitted, Submitted, Filled. False
/// for statuses that are beside it.
bool is_before(OrderStatus left, OrderStatus right);

/// How an order ended. What TWS has said to be Filled or Cancelled stays so. The rest is what can be known: an order
/// that was Inactive can go on when a person lets it, and one whose units were all filled when it was made larger, or
/// when a fill is corrected to fewer units.
enum class OrderEnding : std::uint8_t {
  None,       ///< it has not, as far as is known
  Filled,     ///< TWS says so, or all units ordered are filled by statuses or executions, whatever the status
  Cancelled,  ///< TWS says Cancelled or ApiCancelled, whoever wanted it, and not all is filled
  Rejected,   ///< TWS says Inactive, and beside it an error that ends orders or a reason for refusing it; or TWS has
              ///< listed it as completed and Inactive; or there is such an error and TWS never told of the order
              ///< otherwise, as with a price off the grid (110)
  Inactive,   ///< TWS says Inactive and nothing beside
};

/// What an error message says about an order.
struct OrderError {
  enum class About : std::uint8_t {
    Order,   ///< the order itself: its placing was refused, or something is remarked about it
    Change,  ///< a change that was sent; the order goes on as it was
    Cancel,  ///< a cancel: it came too late or found nothing (161, 10147, 10148 …), or it worked (202)
  };
  std::int32_t code = 0;  ///< 0 where TWS sent none
  std::string text;       ///< in TWS's words, the first 4 KB of them
  std::string details;    ///< JSON about a rejection that can be overridden, or ""; as much of it
  About about = About::Order;
  protocol::ErrorEffect effect = protocol::ErrorEffect::Either;  ///< Either: we have no facts about the code
  Moment at{};                                                   ///< when it came
  std::optional<std::int64_t> told_at_ms;  ///< TWS's own time of it, in milliseconds since 1970; from server 194 on
};

/// What a fill cost.
struct Commission {
  std::optional<double> amount;  ///< commission and fees
  std::string currency;
  std::optional<double> realized_pnl;  ///< profit and loss that the fill realised, in the same currency
  std::optional<double> bond_yield;
  friend bool operator==(const Commission&, const Commission&) = default;
};

/// An amount in one currency.
struct Money {
  std::string currency;
  double amount = 0;
  friend bool operator==(const Money&, const Money&) = default;
};

enum class OrderSide : std::uint8_t { Buy, Sell };

/// One fill, as it was last corrected.
struct Execution {
  std::string execution_id;  ///< of the telling that stands
  OrderNumber order = 0;
  std::optional<std::int32_t> order_id;
  std::optional<std::int32_t> client_id;
  std::optional<std::int64_t> perm_id;
  std::shared_ptr<const protocol::Contract> contract;  ///< what was traded: a leg of a combination, too. Never null
  std::string account;
  std::string exchange;
  std::optional<OrderSide> side;
  std::optional<protocol::Decimal> quantity;
  std::optional<double> price;
  std::optional<protocol::Decimal> cumulative_quantity;  ///< of the order, with this fill
  std::optional<double> average_price;                   ///< of the order, with this fill
  std::string time;                                      ///< as TWS writes it: YYYYMMDD HH:MM:SS and mostly a zone
  std::string order_ref;
  std::string model_code;
  std::optional<std::int32_t> liquidity;  ///< protocol's enum Liquidity
  bool price_may_change = false;          ///< TWS says that a revision of the price is pending
  std::optional<Commission> commission;   ///< none until TWS reports it, which can be never
};

/// One step of an order's life.
struct StatusChange {
  OrderStatus status;
  std::optional<protocol::Decimal> filled_quantity;
  Moment at;  ///< when the message that told it came
};

/// Where an order stands, from all that TWS has told.
struct OrderState {
  OrderStatus status = OrderStatus::New;
  std::string status_text;  ///< the status in TWS's spelling; its own word where that is Unknown
  OrderEnding ending = OrderEnding::None;

  std::optional<protocol::Decimal> filled_quantity;
  std::optional<protocol::Decimal> remaining_quantity;  ///< of an order that has ended: what was left unfilled
  std::optional<double> average_fill_price;             ///< TWS's own; from executions where it told none
  std::optional<double> last_fill_price;
  std::vector<Money> commissions;            ///< of its fills, one sum a currency, in order of their names
  std::size_t fills_without_commission = 0;  ///< fills whose commission is not known (yet); not in `commissions`

  std::string why_held;                    ///< such as "locate"; "" for nothing
  std::optional<double> market_cap_price;  ///< price that IBKR caps the order at
  std::string warning;                     ///< TWS's warning about the order
  std::string reject_reason;
  std::string completed_time;    ///< from the list of completed orders, as TWS writes it
  std::string completed_status;  ///< the same: "Cancelled by Trader", "Filled Size: 100"

  bool is_change_pending = false;  ///< a change was sent; no open order that shows it, refusal or end has come
  bool is_cancel_pending = false;  ///< a cancel was sent, and neither its refusal nor the order's end has come
  bool is_missing = false;         ///< open as far as we know, but not in the last list of open orders
  friend bool operator==(const OrderState&, const OrderState&) = default;
};

/// An order. A value: it does not change when the book does.
struct Order {
  static constexpr std::size_t kMostErrors = 16;   ///< the newest are kept
  static constexpr std::size_t kMostChanges = 64;  ///< the newest are kept

  OrderNumber number = 0;
  bool is_own = false;                    ///< of this client id, with an order id above 0
  std::optional<std::int32_t> client_id;  ///< of the owner; 0 for orders made in TWS
  std::optional<std::int32_t> order_id;   ///< unique per client id only; 0 or below for orders made in TWS
  std::optional<std::int64_t> perm_id;    ///< TWS's lasting id, unique across clients and days

  std::shared_ptr<const protocol::Contract> contract;  ///< empty where TWS has told none. Never null
  /// The order as TWS last told it, or as it was placed until then; empty where neither is known. Never null.
  std::shared_ptr<const protocol::Order> request;
  /// What a change that is pending wants; null when none is.
  std::shared_ptr<const protocol::Order> change;
  OrderState state;

  std::vector<OrderError> errors;     ///< oldest first
  std::vector<StatusChange> history;  ///< oldest first; not what came late, when more was known already
  Moment created_at{};                ///< when the book first heard of it
  Moment updated_at{};                ///< when its ids, contract, request, change or state last did

  bool is_done() const { return state.ending != OrderEnding::None; }
  /// As a text: the order id of an own order ("17"), client and order id of another client's ("3/17"), else the perm id
  /// ("perm 12345"); "" where TWS told none.
  std::string id() const;
  /// The newest error that ends orders and is about the order itself, or null.
  const OrderError* rejection() const;
};

/// An order is not as it was: its ids, its contract or request, or its state.
struct OrderChanged {
  Order order;
};
/// A fill was told, each telling once.
struct OrderExecuted {
  enum class Telling : std::uint8_t {
    First,       ///< a fill that was not known
    Correction,  ///< takes the place of what was told of this fill; `replaced` is what that was
    Superseded,  ///< came after its own correction: counts for nothing
  };
  Execution execution;
  Telling telling = Telling::First;
  std::optional<protocol::Decimal> replaced_quantity;
  std::optional<double> replaced_price;
};
/// What a fill cost became known, or is told differently. Comes when its order is known, so never before the fill.
struct CommissionReported {
  OrderNumber order = 0;
  std::string execution_id;
  Commission commission;
};
/// An error message about an order.
struct OrderErrorTold {
  OrderNumber order = 0;
  OrderError error;
};

/// Something that happened to an order. In the order of happening; each once, however often TWS repeats itself.
using OrderEvent = std::variant<OrderChanged, OrderExecuted, CommissionReported, OrderErrorTold>;

/// What somebody waits for.
struct OrderGoal {
  std::optional<OrderStatus> status;        ///< a status
  std::optional<protocol::Decimal> filled;  ///< units filled at least
  bool end = false;                         ///< any end

  static OrderGoal reaches(OrderStatus status) { return {.status = status, .filled = {}}; }
  static OrderGoal fills(protocol::Decimal at_least) { return {.status = {}, .filled = std::move(at_least)}; }
  static OrderGoal ends() { return {.status = {}, .filled = {}, .end = true}; }
};

/// Whether it has come to that. By statuses already seen, too: an order that was cancelled after it was Submitted has
/// reached Submitted. ApiPending, PendingSubmit and PreSubmitted are also reached by what comes behind them (an order
/// at work, any fill), Submitted by any fill, Cancelled by ApiCancelled. Filled is wholly.
bool has_reached(const Order& order, const OrderGoal& goal);

}  // namespace ibkr::client
