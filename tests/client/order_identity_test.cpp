// Which messages are about one order, and what is left of it across a reconnect.
#include "tests/client/order_messages.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

// Without it: an order has two entries, and half of its life in each.
TEST_CASE("seen first by order id and later by perm id, it is one order") {
  Desk desk;
  desk.sent(place(5, 100));
  const OrderNumber number = desk.order().number;
  // A list of completed orders told as text has perm ids only: nothing ties it to the order yet.
  desk.came(completed({.status = "Filled", .filled = 100, .remaining = 0}, "Filled Size: 100"));
  CHECK(desk.book.size() == 2);
  const OrderNumber younger = desk.book.find_perm(kPerm)->number;
  desk.came(execution("a.01.01", {.req_id = 9000}));  // has both
  REQUIRE(desk.book.size() == 1);
  const Order order = desk.order();
  CHECK(order.number == number);
  CHECK(order.perm_id == kPerm);
  CHECK(order.state.ending == OrderEnding::Filled);
  CHECK(order.state.completed_status == "Filled Size: 100");
  CHECK(desk.book.find(younger)->number == number);
  CHECK(desk.book.find_perm(kPerm)->number == number);
  CHECK(desk.book.open().empty());
  CHECK(desk.book.executions().size() == 1);
}

// Without it: below server version 204 every order is doubled by the list of completed ones.
TEST_CASE("a completed order is found by its perm id, or by the ids that newer servers tell") {
  Desk desk;
  desk.sent(place(5, 1000));
  desk.came(open_order({.status = "Submitted", .quantity = 1000}));
  desk.came(completed({.status = "Cancelled", .filled = 600, .remaining = 400}, "Cancelled by Trader"));
  CHECK(desk.book.size() == 1);
  CHECK(desk.state().status == OrderStatus::Cancelled);
  CHECK(desk.state().filled_quantity == Decimal(600));
  CHECK(desk.state().remaining_quantity == Decimal(400));
  CHECK(desk.order().request->total_quantity == Decimal(1000));

  desk.sent(place(6, 100));
  desk.came(completed({.id = 6, .perm = 2, .status = "Inactive", .filled = 0, .remaining = 100}, "Rejected", true));
  CHECK(desk.book.size() == 2);
  CHECK(desk.state(6).ending == OrderEnding::Rejected);

  // An order of yesterday, of which nothing else is known: what was ordered is the sum.
  desk.came(completed({.perm = 3, .status = "Filled", .filled = 7, .remaining = 0}, "Filled Size: 7"));
  const auto old = desk.book.find_perm(3);
  REQUIRE(old.has_value());
  CHECK(old->request->total_quantity == Decimal(7));
  CHECK(old->id() == "perm 3");
  CHECK_FALSE(old->is_own);
}

// Without it: another client's order 5 and the app's own are mixed up, and the app cancels the wrong one.
TEST_CASE("orders of other clients and manual ones are kept apart") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came({open_order({.id = 5, .client = 3, .perm = 31, .status = "Submitted"}),
             open_order({.id = 0, .client = 0, .perm = 41, .status = "Submitted"}),
             open_order({.id = 0, .client = 0, .perm = 42, .status = "PreSubmitted"}),
             open_order({.id = -8, .client = 0, .perm = 43, .status = "Submitted"}), error(5, 201, "mine")});
  CHECK(desk.book.size() == 5);
  CHECK(desk.state().ending == OrderEnding::Rejected);
  CHECK_FALSE(desk.order().perm_id.has_value());
  const auto theirs = desk.book.find_of(3, 5);
  REQUIRE(theirs.has_value());
  CHECK(theirs->id() == "3/5");
  CHECK_FALSE(theirs->is_own);
  CHECK(theirs->errors.empty());
  CHECK(desk.book.find_perm(42)->state.status == OrderStatus::PreSubmitted);
  CHECK(desk.book.find_perm(43)->id() == "perm 43");
  for (const Order& order : desk.book.all()) CHECK(desk.book.find_id(order.id())->number == order.number);
  for (const char* none : {"", "x", "5/", "/5", "perm", "perm x", "99", "99999999999999999999", "4294967301"})
    CHECK_FALSE(desk.book.find_id(none).has_value());

  desk.came(order_status({.id = 0, .client = 0, .perm = 41, .status = "Cancelled"}));
  CHECK(desk.book.find_perm(41)->state.status == OrderStatus::Cancelled);
  CHECK(desk.book.find_perm(42)->state.status == OrderStatus::PreSubmitted);

  // A message that says no client id goes by its perm id first.
  auto bare = order_status({.id = 5, .perm = 31, .status = "PendingCancel"});
  bare.as<protocol::OrderStatus>().client_id = std::nullopt;
  desk.came(bare);
  CHECK(desk.book.find_of(3, 5)->state.status == OrderStatus::PendingCancel);
  CHECK(desk.state().status == OrderStatus::New);
}

// Without it: an order that client 0 took over from TWS has two entries.
TEST_CASE("an order made in TWS that is bound to an order id is the same one") {
  Desk desk;
  desk.came(open_order({.id = 0, .client = 0, .perm = 41, .status = "Submitted"}));
  const OrderNumber number = desk.book.find_perm(41)->number;
  protocol::OrderBound bound;
  bound.perm_id = 41;
  bound.client_id = kClient;
  bound.order_id = 12;
  CHECK(only<OrderChanged>(desk.came(Message(bound))).size() == 1);
  CHECK(desk.order(12).number == number);
  CHECK(desk.order(12).is_own);
  desk.came(order_status({.id = 12, .perm = 41, .status = "Cancelled"}));
  CHECK(desk.state(12).ending == OrderEnding::Cancelled);
  CHECK(desk.book.size() == 1);
}

// Without it: where ids were reset in TWS, today's order has yesterday's fills.
TEST_CASE("an order id that comes back with another perm id is another order") {
  Desk desk;
  desk.came({open_order({.perm = 1, .status = "Submitted"}),
             order_status({.perm = 1, .status = "Filled", .filled = 100, .remaining = 0}),
             open_order({.perm = 2, .status = "Submitted"})});
  CHECK(desk.book.size() == 2);
  CHECK(desk.order(5).perm_id == 2);
  CHECK_FALSE(desk.order(5).is_done());
  CHECK(desk.book.find_perm(1)->is_done());
  desk.came(order_status({.perm = 1, .status = "Filled", .filled = 100, .remaining = 0, .average = 150}));
  CHECK_FALSE(desk.order(5).is_done());
  // One that a list of the past tells of does not take the id from the one that has it.
  desk.came(completed({.perm = 3, .status = "Filled", .filled = 100, .remaining = 0}, "Filled Size: 100", true));
  desk.came(execution("a.01.01", {.perm = 4}));
  CHECK(desk.book.size() == 4);
  CHECK(desk.order(5).perm_id == 2);
}

// Without it: what happened while the connection was away is lost, or happens twice.
TEST_CASE("a reconnect: what happened in between comes once") {
  Desk desk;
  for (const std::int32_t id : {5, 6, 7}) {
    desk.sent(place(id, 100));
    desk.came(open_order({.id = id, .perm = id, .status = "Submitted"}));
    desk.came(order_status({.id = id, .perm = id, .status = "Submitted"}));
  }
  desk.came({execution("a.01.01", {.id = 5, .perm = 5, .shares = 40, .cumulative = 40}), commission("a.01.01", 1)});
  desk.sent(cancel(7));
  const auto lost = only<OrderChanged>(desk.disconnected());
  REQUIRE(lost.size() == 1);
  CHECK_FALSE(lost[0].order.state.is_cancel_pending);

  const auto ask = desk.book.standing(desk.order(5).number, OrderGoal::ends());
  REQUIRE(ask.has_value());
  CHECK(ask->outcome == OrderStanding::Outcome::Open);
  CHECK(ask->ask_open_orders);

  const auto resync = [&] {
    std::vector<OrderEvent> events;
    const auto take = [&](std::vector<OrderEvent> some) { events.insert(events.end(), some.begin(), some.end()); };
    take(desk.sent(Message(protocol::OpenOrdersRequest{})));
    take(desk.came({open_order({.id = 6, .perm = 6, .status = "Submitted"}),
                    order_status({.id = 6, .perm = 6, .status = "Submitted"}), Message(protocol::OpenOrdersEnd{})}));
    protocol::ExecutionRequest executions;
    executions.req_id = 9000;
    take(desk.sent(Message(executions)));
    protocol::ExecutionDetailsEnd end;
    end.req_id = 9000;
    take(desk.came({execution("a.01.01", {.id = 5, .perm = 5, .req_id = 9000, .shares = 40, .cumulative = 40}),
                    commission("a.01.01", 1),
                    execution("a.02.01", {.id = 5, .perm = 5, .req_id = 9000, .shares = 60, .cumulative = 100}),
                    commission("a.02.01", 1), Message(end)}));
    take(desk.sent(Message(protocol::CompletedOrdersRequest{})));
    take(desk.came({completed({.perm = 5, .status = "Filled", .filled = 100, .remaining = 0}, "Filled Size: 100"),
                    Message(protocol::CompletedOrdersEnd{})}));
    return events;
  };
  const auto first = resync();
  CHECK(only<OrderExecuted>(first).size() == 1);
  CHECK(only<CommissionReported>(first).size() == 1);
  CHECK(desk.state(5).ending == OrderEnding::Filled);
  CHECK(desk.state(5).commissions == std::vector<Money>{{"USD", 2}});
  CHECK_FALSE(desk.state(6).is_missing);
  // Order 7 is in no list: it is told so, and nothing is made up about it.
  CHECK(desk.state(7).is_missing);
  CHECK(desk.state(7).status == OrderStatus::Submitted);
  const auto nowhere = desk.book.standing(desk.order(7).number, OrderGoal::ends());
  CHECK_FALSE(nowhere->ask_open_orders);
  CHECK_FALSE(nowhere->ask_executions);
  CHECK_FALSE(nowhere->ask_completed_orders);
  const auto working = desk.book.standing(desk.order(6).number, OrderGoal::ends());
  CHECK(working->outcome == OrderStanding::Outcome::Open);
  CHECK_FALSE(working->ask_executions);

  desk.disconnected();
  CHECK(resync().empty());
  desk.came(order_status({.id = 7, .perm = 7, .status = "Submitted"}));
  CHECK_FALSE(desk.state(7).is_missing);
}

// Without it: an order that was placed while the list was on its way is called missing.
TEST_CASE("only what was known before a list was asked for can be missing from it") {
  Desk desk;
  desk.sent(place(4, 100));
  auto held = place(6, 100);
  held.as<protocol::PlaceOrderRequest>().order->transmit = false;
  desk.sent(held);
  desk.came(open_order({.id = 9, .client = 3, .perm = 9, .status = "Submitted"}));
  desk.came(open_order({.id = 0, .client = 0, .perm = 10, .status = "Submitted"}));
  desk.sent(Message(protocol::OpenOrdersRequest{}));
  desk.sent(place(5, 100));
  desk.came(Message(protocol::OpenOrdersEnd{}));
  CHECK(desk.state(4).is_missing);
  CHECK_FALSE(desk.state(5).is_missing);
  CHECK_FALSE(desk.state(6).is_missing);
  CHECK_FALSE(desk.book.find_of(3, 9)->state.is_missing);
  CHECK_FALSE(desk.book.find_perm(10)->state.is_missing);
  CHECK(desk.came(Message(protocol::OpenOrdersEnd{})).empty());  // of a request that somebody else made

  const auto placed = desk.book.standing(desk.order(5).number, OrderGoal::reaches(OrderStatus::Submitted));
  CHECK(placed->ask_open_orders);
  desk.sent(Message(protocol::AllOpenOrdersRequest{}));
  desk.came(Message(protocol::OpenOrdersEnd{}));
  CHECK(desk.book.find_of(3, 9)->state.is_missing);
  const auto listed = desk.book.standing(desk.order(5).number, OrderGoal::reaches(OrderStatus::Submitted));
  CHECK_FALSE(listed->ask_open_orders);
  CHECK(listed->ask_executions);

  // A list with a filter says nothing about what it leaves out.
  protocol::ExecutionRequest some;
  some.req_id = 9000;
  some.execution_filter.emplace();
  some.execution_filter->symbol = "ACME";
  desk.sent(Message(some));
  protocol::ExecutionDetailsEnd end;
  end.req_id = 9000;
  desk.came(Message(end));
  CHECK(desk.book.standing(desk.order(5).number, OrderGoal::ends())->ask_executions);
  CHECK_FALSE(desk.book.standing(4711, OrderGoal::ends()).has_value());
}

// Without it: waits end too late or never, or an order that was rejected is waited for.
TEST_CASE("goals: reached by what was seen, or out of reach") {
  Desk desk;
  desk.sent(place(5, 100));
  const OrderNumber number = desk.order().number;
  const auto outcome = [&](const OrderGoal& goal) { return desk.book.standing(number, goal)->outcome; };
  using Outcome = OrderStanding::Outcome;
  CHECK(outcome(OrderGoal::reaches(OrderStatus::Submitted)) == Outcome::Open);
  desk.came(order_status({.status = "Submitted", .filled = 40, .remaining = 60}));
  CHECK(outcome(OrderGoal::reaches(OrderStatus::PreSubmitted)) == Outcome::Reached);
  CHECK(outcome(OrderGoal::fills(Decimal(40))) == Outcome::Reached);
  CHECK(outcome(OrderGoal::fills(Decimal(41))) == Outcome::Open);
  desk.came(order_status({.status = "PendingCancel", .filled = 40, .remaining = 60}));
  CHECK(outcome(OrderGoal::reaches(OrderStatus::Submitted)) == Outcome::Reached);
  desk.came(order_status({.status = "ApiCancelled", .filled = 40, .remaining = 60}));
  CHECK(outcome(OrderGoal::reaches(OrderStatus::Cancelled)) == Outcome::Reached);
  CHECK(outcome(OrderGoal::reaches(OrderStatus::Filled)) == Outcome::Ended);
  CHECK(outcome(OrderGoal::fills(Decimal(41))) == Outcome::Ended);
  CHECK(outcome(OrderGoal::ends()) == Outcome::Reached);
}

// Without it: a session of months grows without end, or a repetition of what had to go is news again.
TEST_CASE("orders that have ended go when there are too many, and stay gone") {
  Desk desk({.done = 3, .open = 4, .fills_per_order = 2});
  for (std::int32_t id = 1; id <= 8; ++id) {
    desk.sent(place(id, 100));
    desk.came({open_order({.id = id, .perm = id, .status = "Submitted"}),
               execution("e" + std::to_string(id) + ".01", {.id = id, .perm = id}),
               order_status({.id = id, .perm = id, .status = "Filled", .filled = 100, .remaining = 0})});
  }
  CHECK(desk.book.size() == 3);
  CHECK_FALSE(desk.book.find_own(1).has_value());
  CHECK(desk.came({execution("e1.01", {.id = 1, .perm = 1}), order_status({.id = 1, .perm = 1, .status = "Filled"}),
                   completed({.perm = 1, .status = "Filled"}, "")})
            .empty());
  CHECK(desk.book.size() == 3);

  // Those of others are not taken in without end, the app's own are.
  for (std::int32_t id = 100; id < 110; ++id)
    desk.came(open_order({.id = id, .client = 3, .perm = id, .status = "Submitted"}));
  CHECK(desk.book.open().size() == 4);
  CHECK(desk.book.left_out() == 6);
  desk.sent(place(50, 100));
  CHECK(desk.book.open().size() == 5);
  // Nor fills: beyond the limit statuses tell.
  for (int i = 0; i < 5; ++i)
    desk.came(
        execution("f" + std::to_string(i) + ".01", {.id = 50, .perm = 50, .shares = 10, .cumulative = 10 + 10 * i}));
  CHECK(desk.book.executions(desk.order(50).number).size() == 2);
  desk.came(order_status({.id = 50, .perm = 50, .status = "Submitted", .filled = 50, .remaining = 50}));
  CHECK(desk.state(50).filled_quantity == Decimal(50));
  // Orders that are known by fills only are no open ones.
  for (std::int32_t id = 200; id < 300; ++id)
    desk.came(execution("g" + std::to_string(id) + ".01", {.id = id, .client = 3, .perm = id}));
  CHECK(desk.book.size() == 3 + 5);
}
