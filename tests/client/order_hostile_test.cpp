// A server that is broken or means harm: nothing it tells crashes the order book, or makes it grow without bound.
#include <cmath>
#include <random>
#include <set>

#include "protocol/catalogue.h"
#include "protocol/random.h"
#include "tests/client/order_messages.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

// Without it: a NaN or a number of a thousand digits becomes an order's quantity, or ends the program.
TEST_CASE("numbers that are none count for nothing") {
  for (const char* units :
       {"NaN", "Infinity", "-Infinity", "-5", "1e999999999", "1e-999999999", "2147483647", "9223372036854775807",
        "1.7976931348623157E308", "170141183460469231731687303715884105727"}) {
    CAPTURE(units);
    const Decimal bad = *Decimal::parse(units);
    Desk desk;
    desk.sent(place(5, 100));
    auto open = open_order({.status = "Submitted"});
    open.as<protocol::OpenOrder>().order->total_quantity = bad;
    auto status = order_status({.status = "Submitted"});
    status.as<protocol::OrderStatus>().filled = bad;
    status.as<protocol::OrderStatus>().remaining = bad;
    status.as<protocol::OrderStatus>().avg_fill_price = std::nan("");
    status.as<protocol::OrderStatus>().last_fill_price = HUGE_VAL;
    std::vector<Message> messages = {open, status};
    for (int i = 0; i < 4; ++i) {
      auto fill = execution("a.0" + std::to_string(i) + ".01");
      fill.as<protocol::ExecutionDetails>().execution->shares = bad;
      fill.as<protocol::ExecutionDetails>().execution->cum_qty = bad;
      fill.as<protocol::ExecutionDetails>().execution->price = -HUGE_VAL;
      messages.push_back(fill);
      messages.push_back(commission("a.0" + std::to_string(i) + ".01", std::nan("")));
    }
    auto done = completed({.status = "Inactive"}, "");
    done.as<protocol::CompletedOrder>().order->total_quantity = bad;
    done.as<protocol::CompletedOrder>().order->filled_quantity = bad;
    messages.push_back(done);
    for (int round = 0; round < 2; ++round) {
      desk.came(messages);
      const OrderState state = desk.state();
      if (state.filled_quantity) CHECK(state.filled_quantity->is_finite());
      if (state.filled_quantity) CHECK(*state.filled_quantity >= Decimal(0));
      if (state.remaining_quantity) CHECK(state.remaining_quantity->is_finite());
      CHECK_FALSE(state.average_fill_price.has_value());
      CHECK_FALSE(state.last_fill_price.has_value());
      CHECK(state.commissions.empty());
      CHECK(state.fills_without_commission == 4);
    }
    CHECK(desk.came(messages).empty());
  }
}

// Without it: a message that lacks a part ends the program.
TEST_CASE("messages with nothing in them, and ids that are none") {
  Desk desk;
  for (const Message& empty :
       {Message(protocol::OpenOrder{}), Message(protocol::OrderStatus{}), Message(protocol::ExecutionDetails{}),
        Message(protocol::CommissionAndFeesReport{}), Message(protocol::CompletedOrder{}),
        Message(protocol::OrderBound{}), Message(protocol::ErrorMessage{}), Message(protocol::ExecutionDetailsEnd{}),
        error(-1, 2104, "farm"), error(0, 0, ""), error(-2147483648, 201, ""), error(99, 201, "of a request")}) {
    CHECK(desk.came(empty).empty());
  }
  desk.sent(Message(protocol::PlaceOrderRequest{}));
  desk.sent(Message(protocol::CancelOrderRequest{}));
  CHECK(desk.book.size() == 0);
  CHECK(desk.book.left_out() > 0);
  // A fill is never lost, even one that nothing ties to an order.
  const auto told = desk.came(execution("a.01.01", {.id = 0, .client = 0, .perm = 0}));
  CHECK(only<OrderExecuted>(told).size() == 1);
  CHECK(desk.came(execution("a.01.01", {.id = 0, .client = 0, .perm = 0})).empty());
  CHECK(desk.book.executions().size() == 1);
}

// Without it: a server that never stops talking about one order takes all memory.
TEST_CASE("one order's errors, states, texts, corrections and fills are bounded") {
  Desk desk({.done = 10, .open = 10, .fills_per_order = 100});
  desk.sent(place(5, 1000000));
  const std::string long_text(100000, 'x');
  for (int i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i);
    desk.came({order_status({.status = i % 2 == 0 ? "Submitted" : "PreSubmitted"}), error(5, 399, number + long_text),
               error(5, 399, number), order_status({.status = number + long_text}), execution("a.01." + number),
               execution("b" + number + ".01"), commission("unheard." + number, 1)});
  }
  const Order order = desk.order();
  CHECK(order.errors.size() == Order::kMostErrors);
  CHECK(order.errors.back().text == "299");
  CHECK(order.errors[14].text.size() == 4096);
  CHECK(order.history.size() == Order::kMostChanges);
  CHECK(order.state.status == OrderStatus::Unknown);
  CHECK(order.state.status_text.size() == 64);
  CHECK(desk.book.executions(order.number).size() == 100);
  CHECK(desk.book.left_out() > 0);
}

// Without it: commissions of fills that never come fill the memory.
TEST_CASE("commissions wait in a bounded room") {
  Desk desk;
  for (std::size_t i = 0; i < OrderBook::kMostWaiting + 5; ++i)
    desk.book.came(commission("x" + std::to_string(i), 1), {});
  CHECK(desk.book.left_out() == 5);
  CHECK(only<CommissionReported>(desk.came(execution("x0"))).empty());
  CHECK(only<CommissionReported>(desk.came(execution("x9", {.id = 6, .perm = 6}))).size() == 1);
}

// Without it: some combination of ids that no server has sent yet breaks the book's tables.
TEST_CASE("random messages with few ids: the book stays in order") {
  std::mt19937_64 random(5);
  Desk desk({.done = 5, .open = 8, .fills_per_order = 4});
  const auto small = [&](int most) { return static_cast<std::int32_t>(random() % static_cast<unsigned>(most)); };
  const auto statuses =
      std::vector<std::string>{"Submitted", "PreSubmitted", "Filled", "Cancelled", "Inactive", "", "?"};
  const auto status = [&] { return statuses[random() % statuses.size()]; };
  for (int i = 0; i < 20000; ++i) {
    Told told{.id = small(6) - 1,
              .client = small(2) == 0 ? kClient : small(3),
              .perm = small(8),
              .status = status(),
              .quantity = small(3) * 50,
              .limit = 150,
              .filled = small(150),
              .remaining = small(100)};
    const std::string exec = std::string(1, static_cast<char>('a' + small(12))) + ".0" + std::to_string(small(3));
    switch (small(14)) {
      case 0:
        desk.sent(place(told.id, 100, 150, small(4) == 0));
        break;
      case 1:
        desk.sent(cancel(told.id));
        break;
      case 2:
      case 3:
        desk.came(open_order(told));
        break;
      case 4:
      case 5:
        desk.came(order_status(told));
        break;
      case 6:
      case 7:
        desk.came(execution(exec, {.id = told.id, .client = told.client, .perm = told.perm, .shares = small(100)}));
        break;
      case 8:
        desk.came(commission(exec, 1 + small(3)));
        break;
      case 9:
        desk.came(completed(told, "done", small(2) == 0));
        break;
      case 10:
        desk.came(error(told.id, small(2) == 0 ? 201 : 161, "no"));
        break;
      case 11: {
        protocol::OrderBound bound;
        bound.perm_id = told.perm;
        bound.client_id = told.client;
        bound.order_id = told.id;
        desk.came(Message(bound));
        break;
      }
      case 12:
        desk.sent(small(2) == 0 ? Message(protocol::AllOpenOrdersRequest{}) : Message(protocol::GlobalCancelRequest{}));
        desk.came(Message(protocol::OpenOrdersEnd{}));
        break;
      case 13:
        if (small(20) == 0) desk.disconnected();
        break;
    }
    std::set<std::int64_t> perms;
    std::size_t open = 0;
    for (const Order& order : desk.book.all()) {
      if (order.perm_id) REQUIRE(perms.insert(*order.perm_id).second);
      if (order.perm_id) REQUIRE(desk.book.find_perm(*order.perm_id)->number == order.number);
      REQUIRE(desk.book.find(order.number)->number == order.number);
      if (order.is_own && !order.is_done()) ++open;
      (void)desk.book.relatives(order.number);
      (void)desk.book.standing(order.number, OrderGoal::ends());
    }
    for (const Order& order : desk.book.open()) REQUIRE_FALSE(order.is_done());
    REQUIRE(desk.book.size() <= 5 + 8 + 8);
    desk.events.clear();
  }
}

// Without it: some field of a message that we made up wrongly is read where it is unset.
TEST_CASE("random messages of every kind about orders") {
  std::mt19937_64 random(11);
  OrderBook book(kClient, {.done = 20, .open = 20, .fills_per_order = 20});
  for (int round = 0; round < 300; ++round) {
    for (const auto* type :
         {&protocol::OpenOrder::info, &protocol::OrderStatus::info, &protocol::ExecutionDetails::info,
          &protocol::CommissionAndFeesReport::info, &protocol::CompletedOrder::info, &protocol::OrderBound::info,
          &protocol::ErrorMessage::info}) {
      const Message message = protocol::random_message(*type, protocol::Wire::Protobuf, 226, random);
      book.came(message, Moment{});
      book.came(message, Moment{});
    }
    book.sent(protocol::random_message(protocol::PlaceOrderRequest::info, protocol::Wire::Protobuf, 226, random), {});
    REQUIRE(book.open().size() <= 20 + static_cast<std::size_t>(round) + 1);
  }
}
