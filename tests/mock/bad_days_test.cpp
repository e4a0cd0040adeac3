// Without these: an app is tested against a bad day that does not come, or that no Gateway has.
#include <doctest/doctest.h>

#include "tests/mock/bad_day.h"

using namespace ibkr;
using namespace ibkr::mock;
using namespace ibkr::mock::test;
using Names = std::vector<std::string>;

namespace {

/// The lists that a client asks for are true on bad days too.
void wait_until_filled(Client& client, std::int32_t order_id) {
  protocol::ExecutionRequest executions;
  executions.req_id = 9000;
  for (;;) {
    client.seen.clear();
    client.send(executions);
    client.wait<protocol::ExecutionDetailsEnd>();
    for (const auto& told : client.all<protocol::ExecutionDetails>())
      if (told.execution->order_id == order_id) return client.seen.clear();
  }
}

}  // namespace

TEST_CASE("cut after N frames: so many arrive, whole, and then FIN, RST or half a frame") {
  for (const std::string how : {"fin", "rst", "torn"}) {
    for (std::size_t frames = 0; frames <= 6; ++frames) {
      CAPTURE(how);
      CAPTURE(frames);
      Day day({"cut " + how + " after " + std::to_string(frames) + " frames"});
      Client client(day.loop, day.mock, 1);
      run_until(day.loop, [&] { return client.ended; });
      if (how == "rst") {  // which may overtake what was sent, and look like an end until something is written
        client.send_payload("x");
        run_until(day.loop, [&] { return client.was_reset; });
      } else {
        CHECK_FALSE(client.was_reset);
        CHECK((client.version == 0 ? 0 : 1) + client.seen.size() == frames);
        CHECK((client.torn_bytes() > 0) == (how == "torn"));
      }
      CHECK(day.mock.server.unmet_faults() == Names{});
      Client next(day.loop, day.mock, 1);
      next.start();
    }
  }
}

TEST_CASE("cut on a request: it was carried out, and its answer never came") {
  Day day({"cut fin on PlaceOrderRequest"});
  Client client(day.loop, day.mock, 1);
  client.start().send(order(5, "BUY", 10, "LMT", 10.0));
  run_until(day.loop, [&] { return client.ended; });
  CHECK(client.names() == Names{});
  Client back(day.loop, day.mock, 1);
  back.wait_status(5, "Submitted");
}

TEST_CASE("cut at a time: every connection") {
  Day day({"cut rst at 5s"});
  Client one(day.loop, day.mock, 1);
  Client two(day.loop, day.mock, 2);
  one.start();
  two.start();
  day.pass(5 * kSecond);
  run_until(day.loop, [&] { return one.ended && two.ended; });
}

TEST_CASE("stall: nothing comes, then all at once") {
  Day day({"stall for 1h on CurrentTimeRequest"});
  Client stalled(day.loop, day.mock, 1);
  Client other(day.loop, day.mock, 2);
  stalled.start().send(protocol::CurrentTimeRequest{});
  stalled.send(order(1, "BUY", 10, "MKT"));
  other.start();
  run_until(day.loop, [&] { return day.mock.server.unmet_faults().empty(); });
  many_round_trips(other);
  CHECK(stalled.names() == Names{});
  day.pass(3600 * kSecond);
  stalled.wait<protocol::CommissionAndFeesReport>();
  CHECK(stalled.names().front() == "CurrentTime");
  CHECK_FALSE(stalled.ended);
}

TEST_CASE("slow handshake") {
  Day day({"slow handshake by 1h for 2h"});
  Client client(day.loop, day.mock, 1);
  run_until(day.loop, [&] { return day.mock.server.unmet_faults().empty(); });  // the hello has come
  day.pass(3000 * kSecond);
  for (const std::int64_t until = net::monotonic_ns() + kManySteps; net::monotonic_ns() < until;) day.loop.run_once();
  CHECK(client.version == 0);
  day.pass(600 * kSecond);
  client.start();
  day.pass(3600 * kSecond);
  Client later(day.loop, day.mock, 2);
  later.start();
}

TEST_CASE("326 for a while") {
  Day day({"326 for 10m"});
  Client refused(day.loop, day.mock, 1);
  run_until(day.loop, [&] { return refused.ended; });
  CHECK(refused.names() == Names{"ErrorMessage"});
  CHECK(refused.all<protocol::ErrorMessage>().front().error_code == 326);
  day.pass(600 * kSecond);
  Client taken(day.loop, day.mock, 1);
  taken.start();
}

TEST_CASE("nightly reset: closes, refuses, closes who connects, comes back with its orders") {
  Day day({"nightly reset for 1h at 5h"});
  Client client(day.loop, day.mock, 1);
  client.start().send(order(5, "BUY", 10, "LMT", 10.0));
  client.wait_status(5, "Submitted");
  day.pass(5 * 3600 * kSecond);
  client.wait_error(1100);
  run_until(day.loop, [&] { return client.ended; });

  std::string refusal;
  const auto dial = net::connect(day.loop, day.mock.server.local_address(),
                                 [&](net::Dial::Result result) { refusal = result ? "connected" : result.error(); });
  run_until(day.loop, [&] { return !refusal.empty(); });
  CHECK(refusal.find("refused") != std::string::npos);

  day.pass(1800 * kSecond);
  Client early(day.loop, day.mock, 1);
  run_until(day.loop, [&] { return early.ended; });
  CHECK(early.version == 0);

  day.pass(1800 * kSecond);
  Client back(day.loop, day.mock, 1);
  back.wait_status(5, "Submitted");
}

TEST_CASE("1100: no quotes, no order news, but answers; 1102 brings them") {
  Day day({"1100 at 5h for 1h"});
  Client client(day.loop, day.mock, 1);
  client.start().send(quotes(3));
  client.wait<protocol::TickPrice>();
  day.pass(5 * 3600 * kSecond);
  client.wait_error(1100);
  client.seen.clear();
  client.send(order(1, "BUY", 10, "MKT"));
  wait_until_filled(client, 1);
  many_round_trips(client);
  CHECK_FALSE(client.has<protocol::TickPrice>());
  CHECK_FALSE(client.has<protocol::ExecutionDetails>());
  Client late(day.loop, day.mock, 2);
  late.wait_error(2110);
  CHECK_FALSE(late.has<protocol::Position>());

  day.pass(3600 * kSecond);
  CHECK(client.wait_error(1102).error_msg->find("data maintained") != std::string::npos);
  client.wait<protocol::CommissionAndFeesReport>();
  client.seen.clear();
  client.wait<protocol::TickPrice>();
}

TEST_CASE("1101: market data are forgotten, and news of the gap are not told again") {
  Day day({"1100 at 5h", "1101 at 6h"});
  Client client(day.loop, day.mock, 1);
  client.start().send(quotes(3));
  client.send(bars(4, "1 hour", "", true));
  client.wait<protocol::HistoricalDataEnd>();
  day.pass(5 * 3600 * kSecond);
  client.wait_error(1100);
  client.send(order(1, "BUY", 10, "MKT"));
  wait_until_filled(client, 1);
  day.pass(3600 * kSecond);
  client.wait_error(1101);
  CHECK(*client.wait_error(10182).id == 4);
  client.seen.clear();
  many_round_trips(client);
  CHECK_FALSE(client.has<protocol::TickPrice>());
  CHECK_FALSE(client.has<protocol::ExecutionDetails>());
  protocol::CancelMarketData cancel;
  cancel.req_id = 3;
  client.send(cancel);
  CHECK(*client.wait_error(300).id == 3);
  protocol::ExecutionRequest executions;
  executions.req_id = 9;
  client.send(executions);
  CHECK(*client.wait<protocol::ExecutionDetails>().execution->order_id == 1);
}

TEST_CASE("a data farm breaks, and quotes go on when it is back") {
  Day day({"data farm broken at 5h for 1h"});
  Client client(day.loop, day.mock, 1);
  client.start().send(quotes(3));
  client.wait<protocol::TickPrice>();
  day.pass(5 * 3600 * kSecond);
  client.wait_error(2103);
  client.seen.clear();
  many_round_trips(client);
  CHECK_FALSE(client.has<protocol::TickPrice>());
  Client late(day.loop, day.mock, 2);
  late.wait_error(2103);
  late.start().send(quotes(4));  // not answered before the farm is back, not even with an error
  late.send(quotes(5));
  protocol::CancelMarketData cancel;
  cancel.req_id = 5;
  late.send(cancel);
  many_round_trips(late);
  CHECK_FALSE(late.has<protocol::TickPrice>());
  CHECK_FALSE(late.has<protocol::ErrorMessage>());
  day.pass(3600 * kSecond);
  client.wait_error(2104);
  client.wait<protocol::TickPrice>();
  CHECK(*late.wait<protocol::TickPrice>().req_id == 4);
  late.settle();
  for (const auto& tick : late.all<protocol::TickPrice>()) CHECK(*tick.req_id == 4);
}

TEST_CASE("a history farm breaks: live bars end, bars are refused until it is back") {
  Day day({"history farm broken at 5h for 1h"});
  Client client(day.loop, day.mock, 1);
  client.start().send(bars(4, "1 hour", "", true));
  client.wait<protocol::HistoricalDataEnd>();
  day.pass(5 * 3600 * kSecond);
  client.wait_error(2105);
  CHECK(*client.wait_error(10182).id == 4);
  client.send(bars(5, "1 hour"));
  CHECK(*client.wait_error(162).id == 5);
  day.pass(3600 * kSecond);
  client.wait_error(2106);
  client.seen.clear();
  client.send(bars(4, "1 hour"));
  client.wait<protocol::HistoricalDataEnd>();
}

TEST_CASE("a fault that is injected counts from then, and what never came is told") {
  Day day({});
  Client client(day.loop, day.mock, 1);
  client.start();
  day.pass(3600 * kSecond);
  day.inject("1102 at 5h");
  day.inject("reject: no");
  day.inject("cut fin after 3 frames");
  for (int i = 0; i < 5; ++i) client.send(protocol::CurrentTimeRequest{});
  run_until(day.loop, [&] { return client.ended; });
  CHECK(client.count<protocol::CurrentTime>() == 3);
  CHECK(day.mock.server.unmet_faults() ==
        Names{"1102 at 5h: has never begun", "reject: no: has begun and met nothing"});
}
