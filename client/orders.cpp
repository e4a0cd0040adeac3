#include "client/orders.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace ibkr::client {
namespace {

using protocol::Decimal;

protocol::Order order_of(OrderSide side, Decimal quantity, std::string_view type) {
  protocol::Order order;
  order.action = side == OrderSide::Buy ? "BUY" : "SELL";
  order.total_quantity = std::move(quantity);
  order.order_type = type;
  order.tif = "DAY";
  order.transmit = true;
  return order;
}

}  // namespace

protocol::Contract stock(std::string_view symbol, std::string_view exchange, std::string_view currency) {
  protocol::Contract contract;
  contract.symbol = symbol;
  contract.sec_type = "STK";
  contract.exchange = exchange;
  contract.currency = currency;
  return contract;
}

Decimal quantity_of(double units) {
  const auto nan = [] { return *Decimal::parse("NaN"); };
  if (!std::isfinite(units)) return nan();
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), units);
  return Decimal::parse({text.data(), written.ptr}).value_or(nan());
}

protocol::Order market_order(OrderSide side, Decimal quantity) { return order_of(side, std::move(quantity), "MKT"); }

protocol::Order limit_order(OrderSide side, Decimal quantity, double limit_price) {
  protocol::Order order = order_of(side, std::move(quantity), "LMT");
  order.lmt_price = limit_price;
  return order;
}

protocol::Order stop_order(OrderSide side, Decimal quantity, double stop_price) {
  protocol::Order order = order_of(side, std::move(quantity), "STP");
  order.aux_price = stop_price;
  return order;
}

Bracket bracket(std::int32_t first_order_id, const protocol::Contract& contract, OrderSide side, Decimal quantity,
                const BracketPrices& prices) {
  const OrderSide exit = side == OrderSide::Buy ? OrderSide::Sell : OrderSide::Buy;
  Bracket bracket;
  bracket.entry.order =
      prices.entry_limit ? limit_order(side, quantity, *prices.entry_limit) : market_order(side, quantity);
  bracket.take_profit.order = limit_order(exit, quantity, prices.take_profit);
  bracket.stop_loss.order = stop_order(exit, std::move(quantity), prices.stop_loss);
  std::int32_t order_id = first_order_id;
  for (auto* request : {&bracket.entry, &bracket.take_profit, &bracket.stop_loss}) {
    request->order_id = order_id;
    request->order->order_id = order_id++;
    request->contract = contract;
    request->order->transmit = request == &bracket.stop_loss;
    if (request != &bracket.entry) request->order->parent_id = first_order_id;
  }
  return bracket;
}

void one_cancels_all(std::span<protocol::Order> orders, std::string_view group, OcaFill on_fill) {
  for (protocol::Order& order : orders) {
    order.oca_group = group;
    order.oca_type = static_cast<std::int32_t>(on_fill);
  }
}

}  // namespace ibkr::client
