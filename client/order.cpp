#include "client/order.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ibkr::client {
namespace {

struct Name {
  OrderStatus status;
  std::string_view text;
};

constexpr std::array kNames = {
    Name{OrderStatus::ApiPending, "ApiPending"},       Name{OrderStatus::PendingSubmit, "PendingSubmit"},
    Name{OrderStatus::PreSubmitted, "PreSubmitted"},   Name{OrderStatus::Submitted, "Submitted"},
    Name{OrderStatus::PendingCancel, "PendingCancel"}, Name{OrderStatus::ApiCancelled, "ApiCancelled"},
    Name{OrderStatus::Cancelled, "Cancelled"},         Name{OrderStatus::Filled, "Filled"},
    Name{OrderStatus::Inactive, "Inactive"},
};

/// How far towards the market a status is; none for those that are beside the way.
int way(OrderStatus status) {
  switch (status) {
    case OrderStatus::ApiPending:
      return 1;
    case OrderStatus::PendingSubmit:
      return 2;
    case OrderStatus::PreSubmitted:
      return 3;
    case OrderStatus::Submitted:
      return 4;
    case OrderStatus::Filled:
      return 5;
    case OrderStatus::New:
    case OrderStatus::PendingCancel:
    case OrderStatus::ApiCancelled:
    case OrderStatus::Cancelled:
    case OrderStatus::Inactive:
    case OrderStatus::Unknown:
      break;
  }
  return 0;
}

bool implies(OrderStatus seen, OrderStatus wanted) {
  if (seen == wanted) return true;
  if (wanted == OrderStatus::Cancelled) return seen == OrderStatus::ApiCancelled;
  return is_before(wanted, seen);
}

bool has_fill(const Order& order) {
  return order.state.filled_quantity && *order.state.filled_quantity > protocol::Decimal(0);
}

bool has_reached(const Order& order, OrderStatus wanted) {
  // A status that was seen and left again counts, but not one that says how the order stands now.
  if (wanted == OrderStatus::Inactive || wanted == OrderStatus::New) return order.state.status == wanted;
  if (implies(order.state.status, wanted)) return true;
  if (wanted == OrderStatus::Filled) return order.state.ending == OrderEnding::Filled;
  if (way(wanted) != 0 && has_fill(order)) return true;
  return std::any_of(order.history.begin(), order.history.end(),
                     [&](const StatusChange& change) { return implies(change.status, wanted); });
}

}  // namespace

OrderStatus order_status_of(std::string_view text) {
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const Name& name) { return name.text == text; });
  return found == kNames.end() ? OrderStatus::Unknown : found->status;
}

std::string_view to_string(OrderStatus status) {
  const auto found =
      std::find_if(kNames.begin(), kNames.end(), [&](const Name& name) { return name.status == status; });
  if (found != kNames.end()) return found->text;
  return status == OrderStatus::New ? "New" : "Unknown";
}

bool is_before(OrderStatus left, OrderStatus right) { return way(left) != 0 && way(left) < way(right); }

std::string Order::id() const {
  if (is_own) return std::to_string(*order_id);
  if (client_id && order_id && *order_id > 0) return std::to_string(*client_id) + "/" + std::to_string(*order_id);
  return perm_id ? "perm " + std::to_string(*perm_id) : "";
}

const OrderError* Order::rejection() const {
  const auto found = std::find_if(errors.rbegin(), errors.rend(), [](const OrderError& error) {
    return error.about == OrderError::About::Order && error.effect == protocol::ErrorEffect::Ends;
  });
  return found == errors.rend() ? nullptr : &*found;
}

bool has_reached(const Order& order, const OrderGoal& goal) {
  if (goal.status && has_reached(order, *goal.status)) return true;
  if (goal.filled && order.state.filled_quantity && *order.state.filled_quantity >= *goal.filled) return true;
  return goal.end && order.is_done();
}

}  // namespace ibkr::client
