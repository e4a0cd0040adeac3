// Without these: an app that connects to the mock at some server version hangs, or reads wrong fields, where a real TWS
// would have served it.
#include <doctest/doctest.h>

#include "tests/mock/client.h"

using namespace ibkr;
using namespace ibkr::mock::test;

namespace {

constexpr int kVersions[] = {100, 142, 178, 200, 201, 203, 213, 226};

protocol::HistoricalDataRequest bars_request(std::int32_t id, bool live = false) {
  protocol::HistoricalDataRequest request;
  request.req_id = id;
  request.contract = stock("AAPL");
  request.end_date_time = "";
  request.bar_size_setting = "1 hour";
  request.duration = "2 D";
  request.use_rth = true;
  request.what_to_show = "TRADES";
  request.format_date = 1;
  request.keep_up_to_date = live;
  return request;
}

protocol::MarketDataRequest quotes_request(std::int32_t id, bool snapshot) {
  protocol::MarketDataRequest request;
  request.req_id = id;
  request.contract = stock("AAPL");
  request.generic_tick_list = "";
  request.snapshot = snapshot;
  return request;
}

}  // namespace

TEST_CASE("every version: connect, details, bars, quotes, positions, values") {
  for (const int version : kVersions) {
    CAPTURE(version);
    net::Loop loop;
    const Mock mock(loop, version);
    Client client(loop, mock, 7);
    client.start();
    CHECK(client.version == version);

    protocol::ContractDataRequest details;
    details.req_id = 1;
    details.contract = stock("AAPL");
    client.send(details);
    client.wait<protocol::ContractDataEnd>();
    REQUIRE(client.count<protocol::ContractData>() == 1);
    const auto found = client.all<protocol::ContractData>().front();
    CHECK(found.contract->con_id == 265598);
    CHECK(found.contract->exchange == "SMART");
    CHECK(found.contract_details->min_tick->to_string() == "0.01");
    CHECK(found.contract_details->long_name == "APPLE INC");
    if (version >= 109) {
      REQUIRE(found.contract_details->sec_id_list.size() == 1);
      CHECK(*found.contract_details->sec_id_list[0].tag == "ISIN");
      CHECK(*found.contract_details->sec_id_list[0].value == "XX0002655985");
    }

    client.send(bars_request(2));
    const auto bars = client.wait<protocol::HistoricalData>();
    CHECK(bars.historical_data_bars.size() >= 8);
    CHECK(bars.historical_data_bars.size() <= 14);
    if (version < 196) {
      CHECK(bars.end_date.value_or("").size() >= 17);
    } else {
      client.wait<protocol::HistoricalDataEnd>();
    }

    client.send(quotes_request(3, false));
    run_until(loop, [&] { return client.count<protocol::TickPrice>() >= 20; });
    protocol::CancelMarketData cancel;
    cancel.req_id = 3;
    client.send(cancel);
    client.settle();
    const std::size_t ticks = client.count<protocol::TickPrice>();
    client.send(quotes_request(4, true));
    client.wait<protocol::TickSnapshotEnd>();
    CHECK(client.count<protocol::TickPrice>() > ticks);

    client.send(protocol::PositionsRequest{});
    client.wait<protocol::PositionEnd>();
    CHECK(*client.wait<protocol::Position>().account == "DU1000001");

    protocol::AccountSummaryRequest summary;
    summary.req_id = 5;
    summary.group = "All";
    summary.tags = "NetLiquidation,BuyingPower";
    client.send(summary);
    client.wait<protocol::AccountSummaryEnd>();
    CHECK(client.count<protocol::AccountSummary>() == 2);

    protocol::AccountDataRequest values;
    values.subscribe = true;
    values.acct_code = "DU1000001";
    client.send(values);
    CHECK(*client.wait<protocol::AccountDataEnd>().account_name == "DU1000001");
    CHECK(client.has<protocol::PortfolioValue>());
    CHECK(client.has<protocol::AccountUpdateTime>());
    CHECK(client.problems == std::vector<std::string>{});
  }
}

TEST_CASE("a client id that is in use gets one 326, then the socket closes") {
  net::Loop loop;
  const Mock mock(loop);
  Client first(loop, mock, 7);
  first.start();
  Client second(loop, mock, 7);
  run_until(loop, [&] { return second.ended; });
  REQUIRE(second.seen.size() == 1);
  CHECK(second.all<protocol::ErrorMessage>().front().error_code == 326);
  CHECK(second.all<protocol::ErrorMessage>().front().id == -1);
  first.settle();
  CHECK_FALSE(first.ended);
}

TEST_CASE("an app whose lowest version is above ours is refused, one whose highest is below gets that") {
  net::Loop loop;
  const Mock mock(loop, 178);
  Client modern(loop, mock, 1, 226, 213);
  run_until(loop, [&] { return modern.ended; });
  CHECK(modern.version == 0);
  Client old(loop, mock, 1, 157, 100);
  old.start();
  CHECK(old.version == 157);
}

TEST_CASE("what is asked wrongly is answered with TWS's code, never with silence") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();

  protocol::ContractDataRequest unknown;
  unknown.req_id = 10;
  unknown.contract = stock("NOSUCH");
  client.send(unknown);
  CHECK(*client.wait_error(200).id == 10);

  client.seen.clear();
  auto ambiguous = quotes_request(11, false);
  ambiguous.contract->symbol = "ES";
  ambiguous.contract->sec_type = "FUT";
  ambiguous.contract->exchange = "CME";
  client.send(ambiguous);
  CHECK(*client.wait_error(200).id == 11);

  protocol::CancelMarketData no_stream;
  no_stream.req_id = 12;
  client.send(no_stream);
  CHECK(*client.wait_error(300).id == 12);

  protocol::CancelHistoricalData no_query;
  no_query.req_id = 13;
  client.send(no_query);
  CHECK(*client.wait_error(366).id == 13);

  auto odd_size = bars_request(14);
  odd_size.bar_size_setting = "7 mins";
  client.send(odd_size);
  CHECK(*client.wait_error(321).id == 14);

  client.seen.clear();
  protocol::MarketDepthRequest depth;
  depth.req_id = 15;
  depth.contract = stock("AAPL");
  client.send(depth);
  const auto refused = client.wait_error(322);
  CHECK(refused.id == 15);
  CHECK(refused.error_msg->find("MarketDepthRequest") != std::string::npos);
}

TEST_CASE("bars that are kept up to date: data, end, and 162 when they are cancelled") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();
  client.send(bars_request(20, true));
  client.wait<protocol::HistoricalDataEnd>();
  REQUIRE(client.seen.size() >= 2);
  CHECK(client.seen[0].name() == "HistoricalData");
  CHECK(client.seen[1].name() == "HistoricalDataEnd");
  protocol::CancelHistoricalData cancel;
  cancel.req_id = 20;
  client.send(cancel);
  CHECK(*client.wait_error(162).id == 20);
}
