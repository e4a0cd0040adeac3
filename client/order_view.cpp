// The order as its facts tell it (order_record.h): status, units, prices, and how it ended.
#include <algorithm>

#include "client/order_record.h"

namespace ibkr::client {

using protocol::Decimal;

bool OrderRecord::is_combination() const {
  return (contract_.has_value() && (*contract_)->sec_type == "BAG") || fills_.has_combination();
}

OrderRecord::Units OrderRecord::units(const Fills::Totals& totals) const {
  Units units;
  units.filled = progress_.filled;
  if (totals.count > 0 && totals.first_units && totals.units) {
    if (!units.filled || *units.filled < *totals.first_units) units.filled = totals.first_units;
    // A correction counts once, whether TWS told the sum before it or after.
    const auto corrected = told_units(*units.filled + (*totals.units - *totals.first_units));
    units.filled = corrected ? corrected : totals.units;
  }
  const bool is_whole = ended_ == Ended::Filled;
  const bool is_counted = final_units_ || totals.corrected;
  if (is_whole && !is_counted && ordered_.has_value() && (!units.filled || *units.filled < *ordered_))
    units.filled = *ordered_;

  if (units.filled && ordered_.has_value()) {
    units.remaining = *units.filled < *ordered_ ? told_units(*ordered_ - *units.filled) : Decimal(0);
  } else if (units.filled && progress_.remaining) {
    const Decimal left = *progress_.filled + *progress_.remaining - *units.filled;
    units.remaining = left > Decimal(0) ? told_units(left) : Decimal(0);
  }
  if (is_whole && units.filled) units.remaining = Decimal(0);
  units.all_filled = units.filled && !units.filled->is_zero() && units.remaining && units.remaining->is_zero();
  // What is left of a cancelled order is told as 0 by some servers.
  if (ended_ != Ended::No && ended_ != Ended::Filled) units.all_filled &= ordered_.has_value();
  return units;
}

OrderStatus OrderRecord::status(const Units& units) const {
  if (units.all_filled) return OrderStatus::Filled;
  switch (ended_) {
    case Ended::Filled:
      return OrderStatus::Filled;
    case Ended::Cancelled:
      return OrderStatus::Cancelled;
    case Ended::ApiCancelled:
      return OrderStatus::ApiCancelled;
    case Ended::Inactive:
      return OrderStatus::Inactive;
    case Ended::No:
      break;
  }
  return live_.has_value() ? (*live_).status : OrderStatus::New;
}

OrderEnding OrderRecord::ending(OrderStatus status) const {
  switch (status) {
    case OrderStatus::Filled:
      return OrderEnding::Filled;
    case OrderStatus::Cancelled:
    case OrderStatus::ApiCancelled:
      return OrderEnding::Cancelled;
    case OrderStatus::Inactive:
      return refused_ || completed_ || !reject_reason_.empty() ? OrderEnding::Rejected : OrderEnding::Inactive;
    case OrderStatus::New:
      return refused_ && !heard_ ? OrderEnding::Rejected : OrderEnding::None;
    case OrderStatus::ApiPending:
    case OrderStatus::PendingSubmit:
    case OrderStatus::PreSubmitted:
    case OrderStatus::Submitted:
    case OrderStatus::PendingCancel:
    case OrderStatus::Unknown:
      break;
  }
  return OrderEnding::None;
}

std::optional<double> OrderRecord::average_price(const Fills::Totals& totals, const Units& units) const {
  if (!units.filled || units.filled->is_zero()) return std::nullopt;
  const bool is_told = progress_.average_price && progress_.filled == units.filled;
  if (is_told && !totals.corrected) return progress_.average_price;
  const bool is_told_by_fill = totals.last_average && totals.last_cumulative == units.filled && !totals.corrected;
  if (is_told_by_fill && *totals.last_average != 0) return totals.last_average;
  const auto of_fills = totals.count > 0 ? fills_.average_price(is_combination()) : std::nullopt;
  if (of_fills && totals.units == units.filled) return of_fills;
  return progress_.average_price ? progress_.average_price : of_fills;
}

std::optional<double> OrderRecord::last_price(const Fills::Totals& totals) const {
  const bool is_newer = !progress_.filled || !totals.last_cumulative || *totals.last_cumulative >= *progress_.filled;
  if (totals.last_price && (is_newer || !progress_.last_price)) return totals.last_price;
  return progress_.last_price;
}

OrderState OrderRecord::state() const {
  const Fills::Totals& totals = fills_.totals(is_combination());
  const Units units = this->units(totals);

  OrderState state;
  state.status = status(units);
  state.status_text = state.status == OrderStatus::Unknown ? (*live_).text : to_string(state.status);
  state.ending = ending(state.status);
  state.filled_quantity = units.filled;
  state.remaining_quantity = units.remaining;
  state.average_fill_price = average_price(totals, units);
  state.last_fill_price = last_price(totals);
  for (const auto& [currency, sum] : totals.commissions)
    if (sum.is_finite()) state.commissions.push_back({currency, sum.to_double()});
  state.fills_without_commission = totals.without_commission();
  const bool is_done = state.ending != OrderEnding::None;
  if (!is_done) {
    state.why_held = why_held_;
    state.market_cap_price = market_cap_price_;
    state.is_change_pending = change_ != nullptr;
    state.is_cancel_pending = cancel_sent_;
    state.is_missing = missing_;
  }
  state.warning = warning_;
  state.reject_reason = reject_reason_;
  state.completed_time = completed_time_;
  state.completed_status = completed_status_;
  return state;
}

bool OrderRecord::refresh(Moment at) {
  OrderState state = this->state();
  const auto& contract = contract_.has_value() ? *contract_ : order_.contract;
  const auto& request = request_.has_value() ? *request_ : order_.request;
  const auto change = state.is_change_pending ? change_ : nullptr;
  const bool is_known = ids_told_ && state == order_.state && contract == order_.contract &&
                        request == order_.request && change == order_.change;
  ids_told_ = true;
  if (is_known) return false;
  const bool first = order_.history.empty();
  if (first || state.status != order_.state.status) {
    if (order_.history.size() == Order::kMostChanges) order_.history.erase(order_.history.begin());
    order_.history.push_back({state.status, state.filled_quantity, at});
  }
  order_.state = std::move(state);
  order_.contract = contract;
  order_.request = request;
  order_.change = change;
  order_.updated_at = at;
  return true;
}

}  // namespace ibkr::client
