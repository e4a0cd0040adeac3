#include "mock/order_messages.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ibkr::mock {

using protocol::Decimal;

protocol::OpenOrder open_order(const WorkingOrder& order) {
  protocol::OpenOrder out;
  out.order_id = order.order_id;
  out.contract = order.contract;
  out.order = order.order;
  out.order_state.emplace();
  out.order_state->status = status_text(order.phase);
  if (order.phase == OrderPhase::Filled && order.commission > 0) {
    out.order_state->commission_and_fees = order.commission;
    out.order_state->commission_and_fees_currency = order.contract.currency;
  }
  return out;
}

protocol::OrderStatus order_status(const WorkingOrder& order) {
  protocol::OrderStatus out;
  out.order_id = order.order_id;
  out.status = status_text(order.phase);
  out.filled = order.filled;
  out.remaining = order.remaining();
  out.avg_fill_price = order.average_price;
  out.perm_id = order.perm_id;
  out.parent_id = order.order.parent_id.value_or(0);
  out.last_fill_price = order.last_price;
  out.client_id = order.client_id;
  out.why_held = "";
  out.mkt_cap_price = 0;
  return out;
}

protocol::CompletedOrder completed_order(const WorkingOrder& order) {
  protocol::CompletedOrder out;
  out.contract = order.contract;
  out.order = order.order;
  out.order->total_quantity = order.remaining();
  out.order->filled_quantity = order.filled;
  out.order_state.emplace();
  out.order_state->status = status_text(order.phase);
  out.order_state->completed_time = eastern_time(order.ended_at);
  out.order_state->completed_status = order.phase == OrderPhase::Filled ? "Filled Size: " + order.filled.to_string()
                                      : order.phase == OrderPhase::Cancelled ? "Cancelled by Trader"
                                                                             : "Rejected by System";
  return out;
}

protocol::OpenOrder what_if_answer(const WorkingOrder& order, const MarginCheck& check) {
  protocol::OpenOrder out = open_order(order);
  auto& state = *out.order_state;
  state.status = status_text(OrderPhase::PreSubmitted);
  state.init_margin_before = check.initial_before;
  state.init_margin_change = check.initial_change;
  state.init_margin_after = check.initial_before + check.initial_change;
  state.maint_margin_before = check.maintenance_before;
  state.maint_margin_change = check.maintenance_change;
  state.maint_margin_after = check.maintenance_before + check.maintenance_change;
  const double commission = commission_for(*order.instrument, order.quantity);
  state.equity_with_loan_before = check.equity;
  state.equity_with_loan_change = -commission;
  state.equity_with_loan_after = check.equity - commission;
  state.commission_and_fees = commission;
  state.commission_and_fees_currency = state.margin_currency = order.contract.currency;
  return out;
}

Fill make_fill(const WorkingOrder& order, Decimal quantity, std::string exec_id, Seconds at) {
  constexpr std::int32_t kRemovedLiquidity = 2;
  Fill done;
  done.at = at;
  done.execution.req_id = -1;
  done.execution.contract = order.contract;
  auto& execution = done.execution.execution.emplace();
  execution.order_id = order.order_id;
  execution.exec_id = std::move(exec_id);
  execution.time = eastern_time(at);
  execution.acct_number = order.account->name();
  execution.exchange = order.contract.exchange;
  if (execution.exchange == "SMART") execution.exchange = "ISLAND";
  execution.side = order.is_buy() ? "BOT" : "SLD";
  execution.shares = quantity;
  execution.price = order.last_price;
  execution.perm_id = order.perm_id;
  execution.client_id = order.client_id;
  execution.cum_qty = order.filled;
  execution.avg_price = order.average_price;
  execution.order_ref = order.order.order_ref;
  execution.model_code = order.order.model_code;
  execution.last_liquidity = kRemovedLiquidity;
  done.commission.exec_id = execution.exec_id;
  done.commission.currency = order.contract.currency;
  done.commission.bond_yield = std::numeric_limits<double>::max();
  return done;
}

double commission_for(const Instrument& instrument, Decimal quantity) {
  return std::max(instrument.least_commission, instrument.commission_per_unit * quantity.to_double());
}

}  // namespace ibkr::mock
