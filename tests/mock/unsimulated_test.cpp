// Without these: a client waits for ever for the answer to a request that the mock does not simulate, or takes the
// error about a cancel for an error of its own.
#include <doctest/doctest.h>

#include <algorithm>
#include <ranges>

#include "protocol/catalogue.h"
#include "protocol/identity.h"
#include "protocol/relations.h"
#include "protocol/storage.h"
#include "tests/mock/client.h"

using namespace ibkr;
using namespace ibkr::mock::test;
using namespace std::string_literals;

namespace {

constexpr int kVersions[] = {100, 157, 178, 200, 203, 226};
constexpr std::int32_t kId = 9001;

/// An empty request, but for its id and for what TWS refuses to do without.
protocol::Message request_of(const protocol::MessageInfo& type) {
  protocol::Message message(type);
  for (const auto& field : type.body->fields) {
    if (field.role == protocol::Role::RequestId || field.role == protocol::Role::OrderId)
      protocol::set<std::int32_t>(field, message.body()) = kId;
  }
  if (auto* rule = message.get_if<protocol::MarketRuleRequest>()) rule->market_rule_id = 26;
  if (auto* chain = message.get_if<protocol::SecDefOptParamsRequest>()) chain->underlying_con_id = 265598;
  if (auto* account = message.get_if<protocol::AccountDataRequest>()) account->subscribe = true;
  if (auto* bind = message.get_if<protocol::AutoOpenOrdersRequest>()) bind->auto_bind = true;
  return message;
}

/// What ends a wait for the request: one of its ends, or an error that carries its id and that no client takes for a
/// warning, as ib_async does with 321.
bool is_told(const Client& client, const protocol::Message& request) {
  const auto ends = protocol::ends_of(request, client.version);
  const bool has_id = protocol::integer_with_role(request, protocol::Role::RequestId).has_value();
  return std::ranges::any_of(client.seen, [&](const protocol::Message& seen) {
    const auto* error = seen.get_if<protocol::ErrorMessage>();
    if (error != nullptr) return has_id && error->id == kId && error->error_code != 321;
    return std::ranges::find(ends, &seen.type()) != ends.end();
  });
}

}  // namespace

TEST_CASE("every request that has an answer gets one, or an error with its id") {
  for (const int version : kVersions) {
    net::Loop loop;
    const Mock mock(loop, version);
    Client client(loop, mock, 7);
    client.start();
    for (const auto* type : protocol::all_messages()) {
      const bool ended = type->kind == protocol::RequestKind::OneShot || type->kind == protocol::RequestKind::Finite;
      if (type->direction != protocol::Direction::Out || type->since > version || !ended) continue;
      const auto request = request_of(*type);
      if (protocol::ends_of(request, version).empty()) continue;  // TWS answers it nothing at this version
      CAPTURE(version);
      CAPTURE(type->name);
      client.seen.clear();
      client.send(request);
      client.settle();
      CHECK(is_told(client, request));
    }
    CHECK(client.problems == std::vector<std::string>{});
  }
}

TEST_CASE("a cancel of what is not simulated says nothing") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 7);
  client.start();
  for (const std::string_view name : {"CancelMarketDepth", "CancelScannerSubscription", "CancelNewsBulletins",
                                      "CancelFundamentalsData", "CancelCalculateImpliedVolatility", "CancelWshMetaData",
                                      "CancelHistoricalTicks", "UnsubscribeFromGroupEventsRequest"}) {
    CAPTURE(name);
    const auto* type = protocol::find_message(protocol::Direction::Out, name);
    REQUIRE(type != nullptr);
    client.seen.clear();
    client.send(request_of(*type));
    client.settle();
    CHECK(client.names() == std::vector<std::string>{"CurrentTime"});
  }
}

TEST_CASE("an empty end carries what ties it to its request") {
  net::Loop loop;
  const Mock mock(loop);
  Client client(loop, mock, 7);
  client.start();
  client.send(protocol::NewsProvidersRequest{});
  CHECK(client.wait<protocol::NewsProviders>().news_providers.empty());

  protocol::HistoricalNewsRequest news;
  news.req_id = kId;
  client.send(news);
  CHECK(*client.wait<protocol::HistoricalNewsEnd>().req_id == kId);

  protocol::FARequest advisor;
  advisor.fa_data_type = 3;
  client.send(advisor);
  CHECK(*client.wait<protocol::ReceiveFA>().fa_data_type == 3);
}

TEST_CASE("error 320 names the request where its id could be read") {
  {
    net::Loop loop;
    const Mock mock(loop, 178);
    Client client(loop, mock, 7);
    client.start();
    client.send_payload("1\00011\0009001\000no number\000"s);
    const auto error = client.wait_error(320);
    CHECK(*error.id == kId);
    CHECK(error.error_msg->find("con_id") != std::string::npos);
    client.seen.clear();
    client.send_payload("1\00011\000no number\000"s);
    CHECK(*client.wait_error(320).id == -1);
  }
  net::Loop loop;
  const Mock mock(loop, 226);
  Client client(loop, mock, 7);
  client.start();
  client.send_payload("\x00\x00\x00\xc9\x08\xa9\x46\x12\x7f"s);  // req_id 9001, then a contract that is cut off
  CHECK(*client.wait_error(320).id == kId);
}
