// Contracts and orders of the usual kinds, as they go to TWS.
#include <limits>

#include "protocol/codec.h"
#include "tests/client/order_messages.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

// Without it: the first order that anybody sends with the library has a field missing that TWS refuses it for.
TEST_CASE("stocks, and market, limit and stop orders") {
  const protocol::Contract acme = stock("ACME");
  CHECK(acme.symbol == "ACME");
  CHECK(acme.sec_type == "STK");
  CHECK(acme.exchange == "SMART");
  CHECK(acme.currency == "USD");
  CHECK(*stock("ACME", "LSE", "GBP").currency == "GBP");

  const protocol::Order market = market_order(OrderSide::Sell, Decimal(100));
  CHECK(market.action == "SELL");
  CHECK(market.order_type == "MKT");
  CHECK(market.total_quantity == Decimal(100));
  CHECK(market.transmit == true);
  CHECK_FALSE(market.lmt_price.has_value());
  const protocol::Order limit = limit_order(OrderSide::Buy, Decimal(1), 150.25);
  CHECK(limit.action == "BUY");
  CHECK(limit.order_type == "LMT");
  CHECK(limit.lmt_price == 150.25);
  CHECK_FALSE(limit.aux_price.has_value());
  const protocol::Order stop = stop_order(OrderSide::Sell, Decimal(1), 140);
  CHECK(stop.order_type == "STP");
  CHECK(stop.aux_price == 140.0);
  CHECK_FALSE(stop.lmt_price.has_value());
}

// Without it: 0.1 shares become 0.1000000000000000055, which TWS rounds or refuses.
TEST_CASE("quantities are the decimals that were written") {
  CHECK(quantity_of(0.1).to_string() == "0.1");
  CHECK(quantity_of(100).to_string() == "100");
  CHECK(quantity_of(1e22) == *Decimal::parse("1e22"));
  CHECK(quantity_of(std::numeric_limits<double>::infinity()).is_nan());
  CHECK(quantity_of(std::numeric_limits<double>::quiet_NaN()).is_nan());
}

// Without it: an entry is in the market without its exits, or an exit without its entry.
TEST_CASE("a bracket: ids, sides, parents, and who is held back") {
  for (const bool buys : {true, false}) {
    const OrderSide side = buys ? OrderSide::Buy : OrderSide::Sell;
    const Bracket three = bracket(20, stock("ACME"), side, Decimal(10), {150, 160, 140});
    CHECK(three.entry.order_id == 20);
    CHECK(three.take_profit.order_id == 21);
    CHECK(three.stop_loss.order_id == 22);
    CHECK(three.entry.order->action == (buys ? "BUY" : "SELL"));
    CHECK(three.take_profit.order->action == (buys ? "SELL" : "BUY"));
    CHECK(three.stop_loss.order->action == (buys ? "SELL" : "BUY"));
    CHECK(three.entry.order->transmit == false);
    CHECK(three.take_profit.order->transmit == false);
    CHECK(three.stop_loss.order->transmit == true);
    CHECK_FALSE(three.entry.order->parent_id.has_value());
    CHECK(three.take_profit.order->parent_id == 20);
    CHECK(three.stop_loss.order->parent_id == 20);
    CHECK(three.take_profit.order->lmt_price == 160.0);
    CHECK(three.stop_loss.order->aux_price == 140.0);
    CHECK(three.entry.order->order_type == "LMT");
    CHECK(three.stop_loss.contract->symbol == "ACME");
  }
  CHECK(bracket(1, stock("ACME"), OrderSide::Buy, Decimal(1), {{}, 160, 140}).entry.order->order_type == "MKT");
}

// Without it: a helper sets a field that a supported server version cannot be told.
TEST_CASE("what the helpers make goes to every server version") {
  std::vector<protocol::Order> group = {limit_order(OrderSide::Buy, Decimal(1), 10)};
  one_cancels_all(group, "mine", OcaFill::Reduce);
  CHECK(group[0].oca_group == "mine");
  CHECK(group[0].oca_type == 3);
  Bracket three = bracket(20, stock("ACME"), OrderSide::Buy, Decimal(10), {150, 160, 140});
  three.entry.order->oca_group = group[0].oca_group;
  three.entry.order->oca_type = group[0].oca_type;
  for (int version = 100; version <= 226; ++version) {
    for (const auto& request : {three.entry, three.take_profit, three.stop_loss}) {
      CAPTURE(version);
      std::string payload;
      const auto encoded = protocol::encode(Message(request), version, payload);
      REQUIRE(encoded);
    }
  }
}
