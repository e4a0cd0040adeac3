// Ten orders' lives, told in random legal orders and repetitions: one final state, one set of events.
//
// Legal is what TWS can do. The statuses of one order come as they happened, and may come again; those that tell less
// than what was told come at any time. Executions, commissions, completed orders and errors are told by other parts of
// TWS and stand in no order to the statuses, nor to each other. Orders are mixed with one another.
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "tests/client/order_messages.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

namespace {

struct Life {
  std::vector<Message> asked;     // what the app sent, first of all
  std::vector<Message> statuses;  // open orders and statuses, in their order
  std::vector<Message> others;    // in any order
  std::vector<Message> stale;     // what may come at any time after the last of `statuses`
};

Told told(std::int32_t id, const std::string& status, int filled = 0, double average = 0) {
  return {.id = id,
          .client = kClient,
          .perm = 1000 + id,
          .status = status,
          .filled = filled,
          .remaining = 100 - filled,
          .average = average,
          .last = average};
}

Filled fill(std::int32_t id, int shares, int cumulative, double price) {
  return {.id = id,
          .client = kClient,
          .perm = 1000 + id,
          .shares = shares,
          .price = price,
          .cumulative = cumulative,
          .average = price};
}

/// `id` makes the ids of a fill of its own for each order.
std::string exec(std::int32_t id, const std::string& rest) { return "e" + std::to_string(id) + "." + rest; }

std::vector<Life> ten_lives() {
  std::vector<Life> lives;
  const auto add = [&](Life life) { lives.push_back(std::move(life)); };
  // Filled in two parts.
  add({{place(1, 100)},
       {open_order(told(1, "PreSubmitted")), order_status(told(1, "PreSubmitted")), open_order(told(1, "Submitted")),
        order_status(told(1, "Submitted")), order_status(told(1, "Submitted", 40, 150)), open_order(told(1, "Filled")),
        order_status(told(1, "Filled", 100, 150.6))},
       {execution(exec(1, "01.01"), fill(1, 40, 40, 150)), execution(exec(1, "02.01"), fill(1, 60, 100, 151)),
        commission(exec(1, "01.01"), 1), commission(exec(1, "02.01"), 1.5)},
       {order_status(told(1, "Submitted")), order_status(told(1, "PreSubmitted")), open_order(told(1, "Submitted"))}});
  // Filled at once: no status at all, one commission never.
  add({{place(2, 100)},
       {},
       {execution(exec(2, "01.01"), fill(2, 30, 30, 10)), execution(exec(2, "02.01"), fill(2, 30, 60, 11)),
        execution(exec(2, "03.01"), fill(2, 40, 100, 12)), commission(exec(2, "01.01"), 1),
        commission(exec(2, "03.01"), 2, "EUR")},
       {}});
  // Cancelled after a part.
  add({{place(3, 100), cancel(3)},
       {open_order(told(3, "Submitted")), order_status(told(3, "Submitted")), order_status(told(3, "Submitted", 40, 9)),
        order_status(told(3, "PendingCancel", 40, 9)), order_status(told(3, "Cancelled", 40, 9))},
       {execution(exec(3, "01.01"), fill(3, 40, 40, 9)), commission(exec(3, "01.01"), 1), error(3, 202, "reason:")},
       {order_status(told(3, "Submitted")), order_status(told(3, "PendingCancel", 40, 9))}});
  // Rejected for its margin.
  add({{place(4, 100)}, {order_status(told(4, "Inactive"))}, {error(4, 201, "margin")}, {}});
  // Refused by an error only.
  add({{place(5, 100)}, {}, {error(5, 110, "price"), error(5, 399, "Warning: also")}, {}});
  // A corrected fill.
  add({{place(6, 100)},
       {open_order(told(6, "Submitted")), order_status(told(6, "Submitted", 50, 20))},
       {execution(exec(6, "01.01"), fill(6, 50, 50, 20)), execution(exec(6, "01.02"), fill(6, 45, 45, 19)),
        execution(exec(6, "01.03"), fill(6, 44, 44, 18)), commission(exec(6, "01.01"), 1),
        commission(exec(6, "01.03"), 3)},
       {order_status(told(6, "Submitted", 50, 20))}});
  // Filled while its cancel was on the way.
  add({{place(7, 100), cancel(7)},
       {open_order(told(7, "Submitted")), order_status(told(7, "PendingCancel")),
        order_status(told(7, "Filled", 100, 7))},
       {execution(exec(7, "01.01"), fill(7, 100, 100, 7)), error(7, 161, "too late"), commission(exec(7, "01.01"), 1)},
       {order_status(told(7, "PendingCancel"))}});
  // Known by the list of completed orders, and by a fill.
  add({{},
       {},
       {completed(told(8, "Cancelled", 40), "Cancelled by Trader", true),
        execution(exec(8, "01.01"), fill(8, 40, 40, 3)), commission(exec(8, "01.01"), 1)},
       {}});
  // Of another client, at work.
  {
    Told early = told(9, "PreSubmitted");
    early.client = 3;
    Told theirs = told(9, "Submitted");
    theirs.client = 3;
    Told part = told(9, "Submitted", 10, 4);
    part.client = 3;
    Filled ten = fill(9, 10, 10, 4);
    ten.client = 3;
    add({{},
         {open_order(early), order_status(early), open_order(theirs), order_status(theirs), order_status(part)},
         {execution(exec(9, "01.01"), ten)},
         {order_status(theirs), order_status(early), open_order(early), open_order(theirs)}});
  }
  // Told by order id first, by perm id then, and by both.
  {
    Told without = told(10, "Submitted");
    without.perm = 0;
    add({{place(10, 100)},
         {open_order(without), order_status(without)},
         {completed(told(10, "Filled", 100), "Filled Size: 100"), execution(exec(10, "01.01"), fill(10, 100, 100, 5)),
          commission(exec(10, "01.01"), 1)},
         {order_status(without)}});
  }
  return lives;
}

/// One legal order of them all: each life's statuses as they are, some twice, all else anywhere.
std::vector<Message> shuffled(const std::vector<Life>& lives, std::mt19937_64& random) {
  const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
  std::vector<std::pair<double, Message>> all;
  const auto anywhere = [&](double from) { return from + (10 - from) * std::generate_canonical<double, 53>(random); };
  for (const Life& life : lives) {
    std::vector<double> times;
    for (std::size_t i = 0; i < life.statuses.size(); ++i) times.push_back(anywhere(0));
    std::sort(times.begin(), times.end());
    for (std::size_t i = 0; i < life.statuses.size(); ++i) {
      all.emplace_back(times[i], life.statuses[i]);
      if (chance(40)) all.emplace_back(times[i], life.statuses[i]);
    }
    for (const Message& other : life.others) {
      const double at = anywhere(0);
      all.emplace_back(at, other);
      while (chance(40)) all.emplace_back(anywhere(at), other);
    }
    for (const Message& stale : life.stale)
      while (chance(60)) all.emplace_back(anywhere(times.empty() ? 0 : times.back()), stale);
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Message> messages;
  for (auto& [at, message] : all) messages.push_back(std::move(message));
  return messages;
}

std::string shown(const std::optional<double>& value) { return value ? std::to_string(*value) : "none"; }

/// All that an order says, but for when and how it came to that.
std::string shown(const Order& order) {
  std::ostringstream out;
  out << order.id() << " perm " << order.perm_id.value_or(0) << " own " << order.is_own << ' '
      << to_string(order.state.status) << " ending " << static_cast<int>(order.state.ending) << " filled "
      << spelled(order.state.filled_quantity) << " left " << spelled(order.state.remaining_quantity) << " at "
      << shown(order.state.average_fill_price) << " last " << shown(order.state.last_fill_price) << " unpaid "
      << order.state.fills_without_commission << " pending " << order.state.is_change_pending
      << order.state.is_cancel_pending << order.state.is_missing << " '" << order.state.completed_status << "' "
      << order.contract->symbol.value_or("?") << ' ' << order.request->order_type.value_or("?") << ' '
      << shown(std::optional<double>(order.request->lmt_price)) << " of "
      << spelled(std::optional<Decimal>(order.request->total_quantity));
  for (const Money& money : order.state.commissions) out << ' ' << money.amount << money.currency;
  std::set<std::string> errors;
  for (const OrderError& error : order.errors)
    errors.insert(std::to_string(error.code) + error.text + std::to_string(static_cast<int>(error.about)));
  for (const std::string& error : errors) out << " [" << error << ']';
  return out.str();
}

struct Outcome {
  std::vector<std::string> orders;
  std::multiset<std::string> events;  // but for changes of orders, of which each sequence has its own
};

Outcome outcome_of(const std::vector<Life>& lives, const std::vector<Message>& messages) {
  Desk desk;
  for (const Life& life : lives)
    for (const Message& asked : life.asked) desk.sent(asked);
  std::map<OrderNumber, std::string> last;
  const auto note = [&](const std::vector<OrderEvent>& events) {
    for (const OrderChanged& changed : only<OrderChanged>(events)) {
      // A change that changes nothing is no event.
      std::ostringstream all;
      all << shown(changed.order) << changed.order.contract.get() << changed.order.request.get()
          << changed.order.state.status_text;
      CHECK(last[changed.order.number] != all.str());
      last[changed.order.number] = all.str();
    }
  };
  for (const Message& message : messages) note(desk.came(message));
  Outcome outcome;
  for (const Order& order : desk.book.all()) {
    outcome.orders.push_back(shown(order));
    for (const Execution& execution : desk.book.executions(order.number)) {
      outcome.orders.back() += " | " + execution.execution_id + ' ' + spelled(execution.quantity) + '@' +
                               shown(execution.price) + ' ' +
                               shown(execution.commission ? execution.commission->amount : std::nullopt);
    }
  }
  std::sort(outcome.orders.begin(), outcome.orders.end());
  for (const OrderEvent& event : desk.events) {
    if (const auto* executed = std::get_if<OrderExecuted>(&event)) {
      outcome.events.insert("execution " + executed->execution.execution_id);
    } else if (const auto* paid = std::get_if<CommissionReported>(&event)) {
      outcome.events.insert("commission " + paid->execution_id + ' ' + std::to_string(*paid->commission.amount));
    } else if (const auto* failed = std::get_if<OrderErrorTold>(&event)) {
      outcome.events.insert("error " + std::to_string(failed->error.code) + failed->error.text);
    }
  }
  return outcome;
}

}  // namespace

// Without it: what an app believes about its orders depends on how TWS's threads were scheduled that day.
TEST_CASE("random legal orders and repetitions reach one state and the same events") {
  const std::vector<Life> lives = ten_lives();
  REQUIRE(lives.size() == 10);
  std::vector<Message> plain;
  for (const Life& life : lives) {
    plain.insert(plain.end(), life.statuses.begin(), life.statuses.end());
    plain.insert(plain.end(), life.others.begin(), life.others.end());
  }
  const Outcome expected = outcome_of(lives, plain);
  CHECK(expected.orders.size() == 10);
  CHECK(expected.events.count("execution e1.01.01") == 1);
  CHECK(expected.events.size() == 13 + 10 + 5);

  std::mt19937_64 random(20261127);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    const Outcome outcome = outcome_of(lives, shuffled(lives, random));
    REQUIRE(outcome.orders.size() == expected.orders.size());
    for (std::size_t i = 0; i < expected.orders.size(); ++i) REQUIRE(outcome.orders[i] == expected.orders[i]);
    REQUIRE(outcome.events == expected.events);
  }
}

// Without it: what a session told again after a reconnect happens twice.
TEST_CASE("all of it again, and after a lost connection, is no news") {
  const std::vector<Life> lives = ten_lives();
  Desk desk;
  std::vector<Message> last_statuses;
  for (const Life& life : lives) {
    for (const Message& asked : life.asked) desk.sent(asked);
    desk.came(life.others);
    desk.came(life.statuses);
    // Errors are not told again, nor are open orders and statuses but for the last ones.
    if (!life.statuses.empty()) last_statuses.push_back(life.statuses.back());
  }
  desk.disconnected();
  const std::size_t before = desk.events.size();
  for (const Life& life : lives)
    for (const Message& other : life.others)
      if (!other.is<protocol::ErrorMessage>()) desk.came(other);
  desk.came(last_statuses);
  CHECK(desk.events.size() == before);
}
