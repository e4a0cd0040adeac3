// Without these: an app that passes against the mock fails in trading, because the mock told an order's story in an
// order, or with words, that no Gateway uses.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/mock/client.h"

using namespace ibkr;
using namespace ibkr::mock::test;
using Names = std::vector<std::string>;

namespace {

constexpr int kVersions[] = {100, 142, 178, 200, 201, 203, 213, 226};

protocol::CancelOrderRequest cancel(std::int32_t id) {
  protocol::CancelOrderRequest request;
  request.order_id = id;
  request.order_cancel.emplace();
  return request;
}

}  // namespace

TEST_CASE("every version: a market order from its placing to its commission") {
  for (const int version : kVersions) {
    CAPTURE(version);
    net::Loop loop;
    const Mock mock(loop, version);
    Client client(loop, mock, 7);
    client.start();
    client.send(order(5, "BUY", 100, "MKT"));
    const auto commission = client.wait<protocol::CommissionAndFeesReport>();
    CHECK(client.names() == Names{"OpenOrder", "OrderStatus", "ExecutionDetails", "OpenOrder", "OrderStatus",
                                  "OpenOrder", "CommissionAndFeesReport"});
    const auto fill = client.all<protocol::ExecutionDetails>().front();
    CHECK(fill.execution->exec_id == commission.exec_id);
    CHECK(fill.execution->client_id == 7);
    CHECK(fill.execution->side == "BOT");
    const auto statuses = client.all<protocol::OrderStatus>();
    CHECK(statuses[0].status == "PreSubmitted");
    CHECK(statuses[1].status == "Filled");
    CHECK(statuses[1].remaining->is_zero());
    CHECK(statuses[0].perm_id == statuses[1].perm_id);
    CHECK(client.problems == Names{});

    client.seen.clear();
    client.send(protocol::PositionsRequest{});
    client.wait<protocol::PositionEnd>();
    CHECK(client.all<protocol::Position>().front().position->to_double() == 100);
    client.send(cancel(5));
    CHECK(*client.wait_error(10148).id == 5);
    if (version < 150) continue;
    client.send(protocol::CompletedOrdersRequest{});
    client.wait<protocol::CompletedOrdersEnd>();
    const auto completed = client.wait<protocol::CompletedOrder>();
    CHECK(completed.order->total_quantity->is_zero());
    CHECK(completed.order->filled_quantity->to_double() == 100);
  }
}

TEST_CASE("every version: a limit order is modified, listed and cancelled") {
  for (const int version : kVersions) {
    CAPTURE(version);
    net::Loop loop;
    const Mock mock(loop, version);
    Client client(loop, mock, 7);
    client.start();
    client.send(order(5, "BUY", 10, "LMT", 10.0));
    client.wait_status(5, "Submitted");
    client.seen.clear();
    client.send(order(5, "BUY", 10, "LMT", 11.0));
    client.wait_status(5, "Submitted");
    CHECK(client.names() == Names{"OpenOrder", "OrderStatus"});
    CHECK(client.all<protocol::OpenOrder>().front().order->lmt_price == 11.0);

    client.seen.clear();
    client.send(protocol::OpenOrdersRequest{});
    client.wait<protocol::OpenOrdersEnd>();
    CHECK(client.count<protocol::OpenOrder>() == 1);

    client.seen.clear();
    client.send(cancel(5));
    CHECK(*client.wait_error(202).id == 5);
    CHECK(client.names() == Names{"OrderStatus", "ErrorMessage"});
    CHECK(client.all<protocol::OrderStatus>().front().status == "Cancelled");
    CHECK(client.problems == Names{});
  }
}

TEST_CASE("orders that TWS does not take") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();

  client.send(order(1, "BUY", 10, "LMT", 10.001));
  CHECK(*client.wait_error(110).id == 1);
  client.send(order(2, "BUY", 1000000, "MKT"));
  CHECK(*client.wait_error(201).id == 2);
  client.wait_status(2, "Inactive");
  CHECK(client.count<protocol::OrderStatus>() == 1);  // none for the price off the tick

  client.send(order(2, "BUY", 10, "MKT"));
  CHECK(*client.wait_error(103).id == 2);
  auto unknown = order(3, "BUY", 10, "MKT");
  unknown.contract = stock("NOSUCH");
  client.send(unknown);
  CHECK(*client.wait_error(200).id == 3);
  client.send(cancel(99));
  const auto not_found = client.wait_error(10147);
  CHECK(not_found.id == 99);
  CHECK(not_found.error_msg->find("99") != std::string::npos);
  client.send(order(4, "BUY", 10, "PEG MID"));
  CHECK(*client.wait_error(387).id == 4);
  client.send(order(5, "BUY", 2000000000, "MKT"));
  CHECK(*client.wait_error(321).id == 5);
}

TEST_CASE("a what-if is answered with margins and places nothing") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();
  auto what_if = order(1, "BUY", 100, "MKT");
  what_if.order->what_if = true;
  client.send(what_if);
  const auto answer = client.wait<protocol::OpenOrder>();
  CHECK(*answer.order_state->init_margin_change > 0);
  client.seen.clear();
  client.send(protocol::AllOpenOrdersRequest{});
  client.wait<protocol::OpenOrdersEnd>();
  CHECK_FALSE(client.has<protocol::OpenOrder>());
}

TEST_CASE("a bracket waits for its last order, and its exits for the entry") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 1);
  client.start();
  auto entry = order(1, "BUY", 10, "MKT");
  auto profit = order(2, "SELL", 10, "LMT", 500.0);
  auto loss = order(3, "SELL", 10, "STP", 0, 100.0);
  entry.order->transmit = profit.order->transmit = false;
  profit.order->parent_id = loss.order->parent_id = 1;
  client.send(entry);
  client.send(profit);
  client.settle();
  CHECK_FALSE(client.has<protocol::OpenOrder>());
  client.send(loss);
  client.wait_status(2, "Submitted");
  client.wait_status(1, "Filled");

  client.seen.clear();
  client.send(cancel(2));
  client.wait_status(2, "Cancelled");
  client.wait_status(3, "Cancelled");
}

TEST_CASE("another client's orders are listed with its id, and a global cancel takes them all") {
  net::Loop loop;
  const Mock mock(loop);
  Client trader(loop, mock, 3);
  Client watcher(loop, mock, 4);
  trader.start();
  watcher.start();
  trader.send(order(1, "BUY", 10, "LMT", 10.0));
  trader.wait_status(1, "Submitted");
  watcher.send(protocol::AllOpenOrdersRequest{});
  watcher.wait<protocol::OpenOrdersEnd>();
  CHECK(watcher.wait<protocol::OpenOrder>().order->client_id == 3);
  watcher.send(protocol::GlobalCancelRequest{});
  trader.wait_status(1, "Cancelled");
}

TEST_CASE("an order left behind is told again to the client that comes back") {
  net::Loop loop;
  const Mock mock(loop);
  {
    Client leaving(loop, mock, 3);
    leaving.start();
    leaving.send(order(8, "BUY", 10, "LMT", 10.0));
    leaving.wait_status(8, "Submitted");
  }
  Client watcher(loop, mock, 4);
  watcher.start();
  Client back(loop, mock, 3);
  CHECK(*back.wait<protocol::NextValidId>().order_id == 9);
  back.wait_status(8, "Submitted");
}
