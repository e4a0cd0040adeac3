// One order and what TWS tells of it: each way in which that is out of order, doubled, missing or late.
#include "tests/client/order_messages.h"

using namespace ibkr::client;
using namespace ibkr::client::test;
using Statuses = std::vector<OrderStatus>;
using About = OrderError::About;
using Telling = OrderExecuted::Telling;

// Without it: the plainest order of all has no history, or numbers that nobody told.
TEST_CASE("an order from its placing to its commission") {
  Desk desk;
  const auto placed = only<OrderChanged>(desk.sent(place(5, 100)));
  REQUIRE(placed.size() == 1);
  const Order fresh = placed[0].order;
  CHECK(fresh.id() == "5");
  CHECK(fresh.is_own);
  CHECK(fresh.state.status == OrderStatus::New);
  CHECK_FALSE(fresh.state.filled_quantity.has_value());
  CHECK_FALSE(fresh.state.remaining_quantity.has_value());
  CHECK_FALSE(fresh.state.average_fill_price.has_value());
  CHECK(fresh.request->lmt_price == 150.0);
  CHECK(fresh.contract->symbol == "ACME");
  CHECK_FALSE(fresh.is_done());

  desk.came({open_order({.status = "PreSubmitted"}), order_status({.status = "PreSubmitted"}),
             order_status({.status = "Submitted"})});
  CHECK(desk.state().filled_quantity == Decimal(0));
  CHECK(desk.state().remaining_quantity == Decimal(100));
  CHECK_FALSE(desk.state().average_fill_price.has_value());
  CHECK_FALSE(desk.state().last_fill_price.has_value());

  const auto fill =
      only<OrderExecuted>(desk.came(execution("a.01.01", {.shares = 40, .price = 149, .cumulative = 40})));
  REQUIRE(fill.size() == 1);
  CHECK(fill[0].execution.order == fresh.number);
  CHECK(fill[0].execution.order_id == 5);
  CHECK(fill[0].execution.side == OrderSide::Buy);
  CHECK_FALSE(fill[0].execution.commission.has_value());
  CHECK(desk.state().fills_without_commission == 1);
  CHECK(desk.state().commissions.empty());

  desk.came({order_status({.status = "Submitted", .filled = 40, .remaining = 60, .average = 149, .last = 149}),
             commission("a.01.01", 1.25),
             execution("a.02.01", {.shares = 60, .price = 150, .cumulative = 100, .average = 149.6}),
             order_status({.status = "Filled", .filled = 100, .remaining = 0, .average = 149.6, .last = 150}),
             commission("a.02.01", 0.5)});
  const Order done = desk.order();
  CHECK(statuses(done) ==
        Statuses{OrderStatus::New, OrderStatus::PreSubmitted, OrderStatus::Submitted, OrderStatus::Filled});
  CHECK(done.history[1].at == desk.now - std::chrono::seconds(8));
  CHECK(done.state.ending == OrderEnding::Filled);
  CHECK(done.state.filled_quantity == Decimal(100));
  CHECK(done.state.remaining_quantity == Decimal(0));
  CHECK(done.state.average_fill_price == 149.6);
  CHECK(done.state.last_fill_price == 150.0);
  CHECK(done.state.commissions == std::vector<Money>{{"USD", 1.75}});
  CHECK(done.state.fills_without_commission == 0);
  CHECK(done.perm_id == kPerm);
  CHECK(desk.book.open().empty());
  const auto fills = desk.book.executions(done.number);
  REQUIRE(fills.size() == 2);
  CHECK(fills[0].commission->amount == 1.25);
}

// Without it: a late repetition opens a filled order again, and a bot sends its exits twice.
TEST_CASE("statuses that go back change nothing") {
  Desk desk;
  desk.sent(place(5, 100));
  const auto filled = order_status({.status = "Filled", .filled = 100, .remaining = 0, .average = 150, .last = 150});
  desk.came({open_order({.status = "Submitted"}), filled});
  const std::size_t before = desk.events.size();
  desk.came({order_status({.status = "Submitted"}), order_status({.status = "PreSubmitted"}), filled,
             open_order({.status = "Submitted"}), open_order({.status = "PreSubmitted"})});
  CHECK(desk.state().status == OrderStatus::Filled);
  CHECK(desk.state().filled_quantity == Decimal(100));
  CHECK(desk.events.size() == before);

  desk.came(open_order({.status = "Submitted", .quantity = 50, .limit = 140}));  // before it was changed
  CHECK(desk.order().request->lmt_price == 150.0);
  CHECK(desk.events.size() == before);

  desk.sent(place(6, 100));
  desk.came({order_status({.id = 6, .perm = 2, .status = "Submitted", .filled = 40, .remaining = 60, .average = 150}),
             order_status({.id = 6, .perm = 2, .status = "PreSubmitted"})});
  CHECK(desk.state(6).status == OrderStatus::Submitted);
  CHECK(desk.state(6).filled_quantity == Decimal(40));
  CHECK(desk.state(6).average_fill_price == 150.0);
  desk.came(order_status({.id = 6, .perm = 2, .status = "Cancelled", .filled = 40, .remaining = 60}));
  desk.came(order_status({.id = 6, .perm = 2, .status = "Submitted", .filled = 40, .remaining = 60}));
  CHECK(desk.state(6).status == OrderStatus::Cancelled);
  CHECK(desk.state(6).remaining_quantity == Decimal(60));
}

// Without it: an order that TWS takes back into its own hands overnight shows as at work.
TEST_CASE("a live status that really goes back is told") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came({order_status({.status = "Submitted"}), order_status({.status = "PreSubmitted"}),
             order_status({.status = "PendingCancel"}), order_status({.status = "Submitted"})});
  CHECK(desk.came(open_order({.status = "PreSubmitted"})).size() == 1);  // the first that tells the order
  CHECK(desk.came(open_order({.status = "PendingSubmit"})).empty());
  CHECK(statuses(desk.order()) == Statuses{OrderStatus::New, OrderStatus::Submitted, OrderStatus::PreSubmitted,
                                           OrderStatus::PendingCancel, OrderStatus::Submitted});
}

// Without it: an observer is called as often as TWS repeats itself.
TEST_CASE("what comes twice happens once") {
  Desk desk;
  desk.sent(place(5, 100));
  for (const Message& message :
       {open_order({.status = "Submitted"}), order_status({.status = "Submitted", .filled = 40, .remaining = 60}),
        execution("a.01.01", {.shares = 40, .cumulative = 40}), commission("a.01.01", 1),
        error(5, 399, "Warning: held"), order_status({.status = "Filled", .filled = 100, .remaining = 0})}) {
    desk.came(message);
    CHECK(desk.came(message).empty());
  }
  desk.came(order_status({.status = "Submitted", .filled = 40, .remaining = 60}));
  CHECK(desk.came(execution("a.01.01", {.req_id = 9000, .shares = 40, .cumulative = 40})).empty());
}

// Without it: a wait for an order that filled at once never ends.
TEST_CASE("an instant fill has no status at all") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came(execution("a.01.01", {.shares = 60, .price = 150, .cumulative = 60, .average = 0}));
  CHECK(desk.state().status == OrderStatus::New);
  CHECK(desk.state().average_fill_price == 150.0);
  CHECK(desk.state().remaining_quantity == Decimal(40));
  CHECK_FALSE(desk.order().is_done());
  desk.came(execution("a.02.01", {.shares = 40, .price = 151, .cumulative = 100, .average = 0}));
  CHECK(desk.state().status == OrderStatus::Filled);
  CHECK(desk.state().ending == OrderEnding::Filled);
  CHECK(desk.state().average_fill_price == doctest::Approx(150.4));
  CHECK(desk.state().last_fill_price == 151.0);
  CHECK(has_reached(desk.order(), OrderGoal::reaches(OrderStatus::Submitted)));
}

// Without it: a market order, which some servers never call Filled, is open for ever.
TEST_CASE("nothing remaining is the end, and so is an open order that says Filled") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came(order_status({.status = "Submitted", .filled = 100, .remaining = 0, .average = 150}));
  CHECK(desk.state().status == OrderStatus::Filled);
  CHECK(desk.state().average_fill_price == 150.0);
  CHECK_FALSE(desk.state().last_fill_price.has_value());
  desk.sent(place(6, 100));
  desk.came(open_order({.id = 6, .perm = 2, .status = "Filled"}));
  CHECK(desk.state(6).filled_quantity == Decimal(100));
  CHECK(desk.state(6).remaining_quantity == Decimal(0));
  CHECK_FALSE(desk.state(6).average_fill_price.has_value());
}

// Without it: an order that its group had reduced counts as filled with more than it was, or as open.
TEST_CASE("what TWS calls filled is filled with the units that it tells") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came({order_status({.status = "Submitted", .filled = 40, .remaining = 0, .average = 150}),
             open_order({.status = "Submitted"})});
  CHECK(desk.state().status == OrderStatus::Filled);
  CHECK(desk.state().filled_quantity == Decimal(40));
  CHECK(desk.state().remaining_quantity == Decimal(0));
}

// Without it: commissions are lost that come first, and added twice that come again.
TEST_CASE("a commission before its execution, changed, in two currencies, or never") {
  Desk desk;
  desk.sent(place(5, 100));
  CHECK(desk.came(commission("a.01.01", 1)).empty());
  const auto events = desk.came(execution("a.01.01", {.shares = 40, .cumulative = 40}));
  CHECK(only<CommissionReported>(events).size() == 1);
  CHECK(only<OrderExecuted>(events)[0].execution.commission->amount == 1.0);
  desk.came(execution("a.02.01", {.shares = 30, .cumulative = 70}));
  desk.came(execution("a.03.01", {.shares = 30, .cumulative = 100}));
  desk.came(commission("a.02.01", 2, "EUR"));
  CHECK(desk.state().commissions == std::vector<Money>{{"EUR", 2}, {"USD", 1}});
  CHECK(desk.state().fills_without_commission == 1);
  CHECK(only<CommissionReported>(desk.came(commission("a.02.01", 2.5, "EUR"))).size() == 1);
  CHECK(desk.state().commissions == std::vector<Money>{{"EUR", 2.5}, {"USD", 1}});

  // What is no number, and the mark for none, are not 0.
  desk.came(commission("a.03.01", 1.7976931348623157e308));
  CHECK(desk.state().fills_without_commission == 1);
}

// Without it: a corrected fill counts twice, or its old price stays.
TEST_CASE("a correction takes its fill's place, whichever comes first") {
  for (const bool late : {false, true}) {
    CAPTURE(late);
    Desk desk;
    desk.sent(place(5, 100));
    desk.came(order_status({.status = "Submitted", .filled = 100, .remaining = 0, .average = 150, .last = 150}));
    const auto first = execution("a.01.01", {.shares = 100, .price = 150});
    const auto corrected = execution("a.01.02", {.shares = 90, .price = 149, .cumulative = 90, .average = 149});
    desk.came(late ? corrected : first);
    desk.came(late ? first : corrected);
    desk.came({commission("a.01.01", 1), commission("a.01.02", 2)});
    CHECK(desk.state().filled_quantity == Decimal(90));
    CHECK(desk.state().average_fill_price == 149.0);
    CHECK(desk.state().commissions == std::vector<Money>{{"USD", 2}});
    const auto told = only<OrderExecuted>(desk.events);
    REQUIRE(told.size() == 2);
    CHECK(told[0].telling == Telling::First);
    CHECK(told[1].telling == (late ? Telling::Superseded : Telling::Correction));
    if (!late) CHECK(told[1].replaced_quantity == Decimal(100));
    if (!late) CHECK(told[1].replaced_price == 150.0);
    CHECK(desk.book.executions(desk.order().number).size() == 1);
    // A status that tells the corrected number is not behind.
    desk.came(order_status({.status = "Submitted", .filled = 90, .remaining = 10, .average = 149}));
    CHECK(desk.state().filled_quantity == Decimal(90));
  }
}

// Without it: a price that was still open when the fill came stays the first one, or costs the fill its commission.
TEST_CASE("a fill that is told again under its own id with another price is corrected, too") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came({execution("a.01.01", {.shares = 40, .price = 150, .cumulative = 40}), commission("a.01.01", 1)});
  const auto told =
      only<OrderExecuted>(desk.came(execution("a.01.01", {.shares = 40, .price = 151, .cumulative = 40})));
  REQUIRE(told.size() == 1);
  CHECK(told[0].telling == Telling::Correction);
  CHECK(told[0].replaced_price == 150.0);
  CHECK(desk.state().last_fill_price == 151.0);
  CHECK(desk.state().commissions == std::vector<Money>{{"USD", 1}});
}

// Without it: a fill whose price was corrected leaves the old average.
TEST_CASE("a correction of the price alone corrects the average") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came({execution("a.01.01", {.shares = 100, .price = 150}),
             order_status({.status = "Filled", .filled = 100, .remaining = 0, .average = 150, .last = 150}),
             execution("a.01.02", {.shares = 100, .price = 149, .cumulative = 100, .average = 149})});
  CHECK(desk.state().average_fill_price == 149.0);
  CHECK(desk.state().last_fill_price == 149.0);
  CHECK(desk.state().ending == OrderEnding::Filled);
}

// Without it: an order that is at work again looks held, because an older message came late.
TEST_CASE("what comes late does not say how the order is held now") {
  Desk desk;
  desk.sent(place(5, 100));
  auto held = order_status({.status = "PreSubmitted"});
  held.as<ibkr::protocol::OrderStatus>().why_held = "locate";
  desk.came(held);
  CHECK(desk.state().why_held == "locate");
  desk.came(order_status({.status = "Submitted", .filled = 10, .remaining = 90, .average = 150}));
  CHECK(desk.state().why_held.empty());
  desk.came(held);
  CHECK(desk.state().why_held.empty());
}

// Without it: a bot believes the number 201 and forgets an order that is at work.
TEST_CASE("an error alone never changes a status") {
  Desk desk;
  desk.sent(place(5, 100));
  const auto told = only<OrderErrorTold>(desk.came(error(5, 201, "Order rejected - reason: margin")));
  REQUIRE(told.size() == 1);
  CHECK(told[0].error.about == About::Order);
  CHECK(desk.state().status == OrderStatus::New);
  CHECK(desk.state().ending == OrderEnding::Rejected);  // nothing else was told of it
  desk.came(open_order({.status = "Submitted"}));
  CHECK(desk.state().status == OrderStatus::Submitted);
  CHECK_FALSE(desk.order().is_done());
  desk.came(order_status({.status = "Filled", .filled = 100, .remaining = 0}));
  CHECK(desk.state().ending == OrderEnding::Filled);
  CHECK(desk.order().errors.size() == 1);

  desk.sent(place(6, 100));
  desk.came(
      {open_order({.id = 6, .perm = 2, .status = "Submitted"}), error(6, 201, "rejected"), error(6, 202, "reason:")});
  CHECK(desk.state(6).status == OrderStatus::Submitted);
  CHECK_FALSE(desk.order(6).is_done());
  desk.came(order_status({.id = 6, .perm = 2, .status = "Cancelled"}));
  CHECK(desk.state(6).ending == OrderEnding::Cancelled);
}

// Without it: the two ways in which TWS refuses look like an order that waits.
TEST_CASE("rejected: Inactive with its error, or an error with no status; Inactive alone is not") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came({error(5, 201, "margin"), order_status({.status = "Inactive"})});
  CHECK(desk.state().status == OrderStatus::Inactive);
  CHECK(desk.state().ending == OrderEnding::Rejected);
  REQUIRE(desk.order().rejection() != nullptr);
  CHECK(desk.order().rejection()->text == "margin");

  desk.sent(place(6, 100));
  desk.came(error(6, 110, "price off the grid"));
  CHECK(desk.state(6).ending == OrderEnding::Rejected);
  desk.sent(place(6, 100, 151));  // the id was not used up
  CHECK(desk.state(6).ending == OrderEnding::None);
  CHECK(desk.order(6).request->lmt_price == 151.0);

  desk.sent(place(7, 100));
  desk.came(
      {order_status({.id = 7, .perm = 3, .status = "Inactive"}), error(7, 399, "x\nWarning: held until the open")});
  CHECK(desk.state(7).ending == OrderEnding::Inactive);
  desk.came(order_status({.id = 7, .perm = 3, .status = "Submitted"}));
  CHECK_FALSE(desk.order(7).is_done());
  CHECK(desk.book.open().size() == 2);

  desk.sent(place(8, 100));
  desk.came(error(8, 399, "no warning"));
  CHECK(desk.state(8).ending == OrderEnding::Rejected);
  desk.sent(place(9, 100));
  desk.came(error(9, 424242, "of a number that we do not know"));
  CHECK_FALSE(desk.order(9).is_done());
  desk.sent(place(10, 100));
  desk.came({error(10, 201, "margin"), execution("a.01.01", {.id = 10, .perm = 4, .shares = 10, .cumulative = 10})});
  CHECK(desk.state(10).status == OrderStatus::New);
  CHECK_FALSE(desk.order(10).is_done());  // it fills all the same
}

// Without it: a change that TWS refused looks as if the order were refused, or as if it were in force.
TEST_CASE("a change, its confirmation and its refusal") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came({open_order({.status = "Submitted"}), order_status({.status = "Submitted"})});
  desk.sent(place(5, 200, 151));
  CHECK(desk.state().is_change_pending);
  CHECK(desk.order().request->lmt_price == 150.0);
  REQUIRE(desk.order().change != nullptr);
  CHECK(desk.order().change->lmt_price == 151.0);
  desk.came(open_order({.status = "Submitted"}));  // told before TWS had the change
  CHECK(desk.state().is_change_pending);
  desk.came(open_order({.status = "Submitted", .quantity = 200, .limit = 151}));
  CHECK_FALSE(desk.state().is_change_pending);
  CHECK(desk.state().remaining_quantity == Decimal(200));
  CHECK(desk.order().request->lmt_price == 151.0);

  desk.sent(place(5, 200, 99));
  const auto told = only<OrderErrorTold>(desk.came(error(5, 105, "does not match")));
  REQUIRE(told.size() == 1);
  CHECK(told[0].error.about == About::Change);
  CHECK_FALSE(desk.state().is_change_pending);
  CHECK(desk.order().request->lmt_price == 151.0);
  CHECK(desk.state().status == OrderStatus::Submitted);

  // The same refusal of another try is news; an order that was made larger after all was filled goes on.
  desk.sent(place(5, 200, 98));
  CHECK(only<OrderErrorTold>(desk.came(error(5, 105, "does not match"))).size() == 1);
  desk.came(order_status({.status = "Submitted", .filled = 100, .remaining = 100}));
  CHECK_FALSE(desk.order().is_done());
}

// Without it: a change of an order that filled meanwhile is waited for, or its refusal reads as one of the order.
TEST_CASE("a change that comes too late ends with the order") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came(open_order({.status = "Submitted"}));
  desk.sent(place(5, 100, 151));
  desk.came(order_status({.status = "Filled", .filled = 100, .remaining = 0}));
  CHECK_FALSE(desk.state().is_change_pending);
  CHECK(desk.order().change == nullptr);
  const auto told = only<OrderErrorTold>(desk.came(error(5, 104, "Cannot modify a filled order.")));
  REQUIRE(told.size() == 1);
  CHECK(told[0].error.about == About::Change);
  CHECK(desk.order().rejection() == nullptr);
  CHECK(desk.state().ending == OrderEnding::Filled);
}

// Without it: a cancel that came too late reads as a rejection of the order.
TEST_CASE("a cancel, its confirmation and its refusals") {
  for (const std::int32_t code : {135, 136, 161, 10147, 10148}) {
    CAPTURE(code);
    Desk desk;
    desk.sent(place(5, 100));
    desk.came(order_status({.status = "Submitted"}));
    desk.sent(cancel(5));
    CHECK(desk.state().is_cancel_pending);
    const auto told = only<OrderErrorTold>(desk.came(error(5, code, "too late")));
    REQUIRE(told.size() == 1);
    CHECK(told[0].error.about == About::Cancel);
    CHECK_FALSE(desk.state().is_cancel_pending);
    CHECK(desk.state().status == OrderStatus::Submitted);
    desk.came(order_status({.status = "Inactive"}));
    CHECK(desk.state().ending == OrderEnding::Inactive);
  }
  // Without a cancel and an order it is the placing that was refused: a child's parent is not there.
  Desk child;
  child.sent(place(5, 100));
  child.came(error(5, 135, "Can't find order with id = 4"));
  CHECK(child.state().ending == OrderEnding::Rejected);

  Desk desk;
  desk.sent(place(5, 100));
  desk.came(order_status({.status = "Submitted"}));
  desk.sent(cancel(5));
  desk.came(order_status({.status = "PendingCancel"}));
  CHECK_FALSE(desk.order().is_done());
  const auto told = only<OrderErrorTold>(desk.came(error(5, 202, "Order Canceled - reason:")));
  CHECK(told.at(0).error.about == About::Cancel);
  CHECK_FALSE(desk.order().is_done());
  desk.came(order_status({.status = "Cancelled"}));
  CHECK(desk.state().ending == OrderEnding::Cancelled);
  CHECK_FALSE(desk.state().is_cancel_pending);
  CHECK_FALSE(has_reached(desk.order(), OrderGoal::reaches(OrderStatus::Filled)));
  CHECK(has_reached(desk.order(), OrderGoal::reaches(OrderStatus::Submitted)));
}

// Without it: an order that filled while its cancel was on the way counts as cancelled.
TEST_CASE("a fill beats the cancel, and a part stays filled") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.came({order_status({.status = "Submitted"}), order_status({.status = "Cancelled", .remaining = 0}),
             execution("a.01.01", {.shares = 40, .cumulative = 40})});
  CHECK(desk.state().status == OrderStatus::Cancelled);
  CHECK(desk.state().filled_quantity == Decimal(40));
  CHECK(desk.state().remaining_quantity == Decimal(60));
  desk.came(execution("a.02.01", {.shares = 60, .cumulative = 100}));
  CHECK(desk.state().status == OrderStatus::Filled);
}

// Without it: margin checks show up as orders, and a global cancel is waited for on them.
TEST_CASE("a what-if enters nothing") {
  Desk desk;
  CHECK(desk.sent(place(5, 100, 150, true)).empty());
  auto answer = open_order({.status = "PreSubmitted"});
  answer.as<ibkr::protocol::OpenOrder>().order->what_if = true;
  CHECK(desk.came(answer).empty());
  desk.sent(place(5, 100, 150, true));
  CHECK(
      desk.came(open_order({.perm = 0, .status = "PreSubmitted"})).empty());  // a server that does not repeat the flag
  desk.sent(place(5, 100, 150, true));
  CHECK(desk.came(error(5, 201, "margin")).empty());
  CHECK(desk.book.size() == 0);
  desk.sent(place(5, 100, 150, true));
  desk.sent(place(5, 100));
  CHECK(only<OrderErrorTold>(desk.came(error(5, 201, "of the order"))).size() == 1);
  // The id is free for the order itself, and a check of a change leaves that alone.
  desk.sent(place(5, 100));
  desk.came(open_order({.status = "Submitted"}));
  CHECK(desk.book.size() == 1);
  desk.sent(place(5, 900, 150, true));
  desk.came(error(5, 201, "margin"));
  CHECK(desk.order().errors.size() == 1);
  CHECK_FALSE(desk.state().is_change_pending);
}

// Without it: a combination's legs count as fills of the combination.
TEST_CASE("the legs of a combination count for commissions only") {
  Desk desk;
  auto request = place(5, 10);
  request.as<ibkr::protocol::PlaceOrderRequest>().contract->sec_type = "BAG";
  desk.sent(request);
  desk.came({execution("l.01.01", {.shares = 10, .price = 5, .cumulative = 10, .sec_type = "OPT"}),
             execution("l.02.01", {.shares = 10, .price = 3, .cumulative = 10, .sec_type = "OPT"})});
  CHECK_FALSE(desk.state().filled_quantity.has_value());
  desk.came({execution("b.01.01", {.shares = 10, .price = 2, .cumulative = 10, .average = 2, .sec_type = "BAG"}),
             commission("l.01.01", 1), commission("l.02.01", 1)});
  CHECK(desk.state().status == OrderStatus::Filled);
  CHECK(desk.state().filled_quantity == Decimal(10));
  CHECK(desk.state().average_fill_price == 2.0);
  CHECK(desk.state().commissions == std::vector<Money>{{"USD", 2}});
  CHECK(desk.state().fills_without_commission == 0);
  CHECK(desk.order().contract->sec_type == "BAG");

  // Of another client's combination nothing but the fills may be known, the legs' first.
  Desk watcher;
  watcher.came(
      {execution("l.01.01", {.id = 1, .client = 3, .shares = 10, .sec_type = "OPT"}),
       execution("b.01.01", {.id = 1, .client = 3, .shares = 10, .price = 2, .cumulative = 10, .sec_type = "BAG"}),
       execution("l.02.01", {.id = 1, .client = 3, .shares = 10, .sec_type = "OPT"})});
  const auto seen = watcher.book.find_of(3, 1);
  REQUIRE(seen.has_value());
  CHECK(seen->contract->sec_type == "BAG");
  CHECK(seen->state.filled_quantity == Decimal(10));
}

// Without it: an exit of a bracket is cancelled by its sibling and nobody can say which orders went together.
TEST_CASE("brackets and groups: each order has its own life, and finds its relatives") {
  Desk desk;
  const Bracket three = bracket(5, stock("ACME"), OrderSide::Buy, Decimal(100), {150, 160, 140});
  for (const auto& request : {three.entry, three.take_profit, three.stop_loss}) desk.sent(Message(request));
  CHECK(desk.book.relatives(desk.order(5).number).size() == 2);
  CHECK(desk.book.relatives(desk.order(6).number).size() == 2);
  desk.came({order_status({.id = 5, .perm = 1, .status = "Filled", .filled = 100, .remaining = 0}),
             order_status({.id = 7, .perm = 3, .status = "PreSubmitted"}),
             order_status({.id = 6, .perm = 2, .status = "Filled", .filled = 100, .remaining = 0}),
             order_status({.id = 7, .perm = 3, .status = "Cancelled"}), error(7, 202, "OCA")});
  CHECK(desk.state(6).ending == OrderEnding::Filled);
  CHECK(desk.state(7).ending == OrderEnding::Cancelled);
  CHECK(desk.order(7).errors.at(0).about == About::Cancel);

  std::vector<ibkr::protocol::Order> group = {limit_order(OrderSide::Buy, Decimal(1), 10),
                                              limit_order(OrderSide::Buy, Decimal(1), 11)};
  one_cancels_all(group, "mine", OcaFill::CancelWithBlock);
  for (std::int32_t id = 20; const auto& order : group) {
    ibkr::protocol::PlaceOrderRequest request;
    request.order_id = id++;
    request.contract = stock("ACME");
    request.order = order;
    desk.sent(Message(request));
  }
  const auto siblings = desk.book.relatives(desk.order(20).number);
  REQUIRE(siblings.size() == 1);
  CHECK(siblings[0].id() == "21");
}

// Without it: after a global cancel nobody knows what still has to end.
TEST_CASE("a global cancel is asked of every open order, and of no other") {
  Desk desk;
  desk.sent(place(5, 100));
  desk.sent(place(6, 100));
  desk.came({order_status({.id = 5, .perm = 1, .status = "Submitted"}),
             order_status({.id = 6, .perm = 2, .status = "Filled", .filled = 100, .remaining = 0}),
             order_status({.id = 9, .client = 3, .perm = 3, .status = "Submitted"})});
  CHECK(only<OrderChanged>(desk.sent(Message(ibkr::protocol::GlobalCancelRequest{}))).size() == 2);
  CHECK(desk.state(5).is_cancel_pending);
  CHECK_FALSE(desk.state(6).is_cancel_pending);
  desk.came(order_status({.id = 5, .perm = 1, .status = "Cancelled"}));
  CHECK_FALSE(desk.state(5).is_cancel_pending);
}

// Without it: an order by amount of cash, which has no quantity, never ends or shows 0 remaining.
TEST_CASE("an order without a quantity goes by what statuses tell") {
  Desk desk;
  auto request = place(5, 0);
  request.as<ibkr::protocol::PlaceOrderRequest>().order->cash_qty = 1000;
  desk.sent(request);
  desk.came(order_status({.status = "Submitted", .filled = 3, .remaining = 4, .average = 150}));
  CHECK(desk.state().remaining_quantity == Decimal(4));
  desk.came(execution("a.01.01", {.shares = 5, .cumulative = 5}));
  CHECK(desk.state().filled_quantity == Decimal(5));
  CHECK(desk.state().remaining_quantity == Decimal(2));
  desk.came(order_status({.status = "Filled", .filled = 7, .remaining = 0, .average = 151}));
  CHECK(desk.state().ending == OrderEnding::Filled);
  CHECK(desk.state().average_fill_price == 151.0);

  request.as<ibkr::protocol::PlaceOrderRequest>().order_id = 6;
  desk.sent(request);
  desk.came(order_status({.id = 6, .perm = 2, .status = "Cancelled", .filled = 3, .remaining = 0, .average = 150}));
  CHECK(desk.state(6).ending == OrderEnding::Cancelled);
}
