// The order book on what real servers and the mock tell.
#include "protocol/codec.h"
#include "tests/client/order_messages.h"
#include "tests/mock/client.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

namespace {

/// A text payload as people show it, decoded.
Message decoded(int version, std::string shown) {
  for (char& c : shown)
    if (c == '|') c = '\0';
  auto message = protocol::decode(protocol::Direction::In, version, shown);
  REQUIRE(message);
  return std::move(*message);
}

}  // namespace

// Without it: the numbers of a real Gateway (its marks for unset, its spellings) end up in what an app reads.
TEST_CASE("what a Gateway told of one filled market order, as text") {
  constexpr std::int32_t kGatewayClient = 100;
  OrderBook book(kGatewayClient);
  const Moment now{};
  const auto came = [&](int version, const std::string& shown) { return book.came(decoded(version, shown), now); };
  const std::string max = "1.7976931348623157E308";
  // What it cost: commission, the least, the most, their currency, a warning.
  const auto open = [&](const std::string& status, const std::string& cost) {
    std::string margins, adjusted;
    for (int i = 0; i < 9; ++i) margins += max + "|";
    for (int i = 0; i < 6; ++i) adjusted += max + "|";
    return "5|13|1001|ACME|STK||0|?||SMART|USD|ACME|NMS|BUY|100|MKT|0.0|0.0|DAY||DU1234567||0||100|700001|0|0|0||"
           "700001.0/DU1234567/"
           "100||||||||||0||-1|0||||||2147483647|0|0|0||3|0|0||0|0||0|None||0||||?|0|0||0|0||||||0|0|"
           "0|2147483647|2147483647|||0||IB|0|0||0|0|" +
           status + "|" + margins + cost + "0|0|0|None|" + adjusted + "0||||0|1|0|0|0|||0|";
  };
  const std::string unknown = max + "|" + max + "|" + max + "|||";
  came(163, open("PreSubmitted", unknown));
  came(163, "3|13|PreSubmitted|0|100|0|700001|0|0|100||0|");
  const auto events =
      came(163,
           "11|-1|13|1001|ACME|STK||0.0|||ISLAND|USD|ACME|NMS|0000e0d5.00000001.01.01|20230224  12:04:56|"
           "DU1234567|ISLAND|BOT|100|196.52|700001|100|0|100|196.52|||||2|");
  CHECK(only<OrderExecuted>(events).size() == 1);
  came(163, open("Filled", "1.0|||USD||"));
  came(163, "3|13|Filled|100|0|196.52|700001|0|196.52|100||0|");
  came(163, open("Filled", unknown));
  came(163, "59|1|0000e0d5.00000001.01.01|1.0|USD|" + max + "|" + max + "||");
  came(163, "102|");

  REQUIRE(book.size() == 1);
  const auto order = book.find_own(13);
  REQUIRE(order.has_value());
  CHECK(order->perm_id == 700001);
  CHECK(order->state.ending == OrderEnding::Filled);
  CHECK(order->state.filled_quantity == Decimal(100));
  CHECK(order->state.remaining_quantity == Decimal(0));
  CHECK(order->state.average_fill_price == 196.52);
  CHECK(order->state.commissions == std::vector<Money>{{"USD", 1}});
  CHECK_FALSE(order->state.market_cap_price.has_value());
  CHECK(order->state.warning.empty());
  const auto fills = book.executions(order->number);
  REQUIRE(fills.size() == 1);
  CHECK_FALSE(fills[0].commission->realized_pnl.has_value());
  CHECK_FALSE(fills[0].commission->bond_yield.has_value());
}

// Without it: the quantity left over in the list of completed orders passes for the quantity of the order.
TEST_CASE("completed orders as a Gateway lists them, without order ids") {
  OrderBook book(100);
  const std::string max = "1.7976931348623157E308";
  const auto completed = [&](const std::string& perm, const std::string& left, const std::string& filled,
                             const std::string& status, const std::string& words) {
    return decoded(151, "101|1001|ACME|STK||0|?||SMART|USD|ACME|NMS|BUY|" + left + "|MKT|0.0|0.0|DAY||DU1234567||0||" +
                            perm +
                            "|0|0|0|||||||||||0||-1||||||2147483647|0|0||3|0||0|None||0|0|0||0|0||||0|0|0|2147483647|"
                            "2147483647||||IB|0|0||0|" +
                            status + "|0|0|0|" + max + "|" + max + "|0|1|0||" + filled +
                            "|2147483647|0|Not an insider or substantial shareholder|0|0|9223372036854775807|20230306 "
                            "12:28:30 America/Los_Angeles|" +
                            words + "|");
  };
  book.came(completed("700002", "0", "100", "Filled", "Filled Size: 100"), Moment{});
  book.came(completed("700003", "400", "600", "Cancelled", "Cancelled by Trader"), Moment{});
  const auto filled = book.find_perm(700002), cancelled = book.find_perm(700003);
  REQUIRE(filled.has_value());
  REQUIRE(cancelled.has_value());
  CHECK(filled->state.ending == OrderEnding::Filled);
  CHECK(filled->state.filled_quantity == Decimal(100));
  CHECK(cancelled->state.ending == OrderEnding::Cancelled);
  CHECK(cancelled->request->total_quantity == Decimal(1000));
  CHECK(cancelled->state.remaining_quantity == Decimal(400));
  CHECK(cancelled->state.completed_status == "Cancelled by Trader");
  CHECK(book.open().empty());
}

namespace {

/// A client of the mock whose book sees all that it sends and gets.
struct Trader {
  Trader(net::Loop& loop, const mock::test::Mock& mock, int version)
      : client(loop, mock, kClient, version), book(kClient) {
    client.start();
  }
  template <class Body>
  void send(const Body& body) {
    keep(book.sent(Message(body), Moment{}));
    client.send(body);
  }
  void send(const Message& message) { send(message.as<protocol::PlaceOrderRequest>()); }
  /// Takes what has come since the last time.
  void take() {
    for (const Message& message : client.seen) keep(book.came(message, Moment{}));
    client.seen.clear();
  }
  void keep(std::vector<OrderEvent> some) { events.insert(events.end(), some.begin(), some.end()); }
  OrderState state(std::int32_t id) const {
    const auto order = book.find_own(id);
    REQUIRE(order.has_value());
    return order->state;
  }

  mock::test::Client client;
  OrderBook book;
  std::vector<OrderEvent> events;
};

}  // namespace

// Without it: the book agrees with our idea of TWS's messages, and with no server that writes them.
TEST_CASE("every version: orders at the mock from their placing to the lists that are asked for later") {
  for (const int version : {100, 142, 150, 178, 200, 201, 203, 213, 226}) {
    CAPTURE(version);
    net::Loop loop;
    const mock::test::Mock mock(loop, version);
    Trader trader(loop, mock, version);
    const auto order = [](std::int32_t id, protocol::Order one) {
      protocol::PlaceOrderRequest request;
      request.order_id = id;
      request.contract = stock("AAPL");
      request.order = std::move(one);
      return request;
    };
    protocol::CancelOrderRequest cancel;
    cancel.order_cancel.emplace();

    trader.send(order(1, market_order(OrderSide::Buy, Decimal(100))));
    trader.client.wait<protocol::CommissionAndFeesReport>();
    trader.send(order(2, limit_order(OrderSide::Buy, Decimal(10), 10.0)));
    trader.client.wait_status(2, "Submitted");
    trader.take();
    trader.send(order(2, limit_order(OrderSide::Buy, Decimal(20), 11.0)));
    trader.client.settle();
    trader.take();
    CHECK_FALSE(trader.state(2).is_change_pending);
    CHECK(trader.state(2).remaining_quantity == Decimal(20));
    cancel.order_id = 2;
    trader.send(cancel);
    trader.client.wait_error(202);
    trader.send(cancel);
    trader.client.wait_error(10148);
    trader.send(order(3, limit_order(OrderSide::Buy, Decimal(10), 10.001)));
    trader.client.wait_error(110);
    trader.send(order(4, market_order(OrderSide::Buy, Decimal(1000000))));
    trader.client.wait_status(4, "Inactive");
    auto check = order(5, market_order(OrderSide::Buy, Decimal(100)));
    check.order->what_if = true;
    trader.send(check);
    trader.client.settle();
    trader.take();

    CHECK(trader.state(1).ending == OrderEnding::Filled);
    CHECK(trader.state(1).fills_without_commission == 0);
    CHECK(trader.state(1).average_fill_price == trader.state(1).last_fill_price);
    CHECK(trader.state(2).ending == OrderEnding::Cancelled);
    CHECK(trader.state(3).ending == OrderEnding::Rejected);
    CHECK(trader.state(4).ending == OrderEnding::Rejected);
    CHECK(trader.book.size() == 4);
    CHECK(trader.client.problems.empty());

    // All lists again: nothing is news.
    const std::size_t before = trader.events.size();
    trader.send(protocol::OpenOrdersRequest{});
    trader.client.wait<protocol::OpenOrdersEnd>();
    protocol::ExecutionRequest executions;
    executions.req_id = 9000;
    trader.send(executions);
    trader.client.wait<protocol::ExecutionDetailsEnd>();
    trader.take();
    CHECK(trader.events.size() == before);
    if (version < 150) continue;
    trader.send(protocol::CompletedOrdersRequest{});
    trader.client.wait<protocol::CompletedOrdersEnd>();
    trader.take();
    CHECK(trader.book.size() == 4);
    CHECK(trader.state(1).completed_status == "Filled Size: 100");
    CHECK(only<OrderExecuted>(trader.events).size() == 1);
  }
}

// Without it: a bracket's exits at a real server look otherwise than in our own made-up messages.
TEST_CASE("a bracket at the mock: the exits wait, and one takes the other with it") {
  net::Loop loop;
  const mock::test::Mock mock(loop);
  Trader trader(loop, mock, 226);
  const Bracket three = bracket(1, stock("AAPL"), OrderSide::Buy, Decimal(10), {{}, 500, 100});
  for (const auto& request : {three.entry, three.take_profit, three.stop_loss}) trader.send(request);
  trader.client.wait_status(1, "Filled");
  trader.client.wait_status(2, "Submitted");
  protocol::CancelOrderRequest cancel;
  cancel.order_id = 2;
  cancel.order_cancel.emplace();
  trader.send(cancel);
  trader.client.wait_status(3, "Cancelled");
  trader.client.settle();
  trader.take();
  CHECK(trader.state(1).ending == OrderEnding::Filled);
  CHECK(trader.state(2).ending == OrderEnding::Cancelled);
  CHECK(trader.state(3).ending == OrderEnding::Cancelled);
  CHECK(trader.book.relatives(trader.book.find_own(1)->number).size() == 2);
  CHECK(trader.book.open().empty());
}
