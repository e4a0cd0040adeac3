#include "client/order_record.h"

#include <algorithm>
#include <iterator>

#include "protocol/part.h"

namespace ibkr::client {
namespace {

using protocol::Decimal;
using protocol::ErrorEffect;

constexpr std::size_t kMostText = 4096;
constexpr std::size_t kMostStatusText = 64;

template <class T>
std::shared_ptr<const T> nothing() {
  static const std::shared_ptr<const T> empty = std::make_shared<const T>();
  return empty;
}

/// TWS writes 0 for no price.
std::optional<double> unless_zero(const std::optional<double>& price) {
  return price && *price != 0 ? price : std::nullopt;
}

/// Not more of a text than an order keeps, and no half of a character.
std::string clipped(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return std::string(text.substr(0, most));
}

template <class T>
bool same(const T& left, const T& right) {
  return protocol::equal(T::table(), &left, &right);
}

/// The parts of an order that TWS tells back as they were wanted.
bool shows(const protocol::Order& told_one, const protocol::Order& wanted) {
  const auto number = [](const auto& field) { return told(std::optional<double>(field)).value_or(0); };
  const auto units = told_units(told_one.total_quantity), wanted_units = told_units(wanted.total_quantity);
  return units.value_or(Decimal(0)) == wanted_units.value_or(Decimal(0)) &&
         number(told_one.lmt_price) == number(wanted.lmt_price) &&
         number(told_one.aux_price) == number(wanted.aux_price) &&
         told_one.order_type.value_or("") == wanted.order_type.value_or("");
}

bool has(std::span<const protocol::MessageInfo* const> types, const protocol::MessageInfo& wanted) {
  return std::find(types.begin(), types.end(), &wanted) != types.end();
}

/// What a text says where the code leaves it open: TWS begins a line of it so when the order goes on.
bool warns(std::string_view text) {
  constexpr std::string_view kMark = "Warning:";
  for (std::size_t at = text.find(kMark); at != text.npos; at = text.find(kMark, at + 1))
    if (at == 0 || text[at - 1] == '\n') return true;
  return false;
}

/// No live status follows it.
bool is_final(OrderStatus status) {
  return status == OrderStatus::ApiCancelled || status == OrderStatus::Cancelled || status == OrderStatus::Filled;
}

ErrorEffect effect_of(std::int32_t code, std::string_view text) {
  const protocol::ErrorCodeInfo* info = protocol::find_error_code(code);
  if (info == nullptr) return ErrorEffect::Either;
  if (info->effect != ErrorEffect::Either) return info->effect;
  return warns(text) ? ErrorEffect::Warning : ErrorEffect::Ends;
}

}  // namespace

OrderRecord::OrderRecord(OrderNumber number, Moment at) {
  order_.number = number;
  order_.contract = nothing<protocol::Contract>();
  order_.request = nothing<protocol::Order>();
  order_.created_at = order_.updated_at = at;
}

void OrderRecord::set_ids(std::optional<std::int32_t> client_id, std::optional<std::int32_t> order_id,
                          std::optional<std::int64_t> perm_id, bool is_own) {
  ids_told_ = ids_told_ && order_.client_id == client_id && order_.order_id == order_id && order_.perm_id == perm_id;
  order_.client_id = client_id;
  order_.order_id = order_id;
  order_.perm_id = perm_id;
  order_.is_own = is_own;
}

// ---- what the app did ----

void OrderRecord::placed(const protocol::PlaceOrderRequest& request, Sequence at) {
  ++asked_;
  if (first_known_ == 0) first_known_ = at;
  if (request.contract) take_contract(*request.contract, ContractFrom::Placed, at);
  if (!request.order) return;
  if (heard_) {
    change_ = std::make_shared<const protocol::Order>(*request.order);
    return;
  }
  // An order that was refused before TWS knew it may be placed again under its id.
  refused_ = false;
  take_request(*request.order, RequestFrom::Placed, at);
  take_quantity(request.order->total_quantity, QuantityFrom::Placed, at);
}

void OrderRecord::cancel_sent() {
  ++asked_;
  cancel_sent_ = true;
}

void OrderRecord::connection_lost() {
  cancel_sent_ = false;
  change_.reset();
}

// ---- what TWS said ----

void OrderRecord::take_contract(const protocol::Contract& contract, ContractFrom source, Sequence at) {
  const bool is_known = contract_.has_value() && same(**contract_, contract);
  contract_.take(is_known ? *contract_ : std::make_shared<const protocol::Contract>(contract), source, at);
}

void OrderRecord::take_request(const protocol::Order& order, RequestFrom source, Sequence at) {
  const bool is_known = request_.has_value() && same(**request_, order);
  request_.take(is_known ? *request_ : std::make_shared<const protocol::Order>(order), source, at);
}

void OrderRecord::take_quantity(const std::optional<Decimal>& units, QuantityFrom source, Sequence at) {
  const auto usable = told_units(units);
  if (usable && !usable->is_zero()) ordered_.take(*usable, source, at);
}

void OrderRecord::take_status(const std::optional<std::string>& text, Sequence at) {
  if (!text || text->empty()) return;
  const OrderStatus status = order_status_of(*text);
  if (status == OrderStatus::Filled) {
    ended_ = Ended::Filled;
  } else if (status == OrderStatus::Cancelled) {
    ended_ = std::max(ended_, Ended::Cancelled);
  } else if (status == OrderStatus::ApiCancelled) {
    ended_ = std::max(ended_, Ended::ApiCancelled);
  } else {
    live_.take({status, clipped(*text, kMostStatusText)}, Single::Source, at);
  }
}

/// Behind what earlier statuses told. A correction can lower what is filled, so it lowers the mark, too.
bool OrderRecord::is_behind(const Decimal& filled) const {
  if (!progress_.filled || filled >= *progress_.filled) return false;
  const Fills::Totals& totals = fills_.totals(is_combination());
  if (!totals.units || !totals.first_units || *totals.units >= *totals.first_units) return true;
  return filled < *progress_.filled + (*totals.units - *totals.first_units);
}

void OrderRecord::take_progress(Progress progress) {
  if (!progress.filled || (progress_.filled && *progress.filled < *progress_.filled)) return;
  const bool further = !progress_.filled || *progress.filled > *progress_.filled;
  const auto take = [&](auto& known, auto&& said) {
    if (further || said) known = std::move(said);
  };
  take(progress_.remaining, std::move(progress.remaining));
  take(progress_.average_price, std::move(progress.average_price));
  take(progress_.last_price, std::move(progress.last_price));
  progress_.filled = std::move(progress.filled);
}

void OrderRecord::take_remarks(const protocol::OrderState& state) {
  if (state.warning_text) warning_ = clipped(*state.warning_text, kMostText);
  if (state.reject_reason) reject_reason_ = clipped(*state.reject_reason, kMostText);
}

void OrderRecord::open_order(const protocol::OpenOrder& told_one, Sequence at) {
  heard_ = true;
  missing_ = false;
  if (first_known_ == 0) first_known_ = at;
  last_told_ = at;
  if (told_one.contract) take_contract(*told_one.contract, ContractFrom::OpenOrder, at);
  const bool is_known = request_.has_value() && request_.source() == RequestFrom::OpenOrder;
  const std::string status = told_one.order_state ? told_one.order_state->status.value_or("") : "";
  // What tells an order that has ended as open is a repetition, of how it was then.
  const bool is_late = is_known && ended_ >= Ended::ApiCancelled && !is_final(order_status_of(status));
  if (told_one.order && !is_late) {
    take_request(*told_one.order, RequestFrom::OpenOrder, at);
    take_quantity(told_one.order->total_quantity, QuantityFrom::OpenOrder, at);
    if (change_ != nullptr && shows(*told_one.order, *change_)) change_.reset();
  }
  if (!told_one.order_state) return;
  take_remarks(*told_one.order_state);
  // It does not say how much was filled when it was so, by which a repetition could be told from news.
  const bool goes_back = live_.has_value() && is_before(order_status_of(status), (*live_).status);
  if (!goes_back) take_status(told_one.order_state->status, at);
}

void OrderRecord::order_status(const protocol::OrderStatus& told_one, Sequence at) {
  heard_ = true;
  missing_ = false;
  if (first_known_ == 0) first_known_ = at;
  last_told_ = at;
  Progress progress{told_units(told_one.filled), told_units(told_one.remaining), {}, {}};
  const bool is_late = progress.filled && is_behind(*progress.filled);
  const bool any = progress.filled && !progress.filled->is_zero();
  if (any) {
    progress.average_price = unless_zero(told(told_one.avg_fill_price));
    progress.last_price = unless_zero(told(told_one.last_fill_price));
  }
  const OrderStatus status = order_status_of(told_one.status.value_or(""));
  const bool is_end = is_final(status);
  if (any && !is_end && progress.remaining && progress.remaining->is_zero()) ended_ = Ended::Filled;
  final_units_ |= any && (status == OrderStatus::Filled || (!is_end && ended_ == Ended::Filled));
  // What says that the order has ended is true however late it comes.
  if (!is_late || is_end) take_status(told_one.status, at);
  if (is_late) return;
  take_progress(std::move(progress));
  why_held_ = clipped(told_one.why_held.value_or(""), kMostStatusText);
  market_cap_price_ = unless_zero(told(told_one.mkt_cap_price));
}

void OrderRecord::completed_order(const protocol::CompletedOrder& told_one, Sequence at) {
  heard_ = completed_ = true;
  missing_ = false;
  if (first_known_ == 0) first_known_ = at;
  if (told_one.contract) take_contract(*told_one.contract, ContractFrom::Completed, at);
  if (told_one.order) {
    const auto left = told_units(told_one.order->total_quantity);
    const auto filled = told_units(told_one.order->filled_quantity);
    const auto whole = told_units(left.value_or(Decimal(0)) + filled.value_or(Decimal(0)));
    // Elsewhere the quantity is what was ordered, here what was left of it.
    protocol::Order order = *told_one.order;
    order.total_quantity = whole;
    take_request(order, RequestFrom::Completed, at);
    take_quantity(whole, QuantityFrom::Completed, at);
    take_progress({filled, left, {}, {}});
  }
  if (!told_one.order_state) return;
  take_status(told_one.order_state->status, at);
  take_remarks(*told_one.order_state);
  if (order_status_of(told_one.order_state->status.value_or("")) == OrderStatus::Inactive)
    ended_ = std::max(ended_, Ended::Inactive);
  completed_time_ = clipped(told_one.order_state->completed_time.value_or(""), kMostText);
  completed_status_ = clipped(told_one.order_state->completed_status.value_or(""), kMostText);
}

Fills::Entered OrderRecord::execution(const protocol::ExecutionDetails& told_one, Sequence at, std::size_t most_fills) {
  heard_ = true;
  if (first_known_ == 0) first_known_ = at;
  static const protocol::Contract none;
  const protocol::Contract& contract = told_one.contract ? *told_one.contract : none;
  const bool is_whole = contract.sec_type == "BAG" || !is_combination();
  take_contract(contract, contract.sec_type == "BAG" ? ContractFrom::Execution : ContractFrom::Leg, at);
  const bool is_same = is_whole && same(**contract_, contract);
  auto entered = fills_.enter(*told_one.execution,
                              is_same ? *contract_ : std::make_shared<const protocol::Contract>(contract), most_fills);
  return entered;
}

bool OrderRecord::commission(std::string_view execution_id, const Commission& commission) {
  return fills_.enter(execution_id, commission);
}

OrderError::About OrderRecord::subject_of(std::int32_t code, ErrorEffect effect) const {
  const protocol::ErrorCodeInfo* info = protocol::find_error_code(code);
  const auto& cancel = protocol::CancelOrderRequest::info;
  if (info != nullptr && has(info->confirms, cancel)) return OrderError::About::Cancel;
  // A child whose parent is not to be found is refused with the code of a cancel that finds nothing.
  const bool can_be_cancelled = heard_ || cancel_sent_;
  if (info != nullptr && has(info->refuses, cancel) && can_be_cancelled) return OrderError::About::Cancel;
  const bool refuses = effect == ErrorEffect::Ends;
  return refuses && change_ != nullptr ? OrderError::About::Change : OrderError::About::Order;
}

std::optional<OrderError> OrderRecord::error(const protocol::ErrorMessage& told_one, Moment at) {
  OrderError error;
  error.code = told_one.error_code.value_or(0);
  error.text = clipped(told_one.error_msg.value_or(""), kMostText);
  error.details = clipped(told_one.advanced_order_reject_json.value_or(""), kMostText);
  error.effect = effect_of(error.code, error.text);
  error.about = subject_of(error.code, error.effect);
  error.told_at_ms = told_one.error_time;
  error.at = at;
  for (std::size_t i = 0; i < order_.errors.size(); ++i) {
    const OrderError& known = order_.errors[i];
    if (known.code == error.code && known.text == error.text && known.told_at_ms == error.told_at_ms &&
        asked_before_error_[i] == asked_)
      return std::nullopt;
  }
  switch (error.about) {
    case OrderError::About::Order:
      refused_ |= error.effect == ErrorEffect::Ends;
      break;
    case OrderError::About::Change:
      change_.reset();
      break;
    case OrderError::About::Cancel:
      if (error.effect == ErrorEffect::Ends) cancel_sent_ = false;
      break;
  }
  if (order_.errors.size() == Order::kMostErrors) {
    order_.errors.erase(order_.errors.begin());
    asked_before_error_.erase(asked_before_error_.begin());
  }
  order_.errors.push_back(error);
  asked_before_error_.push_back(asked_);
  return error;
}

void OrderRecord::listed(Sequence asked) {
  // What waits in TWS for being transmitted is no open order yet.
  const bool waits = request_.has_value() && (*request_)->transmit == false;
  if (first_known_ < asked && last_told_ < asked && is_open() && !waits) missing_ = true;
}

bool OrderRecord::is_open() const { return !order_.is_done() && (last_told_ != 0 || request_.has_value()); }

void OrderRecord::absorb(OrderRecord& other, std::size_t most_fills) {
  former_numbers_.push_back(other.order_.number);
  former_numbers_.insert(former_numbers_.end(), other.former_numbers_.begin(), other.former_numbers_.end());
  contract_.take(other.contract_);
  request_.take(other.request_);
  ordered_.take(other.ordered_);
  live_.take(other.live_);
  ended_ = std::max(ended_, other.ended_);
  take_progress(std::move(other.progress_));
  const auto take_text = [](std::string& ours, std::string& theirs) {
    if (ours.empty()) ours = std::move(theirs);
  };
  take_text(why_held_, other.why_held_);
  take_text(warning_, other.warning_);
  take_text(reject_reason_, other.reject_reason_);
  take_text(completed_time_, other.completed_time_);
  take_text(completed_status_, other.completed_status_);
  if (!market_cap_price_) market_cap_price_ = other.market_cap_price_;
  fills_.absorb(other.fills_, most_fills);

  if (change_ == nullptr) change_ = std::move(other.change_);
  cancel_sent_ |= other.cancel_sent_;
  refused_ |= other.refused_;
  heard_ |= other.heard_;
  final_units_ |= other.final_units_;
  completed_ |= other.completed_;
  missing_ = missing_ && other.missing_;
  asked_ += other.asked_;
  if (first_known_ == 0 || (other.first_known_ != 0 && other.first_known_ < first_known_))
    first_known_ = other.first_known_;
  last_told_ = std::max(last_told_, other.last_told_);

  order_.created_at = std::min(order_.created_at, other.order_.created_at);
  auto& errors = order_.errors;
  for (std::size_t i = 0; i < other.order_.errors.size() && errors.size() < Order::kMostErrors; ++i) {
    errors.push_back(std::move(other.order_.errors[i]));
    asked_before_error_.push_back(other.asked_before_error_[i]);
  }
  std::vector<StatusChange> history;
  std::merge(order_.history.begin(), order_.history.end(), other.order_.history.begin(), other.order_.history.end(),
             std::back_inserter(history),
             [](const StatusChange& left, const StatusChange& right) { return left.at < right.at; });
  const std::size_t from = history.size() - std::min(history.size(), Order::kMostChanges);
  order_.history.assign(history.begin() + static_cast<std::ptrdiff_t>(from), history.end());
}

}  // namespace ibkr::client
