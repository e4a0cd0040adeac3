// Without these: an app is tested against a bad day that does not come, or that no Gateway has.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/mock/client.h"

using namespace ibkr;
using namespace ibkr::mock;
using namespace ibkr::mock::test;
using Names = std::vector<std::string>;

namespace {

constexpr std::int64_t kSecond = 1000000000;
constexpr int kStepsToBeSure = 30;  // round trips in which the quick market would have moved

protocol::MarketDataRequest quotes(std::int32_t id) {
  protocol::MarketDataRequest request;
  request.req_id = id;
  request.contract = stock("AAPL");
  request.generic_tick_list = "";
  return request;
}

protocol::HistoricalDataRequest bars(std::int32_t id, const std::string& size, const std::string& end = "",
                                     bool live = false) {
  protocol::HistoricalDataRequest request;
  request.req_id = id;
  request.contract = stock("AAPL");
  request.end_date_time = end;
  request.bar_size_setting = size;
  request.duration = "3600 S";
  request.use_rth = true;
  request.what_to_show = "TRADES";
  request.format_date = 1;
  request.keep_up_to_date = live;
  return request;
}

std::vector<std::string> statuses(const Client& client) {
  std::vector<std::string> told;
  for (const auto& status : client.all<protocol::OrderStatus>()) told.push_back(*status.status);
  return told;
}

void many_round_trips(Client& client) {
  for (int i = 0; i < kStepsToBeSure; ++i) client.settle();
}

/// A mock with faults, whose clock the test moves.
struct Day {
  explicit Day(const std::vector<std::string>& faults, int server_version = 226)
      : mock(loop, server_version, 7, faults) {}
  void inject(const std::string& line) { mock.server.inject(fault(line)); }
  void pass(std::int64_t ns) { mock.server.advance_clock(ns); }
  net::Loop loop;
  Mock mock;
};

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
  for (int i = 0; i < kStepsToBeSure; ++i) day.loop.run_once();
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
  many_round_trips(client);
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
  day.pass(3600 * kSecond);
  client.wait_error(2104);
  client.wait<protocol::TickPrice>();
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

TEST_CASE("pacing: 50 messages a second, and the third violation closes") {
  Day day({"pacing"});
  Client client(day.loop, day.mock, 1);
  client.start();
  for (int second = 0; second < 3; ++second) {
    day.pass(kSecond);
    for (int i = 0; i < 50; ++i) client.send(protocol::IdsRequest{});
    run_until(day.loop,
              [&] { return client.count<protocol::NextValidId>() == 50U * (static_cast<unsigned>(second) + 1); });
  }
  CHECK_FALSE(client.has<protocol::ErrorMessage>());
  for (int i = 0; i < 100; ++i) client.send(protocol::IdsRequest{});
  run_until(day.loop, [&] { return client.ended; });
  const auto errors = client.all<protocol::ErrorMessage>();
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].error_code == 100);
  CHECK(errors[0].id == -1);
}

TEST_CASE("pacing: small bars twice, six at once, 61 in ten minutes") {
  Day day({"pacing"});
  Client client(day.loop, day.mock, 1);
  client.start();
  const auto ask = [&](std::int32_t id, const protocol::HistoricalDataRequest& request) {
    client.seen.clear();
    protocol::HistoricalDataRequest asked = request;
    asked.req_id = id;
    client.send(asked);
    run_until(day.loop,
              [&] { return client.has<protocol::HistoricalDataEnd>() || client.has<protocol::ErrorMessage>(); });
    return client.has<protocol::ErrorMessage>() ? *client.all<protocol::ErrorMessage>().front().error_code : 0;
  };
  const auto end = [](int minute) {
    const std::string text = std::to_string(100 + minute).substr(1);
    return "20261123 15:" + text + ":00 US/Eastern";
  };
  CHECK(ask(1, bars(0, "30 secs", end(0))) == 0);
  CHECK(ask(2, bars(0, "30 secs", end(0))) == 162);
  CHECK(ask(3, bars(0, "1 min")) == 0);
  CHECK(ask(4, bars(0, "1 min")) == 0);  // not small
  day.pass(15 * kSecond);
  CHECK(ask(5, bars(0, "30 secs", end(0))) == 0);
  for (int i = 1; i < 5; ++i) CHECK(ask(5 + i, bars(0, "30 secs", end(i))) == 0);
  CHECK(ask(10, bars(0, "30 secs", end(5))) == 162);  // the sixth for one contract
  for (int i = 6; i < 59; ++i) {
    day.pass(2 * kSecond);
    CHECK(ask(10 + i, bars(0, "30 secs", end(i))) == 0);
  }
  day.pass(2 * kSecond);
  CHECK(ask(80, bars(0, "30 secs", "20261123 14:30:00 US/Eastern")) == 0);  // the 60th
  day.pass(2 * kSecond);
  CHECK(ask(81, bars(0, "30 secs", "20261123 14:31:00 US/Eastern")) == 162);
  day.pass(600 * kSecond);
  CHECK(ask(82, bars(0, "30 secs", "20261123 14:31:00 US/Eastern")) == 0);
}

TEST_CASE("pacing: 61 requests for 5-second bars in ten minutes") {
  Day day({"pacing"});
  Client client(day.loop, day.mock, 1);
  client.start();
  protocol::RealTimeBarsRequest request;
  request.contract = stock("AAPL");
  for (request.req_id = 1; *request.req_id <= 61; ++*request.req_id) {
    day.pass(kSecond);
    client.send(request);
    client.settle();
  }
  CHECK(*client.wait_error(420).id == 61);
  CHECK(client.count<protocol::ErrorMessage>() == 1);
}

TEST_CASE("delayed data: refused to who asks for live ones, 10167 and delayed ticks for who takes them") {
  for (const int version : {100, 178, 226}) {
    CAPTURE(version);
    Day day({"delayed data"}, version);
    Client client(day.loop, day.mock, 1);
    client.start().send(quotes(3));
    CHECK(*client.wait_error(354).id == 3);
    CHECK_FALSE(client.has<protocol::TickPrice>());
    protocol::MarketDataTypeRequest type;
    type.market_data_type = 3;
    client.send(type);
    client.seen.clear();
    client.send(quotes(4));
    run_until(day.loop, [&] { return client.count<protocol::TickPrice>() >= 20; });
    CHECK(client.all<protocol::ErrorMessage>().front().error_code == 10167);
    CHECK(client.all<protocol::ErrorMessage>().front().id == 4);
    CHECK(*client.wait<protocol::MarketDataType>().market_data_type == 3);
    for (const auto& tick : client.all<protocol::TickPrice>()) CHECK(*tick.tick_type >= 66);
    for (const auto& tick : client.all<protocol::TickSize>()) CHECK(*tick.tick_type >= 69);
    for (const auto& tick : client.all<protocol::TickString>()) CHECK(*tick.tick_type == 88);
    for (const auto& tick : client.all<protocol::TickGeneric>()) CHECK(*tick.tick_type == 90);

    protocol::TickByTickRequest ticks;
    ticks.req_id = 5;
    ticks.contract = stock("AAPL");
    ticks.tick_type = "Last";
    if (version >= 137) {
      client.send(ticks);
      CHECK(*client.wait_error(10189).id == 5);
    }
    protocol::RealTimeBarsRequest bars_of_5_s;
    bars_of_5_s.req_id = 6;
    bars_of_5_s.contract = stock("AAPL");
    client.send(bars_of_5_s);
    CHECK(*client.wait_error(420).id == 6);
  }
}

TEST_CASE("reject: 201 with the reason and Inactive; the order behind it goes through") {
  Day day({"reject next order: Insufficient margin"});
  Client client(day.loop, day.mock, 1);
  client.start().send(order(1, "BUY", 10, "MKT"));
  const auto rejected = client.wait_error(201);
  CHECK(rejected.id == 1);
  CHECK(rejected.error_msg == "Order rejected - reason:Insufficient margin");
  client.wait_status(1, "Inactive");
  client.send(order(2, "BUY", 10, "MKT"));
  client.wait_status(2, "Filled");
}

TEST_CASE("partial fills: three parts that add up") {
  Day day({"partial fills"});
  Client client(day.loop, day.mock, 1);
  client.start().send(order(1, "BUY", 100, "MKT"));
  client.wait_status(1, "Filled");
  const auto executions = client.all<protocol::ExecutionDetails>();
  REQUIRE(executions.size() == 3);
  CHECK(executions[0].execution->shares->to_double() == 34);
  CHECK(executions[2].execution->cum_qty->to_double() == 100);
  const auto told = client.all<protocol::OrderStatus>();
  REQUIRE(told.size() == 4);
  CHECK(told[1].status == "Submitted");
  CHECK(told[1].filled->to_double() == 34);
  CHECK(told[2].remaining->to_double() == 32);
}

TEST_CASE("statuses come twice, go back, or are missing") {
  const auto of_an_order = [](const std::string& line) {
    Day day({line});
    Client client(day.loop, day.mock, 1);
    client.start().send(order(1, "BUY", 10, "MKT"));
    client.wait<protocol::CommissionAndFeesReport>();
    return statuses(client);
  };
  CHECK(of_an_order("1100 at 5h") == Names{"PreSubmitted", "Filled"});
  CHECK(of_an_order("statuses twice") == Names{"PreSubmitted", "PreSubmitted", "Filled", "Filled"});
  CHECK(of_an_order("statuses regress") == Names{"PreSubmitted", "Filled", "PreSubmitted"});
  CHECK(of_an_order("statuses missing") == Names{});
}

TEST_CASE("executions first: before anything of the order") {
  Day day({"executions first"});
  Client client(day.loop, day.mock, 1);
  client.start().send(order(1, "BUY", 10, "MKT"));
  client.wait<protocol::CommissionAndFeesReport>();
  CHECK(client.names() == Names{"ExecutionDetails", "OpenOrder", "OrderStatus", "OpenOrder", "OrderStatus", "OpenOrder",
                                "CommissionAndFeesReport"});
  CHECK(statuses(client) == Names{"PreSubmitted", "Filled"});
  client.seen.clear();
  client.send(order(2, "BUY", 10, "LMT", 10.0));
  client.wait_status(2, "Submitted");
  CHECK(statuses(client) == Names{"PreSubmitted", "Submitted"});
}

TEST_CASE("commissions come late, or only to who asks for executions") {
  Day day({"commissions late by 1h next order", "commissions never on PlaceOrderRequest 2"});
  Client client(day.loop, day.mock, 1);
  client.start().send(order(1, "BUY", 10, "MKT"));
  client.wait_status(1, "Filled");
  many_round_trips(client);
  CHECK_FALSE(client.has<protocol::CommissionAndFeesReport>());
  day.pass(3600 * kSecond);
  const auto report = client.wait<protocol::CommissionAndFeesReport>();
  CHECK(report.exec_id == client.all<protocol::ExecutionDetails>().front().execution->exec_id);

  client.seen.clear();
  client.send(order(2, "BUY", 10, "MKT"));
  client.wait_status(2, "Filled");
  day.pass(3600 * kSecond);
  many_round_trips(client);
  CHECK_FALSE(client.has<protocol::CommissionAndFeesReport>());
  protocol::ExecutionRequest executions;
  executions.req_id = 9;
  client.send(executions);
  client.wait<protocol::ExecutionDetailsEnd>();
  CHECK(client.count<protocol::CommissionAndFeesReport>() == 2);
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
