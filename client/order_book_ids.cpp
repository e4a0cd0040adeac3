// Which order a message is about, and orders that turn out to be one (order_book.h).
#include <utility>

#include "client/order_book.h"
#include "protocol/exec_id.h"

namespace ibkr::client {
namespace {

template <class Id>
std::optional<Id> unless_zero(const std::optional<Id>& id) {
  return id && *id != 0 ? id : std::nullopt;
}

}  // namespace

OrderBook::Ids OrderBook::ids_of(std::optional<std::int32_t> client_id, std::optional<std::int32_t> order_id,
                                 std::optional<std::int64_t> perm_id) const {
  return {client_id ? client_id : client_id_, order_id, unless_zero(perm_id), client_id.has_value(), true};
}

OrderRecord* OrderBook::by_id(std::int32_t client_id, std::int32_t order_id) const {
  const auto found = by_id_.find({client_id, order_id});
  return found == by_id_.end() ? nullptr : found->second;
}

OrderRecord* OrderBook::by_perm(std::int64_t perm_id) const {
  const auto found = by_perm_.find(perm_id);
  return found == by_perm_.end() ? nullptr : found->second;
}

OrderRecord* OrderBook::by_fill(std::string_view execution_id) const {
  const auto found = by_fill_.find(protocol::revision_of(execution_id).fill);
  return found == by_fill_.end() ? nullptr : found->second;
}

OrderRecord* OrderBook::by_number(OrderNumber number) const {
  const auto former = former_.find(number);
  const auto found = records_.find(former == former_.end() ? number : former->second);
  return found == records_.end() ? nullptr : found->second.get();
}

/// The order with these ids, which `known` is too unless it is null. Null where it cannot be told, or is not to be
/// made.
OrderRecord* OrderBook::record_of(const Ids& ids, Moment at, OrderRecord* known, bool may_make) {
  OrderRecord* numbered = is_numbered(ids) ? by_id(*ids.client_id, *ids.order_id) : nullptr;
  OrderRecord* lasting = ids.perm_id ? by_perm(*ids.perm_id) : nullptr;
  if (numbered != nullptr && ids.perm_id && numbered->order().perm_id && numbered->order().perm_id != ids.perm_id)
    numbered = nullptr;                                               // its order id was used again
  if (lasting != nullptr && !ids.is_client_told) numbered = nullptr;  // the id may be another client's
  if (known != nullptr && ids.perm_id && known->order().perm_id && known->order().perm_id != ids.perm_id)
    known = nullptr;
  OrderRecord* record = unite(unite(lasting, numbered), known);
  if (record == nullptr) return may_make ? make(ids, at) : nullptr;
  bind(*record, ids);
  return record;
}

OrderRecord* OrderBook::make(const Ids& ids, Moment at) {
  auto made = std::make_unique<OrderRecord>(++last_number_, at);
  OrderRecord& record = *records_.emplace(last_number_, std::move(made)).first->second;
  bind(record, ids);
  return &record;
}

void OrderBook::bind(OrderRecord& record, const Ids& ids) {
  const Order& order = record.order();
  auto client_id = order.client_id, order_id = order.order_id;
  // An order made in TWS can be given an id later, and then has it in what is told of it from then on.
  const bool is_better =
      ids.order_id && (!order_id || *order_id <= 0 || *ids.order_id > 0) && (ids.is_client_told || !client_id);
  if (is_better && (client_id != ids.client_id || order_id != ids.order_id)) {
    if (client_id && order_id && by_id(*client_id, *order_id) == &record) by_id_.erase({*client_id, *order_id});
    client_id = ids.client_id;
    order_id = ids.order_id;
  }
  const auto perm_id = ids.perm_id ? ids.perm_id : order.perm_id;
  if (perm_id) by_perm_[*perm_id] = &record;
  if (is_numbered(ids) && client_id == ids.client_id && order_id == ids.order_id) {
    const bool is_new = client_id != order.client_id || order_id != order.order_id;
    const auto [at, is_free] = by_id_.try_emplace({*client_id, *order_id}, &record);
    if (!is_free && is_new && ids.is_now) at->second = &record;
  }
  const bool is_own = order_id && *order_id > 0 && client_id == client_id_;
  record.set_ids(client_id, order_id, perm_id, is_own);
}

OrderRecord* OrderBook::unite(OrderRecord* one, OrderRecord* other) {
  if (one == nullptr || other == nullptr || one == other) return one != nullptr ? one : other;
  if (one->order().perm_id && other->order().perm_id && one->order().perm_id != other->order().perm_id) return one;
  if (one->order().number > other->order().number) std::swap(one, other);
  const Order theirs = other->order();
  std::vector<std::string> fills = other->fills().ids();
  one->absorb(*other, limits_.fills_per_order);
  for (std::string& fill : fills) {
    if (one->fills().has_fill(fill)) {
      by_fill_[std::move(fill)] = one;
    } else {
      by_fill_.erase(fill);
      ++left_out_;
    }
  }
  for (const OrderNumber number : one->former_numbers()) former_[number] = one->order().number;
  open_.erase(theirs.number);
  if (const auto retired = retired_at_.find(theirs.number); retired != retired_at_.end()) {
    retired_.erase(retired->second);
    retired_at_.erase(retired);
  }
  if (theirs.client_id && theirs.order_id && by_id(*theirs.client_id, *theirs.order_id) == other)
    by_id_.erase({*theirs.client_id, *theirs.order_id});
  if (theirs.perm_id && by_perm(*theirs.perm_id) == other) by_perm_.erase(*theirs.perm_id);
  records_.erase(theirs.number);
  bind(*one, {theirs.client_id, theirs.order_id, theirs.perm_id, theirs.client_id.has_value(), false});
  return one;
}

}  // namespace ibkr::client
