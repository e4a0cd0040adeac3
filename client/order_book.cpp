#include "client/order_book.h"

#include <algorithm>
#include <utility>

#include "protocol/exec_id.h"

namespace ibkr::client {
namespace {

/// Checks of which no answer came are forgotten beyond.
constexpr std::size_t kMostWhatIfs = 1000;
/// Orders that are gone and are known again, for each that is kept.
constexpr std::size_t kGivenUpPerKept = 10;

/// A status that tells of an order as open, which one that is gone cannot be.
bool is_live(const std::optional<std::string>& text) {
  const OrderStatus status = order_status_of(text.value_or(""));
  return status != OrderStatus::Filled && status != OrderStatus::Cancelled && status != OrderStatus::ApiCancelled &&
         status != OrderStatus::Inactive;
}

/// Lets all executions of the day pass.
bool is_whole(const protocol::ExecutionRequest& request, std::int32_t client_id) {
  if (!request.execution_filter) return true;
  const auto& filter = *request.execution_filter;
  const std::int32_t of = filter.client_id.value_or(0);
  return (of == 0 || of == client_id) && filter.acct_code.value_or("").empty() && filter.time.value_or("").empty() &&
         filter.symbol.value_or("").empty() && filter.sec_type.value_or("").empty() &&
         filter.exchange.value_or("").empty() && filter.side.value_or("").empty() && filter.specific_dates.empty();
}

}  // namespace

OrderBook::OrderBook(std::int32_t client_id, Limits limits) : client_id_(client_id), limits_(limits) {}
OrderBook::~OrderBook() = default;
OrderBook::OrderBook(OrderBook&&) noexcept = default;
OrderBook& OrderBook::operator=(OrderBook&&) noexcept = default;

// ---- what the app does ----

std::vector<OrderEvent> OrderBook::sent(const protocol::Message& request, Moment at) {
  ++now_;
  Events events;
  if (const auto* order = request.get_if<protocol::PlaceOrderRequest>()) {
    place(*order, at, events);
  } else if (const auto* cancel = request.get_if<protocol::CancelOrderRequest>()) {
    if (OrderRecord* record = by_id(client_id_, cancel->order_id.value_or(0))) {
      record->cancel_sent();
      publish(*record, at, events);
    }
  } else if (request.is<protocol::GlobalCancelRequest>()) {
    cancel_all(at, events);
  } else if (request.is<protocol::OpenOrdersRequest>()) {
    open_list_.under_way = Reading{now_, 0, false};
  } else if (request.is<protocol::AllOpenOrdersRequest>()) {
    open_list_.under_way = Reading{now_, 0, true};
  } else if (request.is<protocol::CompletedOrdersRequest>()) {
    completed_list_.under_way = Reading{now_, 0, true};
  } else if (const auto* executions = request.get_if<protocol::ExecutionRequest>()) {
    if (is_whole(*executions, client_id_))
      execution_list_.under_way = Reading{now_, executions->req_id.value_or(0), true};
  }
  return events;
}

void OrderBook::place(const protocol::PlaceOrderRequest& request, Moment at, Events& events) {
  const std::int32_t order_id = request.order_id.value_or(0);
  if (request.order && request.order->what_if.value_or(false)) {
    if (what_ifs_.size() >= kMostWhatIfs) what_ifs_.clear();
    what_ifs_.insert(order_id);
    return;
  }
  what_ifs_.erase(order_id);
  const Ids ids = ids_of(client_id_, order_id, std::nullopt);
  if (!is_numbered(ids)) {
    ++left_out_;
    return;
  }
  OrderRecord* record = record_of(ids, at, nullptr, true);
  record->placed(request, now_);
  publish(*record, at, events);
}

void OrderBook::cancel_all(Moment at, Events& events) {
  std::vector<OrderRecord*> open;
  for (const auto& [number, record] : open_) open.push_back(record);
  for (OrderRecord* record : open) {
    record->cancel_sent();
    publish(*record, at, events);
  }
}

std::vector<OrderEvent> OrderBook::disconnected(Moment at) {
  ++now_;
  connected_ = now_;
  open_list_ = execution_list_ = completed_list_ = {};
  what_ifs_.clear();
  Events events;
  std::vector<OrderRecord*> records;
  for (const auto& [number, record] : records_) records.push_back(record.get());
  for (OrderRecord* record : records) {
    record->connection_lost();
    publish(*record, at, events);
  }
  return events;
}

// ---- what TWS says ----

std::vector<OrderEvent> OrderBook::came(const protocol::Message& answer, Moment at) {
  ++now_;
  Events events;
  const auto take = [&]<class Body>(const Body* body) {
    if (body != nullptr) on(*body, at, events);
  };
  take(answer.get_if<protocol::OpenOrder>());
  take(answer.get_if<protocol::OrderStatus>());
  take(answer.get_if<protocol::ExecutionDetails>());
  take(answer.get_if<protocol::CommissionAndFeesReport>());
  take(answer.get_if<protocol::CompletedOrder>());
  take(answer.get_if<protocol::OrderBound>());
  take(answer.get_if<protocol::ErrorMessage>());
  const auto complete = [](List& list) {
    if (list.under_way) list.read = list.under_way->asked;
    list.under_way.reset();
  };
  if (answer.is<protocol::OpenOrdersEnd>()) {
    open_orders_end(at, events);
    complete(open_list_);
  } else if (answer.is<protocol::CompletedOrdersEnd>()) {
    complete(completed_list_);
  } else if (const auto* end = answer.get_if<protocol::ExecutionDetailsEnd>()) {
    if (execution_list_.under_way && execution_list_.under_way->req_id == end->req_id.value_or(0))
      complete(execution_list_);
  }
  return events;
}

void OrderBook::on(const protocol::OpenOrder& told_one, Moment at, Events& events) {
  static const protocol::Order none;
  const protocol::Order& order = told_one.order ? *told_one.order : none;
  const auto order_id = told_one.order_id ? std::optional<std::int32_t>(told_one.order_id) : order.order_id;
  const Ids ids = ids_of(order.client_id, order_id, order.perm_id);
  const bool was_asked = what_ifs_.contains(order_id.value_or(0)) && ids.client_id == client_id_;
  OrderRecord* const placed = is_numbered(ids) ? by_id(*ids.client_id, *ids.order_id) : nullptr;
  if (order.what_if.value_or(false) || (was_asked && placed == nullptr)) {
    what_ifs_.erase(order_id.value_or(0));
    return;
  }
  const auto status = told_one.order_state ? std::optional<std::string>(told_one.order_state->status) : std::nullopt;
  if (is_repeated(ids) && !is_live(status)) return;
  const bool has_room = open_.size() < limits_.open || !is_live(status);
  OrderRecord* record = record_of(ids, at, nullptr, has_room && (is_numbered(ids) || ids.perm_id));
  if (record == nullptr) {
    ++left_out_;
    return;
  }
  record->open_order(told_one, now_);
  publish(*record, at, events);
}

void OrderBook::on(const protocol::OrderStatus& told_one, Moment at, Events& events) {
  const Ids ids = ids_of(told_one.client_id, told_one.order_id, told_one.perm_id);
  if (is_repeated(ids) && !is_live(told_one.status)) return;
  const bool has_room = open_.size() < limits_.open || !is_live(told_one.status);
  OrderRecord* record = record_of(ids, at, nullptr, has_room && (is_numbered(ids) || ids.perm_id));
  if (record == nullptr) {
    ++left_out_;
    return;
  }
  record->order_status(told_one, now_);
  publish(*record, at, events);
}

void OrderBook::on(const protocol::ExecutionDetails& told_one, Moment at, Events& events) {
  if (!told_one.execution || !told_one.execution->exec_id || told_one.execution->exec_id->empty()) {
    ++left_out_;
    return;
  }
  const auto& execution = *told_one.execution;
  Ids ids = ids_of(execution.client_id, execution.order_id, execution.perm_id);
  ids.is_now = false;
  if (is_repeated(ids)) return;
  // A fill without any id is kept as that of an order that nothing else is known of.
  OrderRecord* record = record_of(ids, at, by_fill(*execution.exec_id), true);
  Fills::Entered entered = record->execution(told_one, now_, limits_.fills_per_order);
  if (entered.as == Fills::Entered::As::NoRoom) ++left_out_;
  if (entered.as == Fills::Entered::As::News) {
    by_fill_[std::string(protocol::revision_of(*execution.exec_id).fill)] = record;
    std::optional<CommissionReported> reported;
    if (const auto waiting = waiting_.find(*execution.exec_id); waiting != waiting_.end()) {
      if (record->commission(waiting->first, waiting->second)) {
        entered.event.execution.commission = waiting->second;
        reported = {record->order().number, waiting->first, waiting->second};
      }
      waiting_.erase(waiting);
    }
    entered.event.execution = with_ids(std::move(entered.event.execution), record->order());
    events.push_back(std::move(entered.event));
    if (reported) events.push_back(std::move(*reported));
  }
  publish(*record, at, events);
}

void OrderBook::on(const protocol::CommissionAndFeesReport& told_one, Moment at, Events& events) {
  if (!told_one.exec_id || told_one.exec_id->empty()) {
    ++left_out_;
    return;
  }
  Commission commission{told(told_one.commission_and_fees), told_one.currency.value_or(""), told(told_one.realized_pnl),
                        told(told_one.bond_yield)};
  OrderRecord* record = by_fill(*told_one.exec_id);
  if (record != nullptr && record->fills().has(*told_one.exec_id)) {
    if (!record->commission(*told_one.exec_id, commission)) return;
    events.push_back(CommissionReported{record->order().number, *told_one.exec_id, std::move(commission)});
    publish(*record, at, events);
  } else {
    wait_for_execution(*told_one.exec_id, std::move(commission));
  }
}

void OrderBook::wait_for_execution(std::string execution_id, Commission commission) {
  const auto [at, is_new] = waiting_.insert_or_assign(execution_id, std::move(commission));
  if (!is_new) return;
  waiting_in_order_.push_back(std::move(execution_id));
  if (waiting_in_order_.size() <= kMostWaiting) return;
  // Most of them have found their execution by now.
  left_out_ += waiting_.erase(waiting_in_order_.front());
  waiting_in_order_.pop_front();
}

void OrderBook::on(const protocol::CompletedOrder& told_one, Moment at, Events& events) {
  static const protocol::Order none;
  const protocol::Order& order = told_one.order ? *told_one.order : none;
  Ids ids = ids_of(order.client_id, order.order_id, order.perm_id);
  ids.is_now = false;
  if (is_repeated(ids)) return;
  OrderRecord* record = record_of(ids, at, nullptr, is_numbered(ids) || ids.perm_id);
  if (record == nullptr) {
    ++left_out_;
    return;
  }
  record->completed_order(told_one, now_);
  publish(*record, at, events);
}

void OrderBook::on(const protocol::OrderBound& told_one, Moment at, Events& events) {
  const Ids ids = ids_of(told_one.client_id, told_one.order_id, told_one.perm_id);
  if (!ids.perm_id || by_perm(*ids.perm_id) == nullptr) return;  // what is told of it next has both ids
  publish(*record_of(ids, at, nullptr, false), at, events);
}

void OrderBook::on(const protocol::ErrorMessage& told_one, Moment at, Events& events) {
  const std::int32_t id = told_one.id.value_or(-1);
  OrderRecord* record = id > 0 ? by_id(client_id_, id) : nullptr;
  if (record == nullptr) return;
  // The check was refused, and the order of that id, which is another one, is none the worse.
  if (what_ifs_.erase(id) > 0) return;
  std::optional<OrderError> error = record->error(told_one, at);
  if (error) events.push_back(OrderErrorTold{record->order().number, std::move(*error)});
  publish(*record, at, events);
}

void OrderBook::open_orders_end(Moment at, Events& events) {
  if (!open_list_.under_way) return;
  const Reading& reading = *open_list_.under_way;
  std::vector<OrderRecord*> expected;
  for (const auto& [number, record] : open_)
    if (reading.all_clients || record->order().is_own) expected.push_back(record);
  for (OrderRecord* record : expected) {
    record->listed(reading.asked);
    publish(*record, at, events);
  }
}

// ---- what becomes of it ----

void OrderBook::publish(OrderRecord& record, Moment at, Events& events) {
  if (record.refresh(at)) events.push_back(OrderChanged{record.order()});
  retire(record);
}

/// Keeps the lists of open orders and of others up, and lets the oldest of the others go.
void OrderBook::retire(OrderRecord& record) {
  const OrderNumber number = record.order().number;
  const auto retired = retired_at_.find(number);
  if (record.is_open()) {
    open_[number] = &record;
    if (retired == retired_at_.end()) return;
    retired_.erase(retired->second);
    retired_at_.erase(retired);
    return;
  }
  open_.erase(number);
  if (retired != retired_at_.end()) return;
  const Sequence at = ++now_;
  retired_[at] = number;
  retired_at_[number] = at;
  while (retired_.size() > std::max<std::size_t>(limits_.done, 1)) give_up(*by_number(retired_.begin()->second));
}

void OrderBook::give_up(OrderRecord& record) {
  const Order& order = record.order();
  if (order.perm_id) {
    if (given_up_.insert(*order.perm_id).second) given_up_in_order_.push_back(*order.perm_id);
    if (given_up_in_order_.size() > limits_.done * kGivenUpPerKept) {
      given_up_.erase(given_up_in_order_.front());
      given_up_in_order_.pop_front();
    }
    if (by_perm(*order.perm_id) == &record) by_perm_.erase(*order.perm_id);
  }
  if (order.client_id && order.order_id && by_id(*order.client_id, *order.order_id) == &record)
    by_id_.erase({*order.client_id, *order.order_id});
  for (const std::string& fill : record.fills().ids()) by_fill_.erase(fill);
  for (const OrderNumber number : record.former_numbers()) former_.erase(number);
  const auto retired = retired_at_.find(order.number);
  retired_.erase(retired->second);
  retired_at_.erase(retired);
  records_.erase(order.number);
}

Execution OrderBook::with_ids(Execution execution, const Order& order) const {
  execution.order = order.number;
  execution.order_id = order.order_id;
  execution.client_id = order.client_id;
  execution.perm_id = order.perm_id;
  return execution;
}

}  // namespace ibkr::client
