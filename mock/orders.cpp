#include "mock/orders.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <utility>

#include "mock/order_checks.h"
#include "mock/order_messages.h"

namespace ibkr::mock {
namespace {

using protocol::Decimal;
using protocol::Message;

constexpr std::size_t kMostRemembered = 10000;
constexpr std::string_view kCancelledByApp = "Order Canceled - reason:";

template <class T>
void remember(std::deque<T>& log, T entry) {
  log.push_back(std::move(entry));
  if (log.size() > kMostRemembered) log.pop_front();
}

// The time keeps the fills of two runs of the mock apart in one journal.
std::string exec_id(std::uint32_t number, Seconds at) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x.%08x.01.01", static_cast<std::uint32_t>(at), number);
  return text.data();
}

bool is_type(const WorkingOrder& order, std::string_view type) { return order.order.order_type == type; }
bool waits_for_stop(const WorkingOrder& order) {
  return !order.triggered && (is_type(order, "STP") || is_type(order, "STP LMT"));
}
bool has_limit(const WorkingOrder& order) { return is_type(order, "LMT") || is_type(order, "STP LMT"); }
std::int32_t parent_of(const WorkingOrder& order) { return order.order.parent_id.value_or(0); }

Decimal signed_quantity(const WorkingOrder& order, Decimal quantity) {
  return order.is_buy() ? quantity : Decimal() - quantity;
}

}  // namespace

std::string_view status_text(OrderPhase phase) {
  switch (phase) {
    case OrderPhase::Held:
      return "ApiPending";
    case OrderPhase::PreSubmitted:
      return "PreSubmitted";
    case OrderPhase::Submitted:
      return "Submitted";
    case OrderPhase::Filled:
      return "Filled";
    case OrderPhase::Cancelled:
      return "Cancelled";
    case OrderPhase::Inactive:
      return "Inactive";
  }
  return "";
}

OrderBook::OrderBook(const Market& market, std::span<Account> accounts, Callbacks callbacks)
    : market_(market), accounts_(accounts), callbacks_(std::move(callbacks)) {}

WorkingOrder* OrderBook::find_open(std::int32_t client_id, std::int32_t order_id) {
  const auto found = std::find_if(orders_.begin(), orders_.end(), [&](const WorkingOrder& order) {
    return order.client_id == client_id && order.order_id == order_id && order.is_open();
  });
  return found == orders_.end() ? nullptr : &*found;
}

const WorkingOrder* OrderBook::find_completed(std::int32_t client_id, std::int32_t order_id) const {
  const auto found = std::find_if(completed_.rbegin(), completed_.rend(), [&](const WorkingOrder& order) {
    return order.client_id == client_id && order.order_id == order_id;
  });
  return found == completed_.rend() ? nullptr : &*found;
}

std::vector<const WorkingOrder*> OrderBook::open_orders() const {
  std::vector<const WorkingOrder*> found;
  for (const WorkingOrder& order : orders_)
    if (order.is_open() && order.phase != OrderPhase::Held) found.push_back(&order);
  return found;
}

std::int32_t OrderBook::next_order_id(std::int32_t client_id) const {
  const auto found = highest_id_.find(client_id);
  return found == highest_id_.end() ? 1 : found->second + 1;
}

void OrderBook::refuse(std::int32_t client_id, std::int32_t order_id, std::int32_t code, std::string text) const {
  protocol::ErrorMessage error;
  error.id = order_id;
  error.error_code = code;
  error.error_msg = std::move(text);
  callbacks_.deliver(client_id, Message(std::move(error)));
}

void OrderBook::tell_status(const WorkingOrder& order) const {
  callbacks_.deliver(order.client_id, Message(order_status(order)));
}

void OrderBook::announce(const WorkingOrder& order) {
  callbacks_.deliver(order.client_id, Message(open_order(order)));
  tell_status(order);
}

void OrderBook::place(std::int32_t client_id, const protocol::PlaceOrderRequest& request) {
  auto checked = check_order(market_, accounts_, client_id, request);
  if (!checked) return refuse(client_id, request.order_id.value_or(0), checked.error().code, checked.error().text);
  WorkingOrder& order = *checked;
  if (order.order.what_if.value_or(false)) return answer_what_if(order);
  if (WorkingOrder* open = find_open(client_id, order.order_id)) return modify(*open, std::move(order));
  if (order.order_id < next_order_id(client_id)) return refuse_used_id(order);
  const WorkingOrder* parent = parent_of(order) == 0 ? nullptr : find_open(client_id, parent_of(order));
  if (parent_of(order) != 0 && parent == nullptr)
    return refuse(client_id, order.order_id, 135, "Can't find order with id =" + std::to_string(parent_of(order)));

  highest_id_[client_id] = order.order_id;
  order.perm_id = ++perm_ids_;
  order.order.perm_id = order.perm_id;
  order.waits_for_parent = parent != nullptr;
  orders_.push_back(std::move(order));
  if (orders_.back().order.transmit.value_or(false)) release_family(orders_.back());
  archive();
}

void OrderBook::answer_what_if(const WorkingOrder& order) const {
  const MarginCheck check = order.account->check(*order.instrument, signed_quantity(order, order.quantity));
  callbacks_.deliver(order.client_id, Message(what_if_answer(order, check)));
}

void OrderBook::refuse_used_id(const WorkingOrder& order) {
  const WorkingOrder* ended = find_completed(order.client_id, order.order_id);
  if (ended != nullptr && ended->phase == OrderPhase::Filled)
    return refuse(order.client_id, order.order_id, 104, "Cannot modify a filled order.");
  refuse(order.client_id, order.order_id, 103, "Duplicate order id");
}

void OrderBook::modify(WorkingOrder& order, WorkingOrder changed) {
  const bool same_kind = changed.instrument == order.instrument && changed.order.action == order.order.action &&
                         changed.account == order.account;
  if (!same_kind || Decimal::compare(changed.quantity, order.filled) <= 0)
    return refuse(order.client_id, order.order_id, 105, "Order being modified does not match original order.");
  changed.order.perm_id = order.perm_id;
  changed.order.parent_id = order.order.parent_id;
  order.order = std::move(changed.order);
  order.quantity = changed.quantity;
  if (order.phase != OrderPhase::Held) return announce(order);
  if (order.order.transmit.value_or(false)) release_family(order);
  archive();
}

template <class Does>
void OrderBook::for_children(const WorkingOrder& parent, Does does) {
  for (WorkingOrder& order : orders_)
    if (order.is_open() && order.client_id == parent.client_id && parent_of(order) == parent.order_id) does(order);
}

/// Transmitting one order of a bracket transmits those before it.
void OrderBook::release_family(WorkingOrder& order) {
  WorkingOrder* parent = parent_of(order) == 0 ? nullptr : find_open(order.client_id, parent_of(order));
  if (parent != nullptr && parent->phase == OrderPhase::Held) release(*parent);
  if (parent != nullptr && parent->is_open()) {
    for_children(*parent, [&](WorkingOrder& sibling) {
      if (sibling.phase == OrderPhase::Held) release(sibling);
    });
  }
  if (order.phase == OrderPhase::Held) release(order);
}

void OrderBook::release(WorkingOrder& order) {
  const MarginCheck check = order.account->check(*order.instrument, signed_quantity(order, order.quantity));
  if (!order.waits_for_parent && !check.affordable()) {
    return reject(order,
                  "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE [" +
                      money(check.equity) + " USD] MUST EXCEED THE INITIAL MARGIN [" +
                      money(check.initial_before + check.initial_change) + " USD]");
  }
  if (const auto reason = callbacks_.rejects(order)) return reject(order, *reason);
  order.phase = OrderPhase::PreSubmitted;
  announce(order);
}

void OrderBook::reject(WorkingOrder& order, const std::string& reason) {
  refuse(order.client_id, order.order_id, 201, "Order rejected - reason:" + reason);
  end(order, OrderPhase::Inactive);
}

void OrderBook::match() {
  for (WorkingOrder& order : orders_)
    if (order.is_open() && order.phase != OrderPhase::Held && !order.waits_for_parent) work(order);
  archive();
}

bool OrderBook::trigger(WorkingOrder& order) {
  const Quote& quote = market_.quote(*order.instrument);
  const double seen = order.instrument->has_trades ? quote.last : order.is_buy() ? quote.ask : quote.bid;
  order.triggered = order.is_buy() ? seen >= *order.order.aux_price : seen <= *order.order.aux_price;
  return order.triggered;
}

void OrderBook::work(WorkingOrder& order) {
  if (waits_for_stop(order) && !trigger(order)) return;
  const Quote& quote = market_.quote(*order.instrument);
  const double price = order.is_buy() ? quote.ask : quote.bid;
  const Decimal offered = callbacks_.fillable(order, order.is_buy() ? quote.ask_size : quote.bid_size);
  const bool good =
      !has_limit(order) || (order.is_buy() ? price <= *order.order.lmt_price : price >= *order.order.lmt_price);
  const bool whole = Decimal::compare(offered, order.remaining()) >= 0;
  const bool immediate = order.order.tif == "IOC" || order.order.tif == "FOK";
  if (good && (whole || order.order.tif != "FOK")) {
    fill(order, whole ? order.remaining() : offered, price);
  } else if (order.phase == OrderPhase::PreSubmitted && !immediate) {
    order.phase = OrderPhase::Submitted;
    announce(order);
  }
  if (immediate && order.is_open()) cancel(order, kCancelledByApp);
}

void OrderBook::fill(WorkingOrder& order, Decimal quantity, double price) {
  const double before = order.filled.to_double();
  const double units = quantity.to_double();
  const double commission = commission_for(*order.instrument, quantity);
  const Holding held = order.account->holding(*order.instrument);
  const bool closes = held.position.to_double() * (order.is_buy() ? 1 : -1) < 0;
  const double realized = order.account->fill(*order.instrument, signed_quantity(order, quantity), price, commission);

  order.average_price = (order.average_price * before + price * units) / (before + units);
  order.last_price = price;
  order.filled = order.filled + quantity;
  const bool complete = order.remaining().is_zero();
  order.phase = complete ? OrderPhase::Filled : OrderPhase::Submitted;
  order.ended_at = market_.now();

  Fill done = make_fill(order, quantity, exec_id(++exec_ids_, market_.now()), market_.now());
  done.commission.commission_and_fees = commission;
  // TWS writes the largest double where a fill has realised nothing because it opened a position.
  done.commission.realized_pnl = closes ? realized : std::numeric_limits<double>::max();

  callbacks_.deliver(order.client_id, Message(done.execution));
  announce(order);
  order.commission += commission;
  if (complete) callbacks_.deliver(order.client_id, Message(open_order(order)));
  callbacks_.deliver(order.client_id, Message(done.commission));
  remember(fills_, std::move(done));
  callbacks_.filled(*order.account, *order.instrument);
  if (complete) after_complete_fill(order);
}

void OrderBook::after_complete_fill(WorkingOrder& order) {
  for_children(order, [](WorkingOrder& child) { child.waits_for_parent = false; });
  const std::string group = order.order.oca_group.value_or("");
  for (WorkingOrder& other : orders_) {
    if (&other == &order || !other.is_open() || other.client_id != order.client_id) continue;
    const bool sibling = parent_of(order) != 0 && parent_of(other) == parent_of(order);
    const bool same_group = !group.empty() && other.order.oca_group == group && other.account == order.account;
    if (sibling || same_group) cancel(other, kCancelledByApp);
  }
}

void OrderBook::end(WorkingOrder& order, OrderPhase phase) {
  order.phase = phase;
  order.ended_at = market_.now();
  tell_status(order);
  for_children(order, [&](WorkingOrder& child) { end(child, phase); });
}

void OrderBook::cancel(WorkingOrder& order, std::string_view reason) {
  order.phase = OrderPhase::Cancelled;
  order.ended_at = market_.now();
  tell_status(order);
  refuse(order.client_id, order.order_id, 202, std::string(reason));
}

/// An entry takes its exits with it, and an exit the other exits.
void OrderBook::cancel_relatives(const WorkingOrder& order) {
  const std::int32_t parent = parent_of(order);
  for (WorkingOrder& other : orders_) {
    if (!other.is_open() || other.client_id != order.client_id || parent_of(other) == 0) continue;
    if (parent_of(other) == order.order_id || parent_of(other) == parent) cancel(other, kCancelledByApp);
  }
}

void OrderBook::cancel(std::int32_t client_id, std::int32_t order_id) {
  if (WorkingOrder* order = find_open(client_id, order_id)) {
    cancel(*order, kCancelledByApp);
    cancel_relatives(*order);
    return archive();
  }
  const std::string what = "OrderId " + std::to_string(order_id) + " that needs to be cancelled ";
  if (const WorkingOrder* ended = find_completed(client_id, order_id)) {
    return refuse(client_id, order_id, 10148,
                  what + "cannot be cancelled, state: " + std::string(status_text(ended->phase)) + ".");
  }
  refuse(client_id, order_id, 10147, what + "is not found.");
}

void OrderBook::cancel_all() {
  for (WorkingOrder& order : orders_)
    if (order.is_open()) cancel(order, kCancelledByApp);
  archive();
}

void OrderBook::archive() {
  for (auto order = orders_.begin(); order != orders_.end();) {
    if (order->is_open()) {
      ++order;
      continue;
    }
    remember(completed_, std::move(*order));
    order = orders_.erase(order);
  }
}

}  // namespace ibkr::mock
