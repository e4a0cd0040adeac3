// Without these: an app learns limits, or refusals, that no Gateway has.
#include <doctest/doctest.h>

#include "tests/mock/bad_day.h"

using namespace ibkr;
using namespace ibkr::mock;
using namespace ibkr::mock::test;

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
