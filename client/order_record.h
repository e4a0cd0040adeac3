// OrderRecord: what the book knows of one order, as facts from which the order is told anew after each message.
//
// A message adds facts, and no fact undoes another: of two statuses the one that says more counts, of two tellings of
// the order the one from the better source, and the later one among equals. That is why repetition changes nothing,
// and why it does not matter in which order kinds of messages arrive.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/fills.h"
#include "client/order.h"
#include "protocol/messages.h"

namespace ibkr::client {

/// Counts what the book was told, so that it can say what came before what.
using Sequence = std::uint64_t;

/// A value from the best source that told one; the later one where two are as good.
template <class T, class Source>
class Best {
 public:
  /// True when it is taken.
  bool take(T value, Source source, Sequence at) {
    if (at_ != 0 && (source < source_ || (source == source_ && at < at_))) return false;
    value_ = std::move(value);
    source_ = source;
    at_ = at;
    return true;
  }
  void take(const Best& other) {
    if (other.at_ != 0) take(other.value_, other.source_, other.at_);
  }
  bool has_value() const { return at_ != 0; }
  const T& operator*() const { return value_; }
  Source source() const { return source_; }

 private:
  T value_{};
  Source source_{};
  Sequence at_ = 0;
};

/// Not thread safe. The book tells a record only of what is about its order.
class OrderRecord {
 public:
  OrderRecord(OrderNumber number, Moment at);

  /// The order as it was told last by refresh().
  const Order& order() const { return order_; }
  /// Tells it anew. True when it is not as it was before.
  bool refresh(Moment at);

  void set_ids(std::optional<std::int32_t> client_id, std::optional<std::int32_t> order_id,
               std::optional<std::int64_t> perm_id, bool is_own);

  /// The app placed it, or wants it changed. (What-if orders are not told.)
  void placed(const protocol::PlaceOrderRequest& request, Sequence at);
  void cancel_sent();
  /// No answer to what was sent will come any more.
  void connection_lost();

  void open_order(const protocol::OpenOrder& told, Sequence at);
  void order_status(const protocol::OrderStatus& told, Sequence at);
  void completed_order(const protocol::CompletedOrder& told, Sequence at);
  Fills::Entered execution(const protocol::ExecutionDetails& told, Sequence at, std::size_t most_fills);
  bool commission(std::string_view execution_id, const Commission& commission);
  /// None where it was told before, and nothing was asked of the order since.
  std::optional<OrderError> error(const protocol::ErrorMessage& told, Moment at);
  /// A list of open orders that was asked for at `asked` is complete.
  void listed(Sequence asked);

  const Fills& fills() const { return fills_; }
  /// When TWS last told it as open, by an open order or a status; 0 for never.
  Sequence last_told() const { return last_told_; }
  Sequence first_known() const { return first_known_; }
  /// It is to be expected in the list of open orders.
  bool is_open() const;

  /// Takes over all that is known of `other`, which is the same order, and its numbers.
  void absorb(OrderRecord& other, std::size_t most_fills);
  /// The numbers that it had when it was not yet known to be the same.
  const std::vector<OrderNumber>& former_numbers() const { return former_numbers_; }

 private:
  /// Better ones later.
  enum class ContractFrom : std::uint8_t { Leg, Execution, Completed, Placed, OpenOrder };
  enum class RequestFrom : std::uint8_t { Placed, Completed, OpenOrder };
  enum class QuantityFrom : std::uint8_t { Placed, OpenOrder, Completed };
  /// States that no live status follows; those that say more later.
  enum class Ended : std::uint8_t { No, Inactive, ApiCancelled, Cancelled, Filled };
  struct Live {
    OrderStatus status = OrderStatus::New;
    std::string text;
  };
  /// What goes with the greatest number of filled units that a message told.
  struct Progress {
    std::optional<protocol::Decimal> filled, remaining;
    std::optional<double> average_price, last_price;
  };
  struct Units {
    std::optional<protocol::Decimal> filled, remaining;
    bool all_filled = false;
  };
  enum class Single : std::uint8_t { Source };

  void take_contract(const protocol::Contract& contract, ContractFrom source, Sequence at);
  void take_request(const protocol::Order& order, RequestFrom source, Sequence at);
  void take_quantity(const std::optional<protocol::Decimal>& units, QuantityFrom source, Sequence at);
  void take_status(const std::optional<std::string>& text, Sequence at);
  void take_progress(Progress progress);
  void take_remarks(const protocol::OrderState& state);
  bool is_behind(const protocol::Decimal& filled) const;
  bool is_combination() const;
  OrderError::About subject_of(std::int32_t code, protocol::ErrorEffect effect) const;

  OrderState state() const;
  Units units(const Fills::Totals& totals) const;
  OrderStatus status(const Units& units) const;
  OrderEnding ending(OrderStatus status) const;
  std::optional<double> average_price(const Fills::Totals& totals, const Units& units) const;
  std::optional<double> last_price(const Fills::Totals& totals) const;

  Order order_;
  std::vector<OrderNumber> former_numbers_;

  Best<SharedContract, ContractFrom> contract_;
  Best<std::shared_ptr<const protocol::Order>, RequestFrom> request_;
  Best<protocol::Decimal, QuantityFrom> ordered_;
  Best<Live, Single> live_;
  Ended ended_ = Ended::No;
  Progress progress_;
  std::string why_held_, warning_, reject_reason_, completed_time_, completed_status_;
  std::optional<double> market_cap_price_;
  Fills fills_;

  std::shared_ptr<const protocol::Order> change_;
  bool cancel_sent_ = false;
  bool refused_ = false;      // an error that ends orders was about it
  bool heard_ = false;        // TWS told of it by something else than errors
  bool final_units_ = false;  // a status told how many units it was filled with
  bool completed_ = false;    // it was in the list of completed orders
  bool missing_ = false;
  bool ids_told_ = false;                          // by refresh(), since they changed
  std::uint64_t asked_ = 0;                        // requests of the app about it
  std::vector<std::uint64_t> asked_before_error_;  // for each of order_.errors
  Sequence first_known_ = 0, last_told_ = 0;
};

}  // namespace ibkr::client
