// Without these: an app is tested against orders that are told better, or worse, than a Gateway tells them.
#include <doctest/doctest.h>

#include "tests/mock/bad_day.h"

using namespace ibkr;
using namespace ibkr::mock;
using namespace ibkr::mock::test;
using Names = std::vector<std::string>;

namespace {

std::vector<std::string> statuses(const Client& client) {
  std::vector<std::string> told;
  for (const auto& status : client.all<protocol::OrderStatus>()) told.push_back(*status.status);
  return told;
}

}  // namespace

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
