#include "mock/order_news.h"

#include <algorithm>
#include <cmath>

namespace ibkr::mock {
namespace {

using protocol::Decimal;
using protocol::Message;

constexpr std::size_t kMostLots = 10000;
constexpr std::size_t kMostHeld = 100000;
constexpr std::int64_t kParts = 3;
constexpr std::string_view kNotYetWorking = "PreSubmitted";

/// The order's status that the message states; "" where it states none.
std::string status_in(const Message& message) {
  if (const auto* status = message.get_if<protocol::OrderStatus>()) return status->status.value_or("");
  const auto* open = message.get_if<protocol::OpenOrder>();
  return open != nullptr && open->order_state ? open->order_state->status.value_or("") : "";
}

}  // namespace

std::optional<std::string> OrderNews::rejects(const WorkingOrder& order) {
  if (const Fault* reject = faults_.use_for_order(FaultKind::Reject)) return reject->text;
  const auto meets = [this](FaultKind kind) { return faults_.use_for_order(kind) != nullptr; };
  Lot lot;
  lot.in_parts = meets(FaultKind::PartialFills);
  lot.statuses_twice = meets(FaultKind::StatusesTwice);
  lot.statuses_regress = meets(FaultKind::StatusesRegress);
  lot.statuses_missing = meets(FaultKind::StatusesMissing);
  lot.executions_first = meets(FaultKind::ExecutionsFirst);
  lot.commissions_never = meets(FaultKind::CommissionsNever);
  if (const Fault* late = faults_.use_for_order(FaultKind::CommissionsLate)) lot.commissions_late_ns = late->by_ns;
  const bool any = lot.in_parts || lot.statuses_twice || lot.statuses_regress || lot.statuses_missing ||
                   lot.executions_first || lot.commissions_never || lot.commissions_late_ns;
  if (!any) return std::nullopt;
  if (lots_.size() >= kMostLots) lots_.erase(lots_.begin());
  lots_.insert_or_assign({order.client_id, order.order_id}, std::move(lot));
  return std::nullopt;
}

Decimal OrderNews::fillable(const WorkingOrder& order, Decimal offered) const {
  const auto lot = lots_.find({order.client_id, order.order_id});
  if (lot == lots_.end() || !lot->second.in_parts) return offered;
  const Decimal part(static_cast<std::int64_t>(std::ceil(order.quantity.to_double() / kParts)));
  return Decimal::compare(offered, part) < 0 ? offered : part;
}

OrderNews::Lot* OrderNews::lot_of(std::int32_t client_id, const Message& message) {
  OrderKey key{client_id, 0};
  if (const auto* open = message.get_if<protocol::OpenOrder>()) {
    key.second = open->order_id.value_or(0);
  } else if (const auto* status = message.get_if<protocol::OrderStatus>()) {
    key.second = status->order_id.value_or(0);
  } else if (const auto* details = message.get_if<protocol::ExecutionDetails>()) {
    key.second = details->execution->order_id.value_or(0);
    last_execution_.clear();
    last_execution_.emplace(details->execution->exec_id.value_or(""), key);
  } else if (const auto* commission = message.get_if<protocol::CommissionAndFeesReport>()) {
    const auto execution = last_execution_.find(commission->exec_id.value_or(""));
    if (execution != last_execution_.end()) key = execution->second;
  }
  const auto lot = lots_.find(key);
  return lot == lots_.end() ? nullptr : &lot->second;
}

void OrderNews::tell(std::int32_t client_id, const Message& message) {
  const Letter letter{client_id, message};
  Lot* lot = lot_of(client_id, message);
  if (lot == nullptr) return post(letter);
  if (!lot->executions_first) return pass(*lot, letter);
  if (waits_for_execution(*lot, letter)) return lot->before_execution.push_back(letter);
  const bool is_execution = message.get_if<protocol::ExecutionDetails>() != nullptr;
  if (is_execution) pass(*lot, letter);
  for (const Letter& earlier : std::exchange(lot->before_execution, {})) pass(*lot, earlier);
  if (!is_execution) pass(*lot, letter);
}

/// An order that the next step of the market does not fill is told of then.
bool OrderNews::waits_for_execution(Lot& lot, const Letter& letter) {
  if (status_in(letter.message) == kNotYetWorking) return true;
  lot.executions_first = false;
  return false;
}

void OrderNews::pass(Lot& lot, const Letter& letter) {
  if (letter.message.get_if<protocol::OrderStatus>() != nullptr) return tell_status(lot, letter);
  if (letter.message.get_if<protocol::CommissionAndFeesReport>() != nullptr) return tell_commission(lot, letter);
  post(letter);
}

void OrderNews::tell_status(Lot& lot, const Letter& letter) {
  if (lot.statuses_missing) return;
  post(letter);
  if (lot.statuses_twice) post(letter);
  if (lot.statuses_regress && lot.last_status) post({letter.client_id, Message(*lot.last_status)});
  lot.last_status = letter.message.as<protocol::OrderStatus>();
}

void OrderNews::tell_commission(const Lot& lot, const Letter& letter) {
  if (lot.commissions_never) return;
  if (!lot.commissions_late_ns) return post(letter);
  if (late_.size() < kMostHeld) late_.push_back({faults_.now_ns() + *lot.commissions_late_ns, letter});
}

void OrderNews::post(const Letter& letter) {
  if (!faults_.is_under_way(FaultKind::LinkLost)) return deliver_(letter.client_id, letter.message);
  if (held_.size() < kMostHeld) held_.push_back(letter);
}

void OrderNews::say_what_is_due() {
  const auto due = [this](const LateLetter& late) { return late.due_ns <= faults_.now_ns(); };
  const auto end = std::stable_partition(late_.begin(), late_.end(), due);
  std::vector<LateLetter> now(std::make_move_iterator(late_.begin()), std::make_move_iterator(end));
  late_.erase(late_.begin(), end);
  for (const LateLetter& late : now) post(late.letter);
}

void OrderNews::say_what_was_held() {
  for (const Letter& letter : std::exchange(held_, {})) deliver_(letter.client_id, letter.message);
}

}  // namespace ibkr::mock
