// Contracts and orders of the usual kinds, as the plain structs of the protocol: to be sent as they are, or with any
// further field set first. No connection is needed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "client/order.h"
#include "protocol/decimal.h"
#include "protocol/messages.h"

namespace ibkr::client {

/// A stock. SMART lets IBKR choose the exchange order by order; `currency` is the one that it is traded in. Symbols
/// that several exchanges use for different stocks need `primary_exch` set, too.
protocol::Contract stock(std::string_view symbol, std::string_view exchange = "SMART",
                         std::string_view currency = "USD");

/// The decimal that this double was written as: 0.1 is 0.1. What is not finite becomes NaN, which no order can have.
protocol::Decimal quantity_of(double units);

/// Orders for `quantity` units (above 0: shares, contracts; the side says the direction), good for the day, sent on to
/// the market at once (transmit). Prices are in the contract's currency, on its grid of price steps. Market: at
/// whatever price the market gives.
protocol::Order market_order(OrderSide side, protocol::Decimal quantity);
/// Limit: at `limit_price` or better.
protocol::Order limit_order(OrderSide side, protocol::Decimal quantity, double limit_price);
/// Stop: a market order once the market has come to `stop_price`: up to it for a buy, down to it for a sale.
protocol::Order stop_order(OrderSide side, protocol::Decimal quantity, double stop_price);

/// Prices of a bracket, in the contract's currency.
struct BracketPrices {
  std::optional<double> entry_limit;  ///< none: the entry is a market order
  double take_profit = 0;             ///< limit of the exit with a profit
  double stop_loss = 0;               ///< stop of the exit with a loss
};

/// An entry with two exits of the other side. The exits wait until the entry is filled; the fill of one exit cancels
/// the other. TWS holds the first two back until the third has come (transmit), so that the entry never stands without
/// its exits: all three have to be sent, in this order.
struct Bracket {
  protocol::PlaceOrderRequest entry, take_profit, stop_loss;
};
/// With the order ids `first_order_id` and the two behind it, which nobody else may use.
Bracket bracket(std::int32_t first_order_id, const protocol::Contract& contract, OrderSide side,
                protocol::Decimal quantity, const BracketPrices& prices);

/// What the fill of one order does to the others of its group.
enum class OcaFill : std::int32_t {
  CancelWithBlock = 1,  ///< cancels them; only one works in the market at a time, so that no two can fill
  ReduceWithBlock = 2,  ///< lowers their quantities by what was filled, with the same protection
  Reduce = 3,           ///< lowers them without it: faster, and two may fill
};

/// Makes a group of one-cancels-all of these orders: `group` is any text that names no other group of the account's.
void one_cancels_all(std::span<protocol::Order> orders, std::string_view group, OcaFill on_fill);

}  // namespace ibkr::client
