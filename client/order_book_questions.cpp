// What the order book can be asked (order_book.h).
#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "client/order_book.h"

namespace ibkr::client {
namespace {

bool reads(std::string_view text, std::int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<Order> OrderBook::find(OrderNumber number) const {
  const OrderRecord* record = by_number(number);
  return record == nullptr ? std::nullopt : std::optional<Order>(record->order());
}

std::optional<Order> OrderBook::find_of(std::int32_t client_id, std::int32_t order_id) const {
  const OrderRecord* record = by_id(client_id, order_id);
  return record == nullptr ? std::nullopt : std::optional<Order>(record->order());
}

std::optional<Order> OrderBook::find_perm(std::int64_t perm_id) const {
  const OrderRecord* record = by_perm(perm_id);
  return record == nullptr ? std::nullopt : std::optional<Order>(record->order());
}

std::optional<Order> OrderBook::find_id(std::string_view id) const {
  constexpr std::string_view kPerm = "perm ";
  const auto fits = [](std::int64_t number) { return number >= INT32_MIN && number <= INT32_MAX; };
  std::int64_t first = 0, second = 0;
  if (id.starts_with(kPerm)) return reads(id.substr(kPerm.size()), first) ? find_perm(first) : std::nullopt;
  const std::size_t slash = id.find('/');
  if (slash == id.npos) {
    if (!reads(id, first) || !fits(first)) return std::nullopt;
    return find_own(static_cast<std::int32_t>(first));
  }
  if (!reads(id.substr(0, slash), first) || !reads(id.substr(slash + 1), second)) return std::nullopt;
  if (!fits(first) || !fits(second)) return std::nullopt;
  return find_of(static_cast<std::int32_t>(first), static_cast<std::int32_t>(second));
}

std::vector<Order> OrderBook::all() const {
  std::vector<Order> all;
  all.reserve(records_.size());
  for (const auto& [number, record] : records_) all.push_back(record->order());
  return all;
}

std::vector<Order> OrderBook::open() const {
  std::vector<Order> open;
  open.reserve(open_.size());
  for (const auto& [number, record] : open_) open.push_back(record->order());
  return open;
}

std::vector<Order> OrderBook::relatives(OrderNumber number) const {
  std::vector<Order> relatives;
  const OrderRecord* record = by_number(number);
  if (record == nullptr || !record->order().client_id) return relatives;
  const Order& order = record->order();
  const auto parent_of = [](const Order& one) { return one.request->parent_id.value_or(0); };
  const std::int32_t own = order.order_id.value_or(0) > 0 ? *order.order_id : 0;
  const std::int32_t parent = parent_of(order);
  const std::string group = order.request->oca_group.value_or("");
  for (const auto& [other_number, other] : records_) {
    const Order& one = other->order();
    if (other.get() == record || one.client_id != order.client_id) continue;
    const std::int32_t ones_parent = parent_of(one);
    const bool is_parent = parent != 0 && one.order_id == parent;
    const bool is_child = ones_parent != 0 && (ones_parent == own || ones_parent == parent);
    const bool is_sibling = !group.empty() && one.request->oca_group == group;
    if (is_parent || is_child || is_sibling) relatives.push_back(one);
  }
  return relatives;
}

std::vector<Execution> OrderBook::executions(OrderNumber number) const {
  std::vector<Execution> executions;
  const OrderRecord* record = by_number(number);
  if (record == nullptr) return executions;
  executions = record->fills().all();
  for (Execution& execution : executions) execution = with_ids(std::move(execution), record->order());
  return executions;
}

std::vector<Execution> OrderBook::executions() const {
  std::vector<Execution> all;
  for (const auto& [number, record] : records_) {
    auto executions = this->executions(number);
    std::move(executions.begin(), executions.end(), std::back_inserter(all));
  }
  return all;
}

std::optional<OrderStanding> OrderBook::standing(OrderNumber number, const OrderGoal& goal) const {
  const OrderRecord* record = by_number(number);
  if (record == nullptr) return std::nullopt;
  OrderStanding standing;
  if (has_reached(record->order(), goal)) {
    standing.outcome = OrderStanding::Outcome::Reached;
  } else if (record->order().is_done()) {
    standing.outcome = OrderStanding::Outcome::Ended;
  } else if (record->last_told() <= connected_ || record->order().state.is_missing) {
    const auto could_tell = [&](const List& list) { return list.read <= std::max(connected_, record->first_known()); };
    standing.ask_open_orders = could_tell(open_list_);
    standing.ask_executions = could_tell(execution_list_);
    standing.ask_completed_orders = could_tell(completed_list_);
  }
  return standing;
}

}  // namespace ibkr::client
