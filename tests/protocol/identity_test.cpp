// If this breaks, an error reaches another request than the one it is about, a child's news go to its parent, or the
// journal's columns of ids are empty.
#include "protocol/identity.h"

#include <doctest/doctest.h>

#include "protocol/messages.h"

using namespace ibkr::protocol;

TEST_CASE("an id is found where the description says that it is, the nearest to the top first") {
  OpenOrder news;
  CHECK_FALSE(integer_with_role(Message(news), Role::OrderId));
  Order order;
  order.order_id = 8;
  order.perm_id = std::int64_t{1} << 40;
  order.client_id = 3;
  order.account = "DU1";
  news.order = order;
  CHECK(integer_with_role(Message(news), Role::OrderId) == 8);
  news.order_id = 7;
  const Message message(news);
  CHECK(integer_with_role(message, Role::OrderId) == 7);
  CHECK(integer_with_role(message, Role::PermId) == std::int64_t{1} << 40);
  CHECK(integer_with_role(message, Role::ClientId) == 3);
  CHECK(text_with_role(message, Role::Account) == "DU1");
  CHECK_FALSE(integer_with_role(message, Role::RequestId));
  CHECK_FALSE(text_with_role(message, Role::ExecId));
}

TEST_CASE("what only refers to something else is not what a message is about") {
  OrderStatus status;
  status.parent_id = 5;
  CHECK_FALSE(integer_with_role(Message(status), Role::OrderId));
  CompletedOrder completed;
  Order order;
  order.parent_id = 5;
  order.parent_perm_id = 6;
  completed.order = order;
  CHECK_FALSE(integer_with_role(Message(completed), Role::OrderId));
  CHECK_FALSE(integer_with_role(Message(completed), Role::PermId));
  ExecutionRequest filtered;
  ExecutionFilter filter;
  filter.client_id = 9;
  filtered.execution_filter = filter;
  CHECK_FALSE(integer_with_role(Message(filtered), Role::ClientId));
}

TEST_CASE("an error carries a request's id, else an order's, else -1") {
  MarketDataRequest quotes;
  quotes.req_id = 0;
  CHECK(error_id(Message(quotes)) == 0);
  PlaceOrderRequest place;
  place.order_id = 12;
  CHECK(error_id(Message(place)) == 12);
  CHECK(error_id(Message(PositionsRequest())) == -1);
  MarketRuleRequest rule;
  rule.market_rule_id = 26;
  CHECK(error_id(Message(rule)) == -1);
}

TEST_CASE("a type has the roles that its messages can have") {
  CHECK(has_role(ExecutionDetails::info, Role::RequestId));
  CHECK(has_role(ExecutionDetails::info, Role::OrderId));
  CHECK(has_role(ExecutionDetails::info, Role::ExecId));
  CHECK(has_role(ErrorMessage::info, Role::RequestOrOrderId));
  CHECK(has_role(DeltaNeutralValidation::info, Role::RequestOrOrderId));
  CHECK_FALSE(has_role(ExecutionRequest::info, Role::ClientId));
  CHECK_FALSE(has_role(PositionsRequest::info, Role::RequestId));
}

TEST_CASE("a key ties a request without an id to its answer") {
  MarketRuleRequest rule;
  CHECK(key_of(Message(rule)).empty());
  rule.market_rule_id = 26;
  CHECK(key_of(Message(rule)) == "26");
  AccountDataRequest account;
  account.acct_code = "DU1";
  CHECK(key_of(Message(account)) == "DU1");
  PortfolioValue value;
  value.account_name = "DU1";
  CHECK(key_of(Message(value)) == "DU1");
  CHECK(key_of(Message(PositionsRequest())).empty());
}
