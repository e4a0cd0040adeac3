#include "mock/order_desk.h"

#include <limits>

#include "mock/order_messages.h"

namespace ibkr::mock {
namespace {

bool same(const std::optional<std::string>& wanted, const std::optional<std::string>& has) {
  return wanted.value_or("").empty() || wanted == has;
}

/// BUY and SELL are asked for where executions say BOT and SLD.
bool same_side(const std::optional<std::string>& wanted, const std::optional<std::string>& has) {
  if (wanted == "BUY") return has == "BOT";
  if (wanted == "SELL" || wanted == "SSHORT") return has == "SLD";
  return same(wanted, has);
}

bool matches(const protocol::ExecutionFilter& filter, const Fill& fill, Seconds now) {
  const auto& execution = *fill.execution.execution;
  const auto& contract = *fill.execution.contract;
  const std::int32_t client = filter.client_id.value_or(0);
  if (client != 0 && client != std::numeric_limits<std::int32_t>::max() && client != execution.client_id) return false;
  const std::int32_t days = filter.last_n_days.value_or(std::numeric_limits<std::int32_t>::max());
  const bool today_only = days == std::numeric_limits<std::int32_t>::max() || days == 0;
  if (fill.at < eastern_midnight(now) - (today_only ? 0 : days * kDay)) return false;
  if (const auto since = parse_time(filter.time.value_or("")); since && fill.at < *since) return false;
  return same(filter.acct_code, execution.acct_number) && same(filter.symbol, contract.symbol) &&
         same(filter.sec_type, contract.sec_type) &&
         (same(filter.exchange, execution.exchange) || same(filter.exchange, contract.exchange)) &&
         same_side(filter.side, execution.side);
}

}  // namespace

OrderDesk::OrderDesk(Counter counter, Handlers& handlers) : counter_(counter) {
  serve<protocol::PlaceOrderRequest, protocol::CancelOrderRequest, protocol::GlobalCancelRequest,
        protocol::OpenOrdersRequest, protocol::AllOpenOrdersRequest, protocol::AutoOpenOrdersRequest,
        protocol::CompletedOrdersRequest, protocol::ExecutionRequest, protocol::IdsRequest>(handlers, *this);
}

template <class Wanted>
void OrderDesk::list_open(Wanted wanted) {
  for (const WorkingOrder* order : counter_.world.orders.open_orders()) {
    if (!wanted(*order)) continue;
    counter_.out.send(open_order(*order));
    counter_.out.send(order_status(*order));
  }
}

void OrderDesk::greet() {
  list_open([this](const WorkingOrder& order) { return order.client_id == counter_.client_id; });
}

void OrderDesk::answer(const protocol::PlaceOrderRequest& request) {
  counter_.world.orders.place(counter_.client_id, request);
}

void OrderDesk::answer(const protocol::CancelOrderRequest& request) {
  counter_.world.orders.cancel(counter_.client_id, request.order_id.value_or(0));
}

void OrderDesk::answer(const protocol::GlobalCancelRequest&) { counter_.world.orders.cancel_all(); }

void OrderDesk::answer(const protocol::OpenOrdersRequest&) {
  greet();
  counter_.out.send(protocol::OpenOrdersEnd{});
}

void OrderDesk::answer(const protocol::AllOpenOrdersRequest&) {
  list_open([](const WorkingOrder&) { return true; });
  counter_.out.send(protocol::OpenOrdersEnd{});
}

void OrderDesk::answer(const protocol::AutoOpenOrdersRequest&) {
  if (counter_.client_id != 0) counter_.out.error(-1, 327, "Only the default client (i.e 0) can auto bind orders.");
}

void OrderDesk::answer(const protocol::CompletedOrdersRequest&) {
  for (const WorkingOrder& order : counter_.world.orders.completed()) counter_.out.send(completed_order(order));
  counter_.out.send(protocol::CompletedOrdersEnd{});
}

void OrderDesk::answer(const protocol::ExecutionRequest& request) {
  const auto filter = request.execution_filter.value_or(protocol::ExecutionFilter{});
  for (const Fill& fill : counter_.world.orders.fills()) {
    if (!matches(filter, fill, counter_.world.market.now())) continue;
    protocol::ExecutionDetails details = fill.execution;
    details.req_id = request.req_id;
    counter_.out.send(std::move(details));
    counter_.out.send(fill.commission);
  }
  protocol::ExecutionDetailsEnd end;
  end.req_id = request.req_id;
  counter_.out.send(std::move(end));
}

void OrderDesk::answer(const protocol::IdsRequest&) {
  protocol::NextValidId out;
  out.order_id = counter_.world.orders.next_order_id(counter_.client_id);
  counter_.out.send(std::move(out));
}

}  // namespace ibkr::mock
