// Without these: an app's handling of partial fills, stops, groups and changed orders is tested against fiction.
#include <doctest/doctest.h>

#include "tests/mock/client.h"

using namespace ibkr;
using namespace ibkr::mock::test;

TEST_CASE("an order larger than what is offered fills in parts that add up") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();
  client.send(order(1, "BUY", 5000, "MKT"));
  client.wait_status(1, "Filled");
  const auto fills = client.all<protocol::ExecutionDetails>();
  CHECK(fills.size() >= 3);
  protocol::Decimal sum;
  for (const auto& fill : fills) {
    sum = sum + *fill.execution->shares;
    CHECK(protocol::Decimal::compare(*fill.execution->cum_qty, sum) == 0);
  }
  CHECK(sum.to_double() == 5000);
  const auto statuses = client.all<protocol::OrderStatus>();
  CHECK(statuses[1].status == "Submitted");
  CHECK(statuses[1].remaining->to_double() + statuses[1].filled->to_double() == 5000);

  client.seen.clear();
  protocol::ExecutionRequest request;
  request.req_id = 9;
  request.execution_filter.emplace();
  request.execution_filter->symbol = "AAPL";
  client.send(request);
  CHECK(*client.wait<protocol::ExecutionDetailsEnd>().req_id == 9);
  CHECK(client.count<protocol::ExecutionDetails>() == fills.size());
  CHECK(client.count<protocol::CommissionAndFeesReport>() == fills.size());
}

TEST_CASE("a stop waits for its price, and is an order like another after it") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();
  client.send(order(1, "SELL", 10, "STP", 0, 100.0));
  client.send(order(2, "SELL", 10, "STP", 0, 400.0));
  client.wait_status(2, "Filled");
  for (const auto& status : client.all<protocol::OrderStatus>())
    if (status.order_id == 1) CHECK(status.status == "PreSubmitted");
}

TEST_CASE("one order of a group that fills cancels the others") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();
  auto far = order(1, "BUY", 10, "LMT", 10.0);
  auto near = order(2, "BUY", 10, "MKT");
  far.order->oca_group = near.order->oca_group = "one of them";
  client.send(far);
  client.send(near);
  client.wait_status(2, "Filled");
  client.wait_status(1, "Cancelled");
  CHECK(*client.wait_error(202).id == 1);
}

TEST_CASE("what cannot be filled at once is cancelled where the order says so") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();
  auto immediate = order(1, "BUY", 10, "LMT", 10.0);
  immediate.order->tif = "IOC";
  client.send(immediate);
  client.wait_status(1, "Cancelled");
}

TEST_CASE("an order that has filled cannot be changed, and a change must fit the order") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();
  client.send(order(1, "BUY", 10, "MKT"));
  client.wait_status(1, "Filled");
  client.send(order(1, "BUY", 20, "MKT"));
  CHECK(*client.wait_error(104).id == 1);
  client.send(order(2, "BUY", 10, "LMT", 10.0));
  client.wait_status(2, "Submitted");
  client.send(order(2, "SELL", 10, "LMT", 10.0));
  CHECK(*client.wait_error(105).id == 2);
}

TEST_CASE("positions and account values follow a fill without being asked again") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();
  client.send(protocol::PositionsRequest{});
  client.wait<protocol::PositionEnd>();
  protocol::AccountDataRequest values;
  values.subscribe = true;
  values.acct_code = "";
  client.send(values);
  client.wait<protocol::AccountDataEnd>();
  client.seen.clear();
  client.send(order(1, "BUY", 10, "MKT"));
  CHECK(client.wait<protocol::Position>().contract->con_id == 265598);
  CHECK(client.wait<protocol::PortfolioValue>().position->to_double() == 10);
  CHECK(*client.wait<protocol::AccountValue>().account_name == "DU1000001");
}
