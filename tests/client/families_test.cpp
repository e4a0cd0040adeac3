// Without these: two callers of a request without an id get each other's answers, or a late answer is taken for the
// next one's.
#include <doctest/doctest.h>

#include <deque>
#include <set>

#include "client/turns.h"
#include "served.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

namespace {

Message time_of(std::int64_t seconds) {
  protocol::CurrentTime time;
  time.current_time = seconds;
  return time;
}

Message family_of(const std::string& account) {
  protocol::FamilyCodes codes;
  codes.family_codes.emplace_back().account_id = account;
  return codes;
}

std::string asked_family(const protocol::FamilyCodes& codes) {
  return codes.family_codes.at(0).account_id.value_or("");
}

/// Waits until the server has been asked so often.
void wait_asked(Script& script, std::size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (std::size_t asked = 0; asked < count; std::this_thread::yield()) {
    script.with([&](Scripted& server) { asked = server.asked.size(); });
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
}

}  // namespace

TEST_CASE("each rule has its turn") {
  protocol::MarketRuleRequest rule;
  rule.market_rule_id = 26;
  CHECK(turn_of(Message(rule)) == "MarketRuleRequest 26");
  CHECK(turn_of(Message(protocol::AllOpenOrdersRequest{})) == turn_of(Message(protocol::OpenOrdersRequest{})));
  CHECK(turn_of(Message(protocol::VerifyRequest{})) == turn_of(Message(protocol::VerifyMessageRequest{})));
  CHECK(turn_of(Message(protocol::VerifyRequest{})) != turn_of(Message(protocol::OpenOrdersRequest{})));
  CHECK(turn_of(Message(protocol::CompletedOrdersRequest{})) == "CompletedOrdersRequest");
  CHECK_FALSE(turn_of(Message(protocol::PositionsRequest{})));
  CHECK_FALSE(turn_of(Message(protocol::ContractDataRequest{})));
  CHECK_FALSE(turn_of(Message(protocol::GlobalCancelRequest{})));
}

TEST_CASE("families asked by four threads at once: everybody gets an answer of his own kind") {
  Mock mock;
  IBKRClient client(options_for(mock.port()));
  client.connect();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&client, &good] {
      for (int round = 0; round < 20; ++round) {
        client.send(protocol::OpenOrdersRequest{}).get();
        client.send(protocol::AllOpenOrdersRequest{}).get();
        client.send(protocol::CompletedOrdersRequest{}).get();
        client.send(protocol::CurrentTimeRequest{}).get();
        client.send(protocol::ManagedAccountsRequest{}).get();
        client.send(protocol::IdsRequest{}).get();
        if (client.collect(protocol::PositionsRequest{}).get().size() >= 1) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 80);
  CHECK(client.counters().under_way == 0);
  CHECK(client.counters().waiting == 0);
}

TEST_CASE("one is under way at a time, and the next is sent when it is answered or refused") {
  Script script;
  IBKRClient client(options_for(script.port()));
  client.connect();
  const auto first = client.send(protocol::FamilyCodesRequest{});
  const auto second = client.send(protocol::FamilyCodesRequest{});
  wait_asked(script, 1);
  CHECK(client.counters().waiting == 1);
  script.with([](Scripted& server) { server.peers[0]->say(family_of("A")); });
  wait_asked(script, 2);
  script.with([](Scripted& server) { server.peers[0]->say(family_of("B")); });
  CHECK(asked_family(first.get()) == "A");
  CHECK(asked_family(second.get()) == "B");
}

TEST_CASE("what can be told apart by a key is asked side by side") {
  Script script;
  IBKRClient client(options_for(script.port()));
  client.connect();
  const auto ask = [&](int id) {
    protocol::MarketRuleRequest request;
    request.market_rule_id = id;
    return client.send(request);
  };
  const auto one = ask(1), two = ask(2), again = ask(1);
  wait_asked(script, 2);
  script.with([](Scripted& server) {
    for (const int id : {2, 1}) {
      protocol::MarketRule rule;
      rule.market_rule_id = id;
      server.peers[0]->say(rule);
    }
  });
  CHECK(one.get().market_rule_id == 1);
  CHECK(two.get().market_rule_id == 2);
  CHECK(again.wait(0ms) == false);
  wait_asked(script, 3);
}

TEST_CASE("a late answer is dropped and counted, never the next caller's") {
  Script script;
  IBKRClient client(options_for(script.port()));
  client.connect();
  const auto late = client.send(protocol::FamilyCodesRequest{}, {.limit = 20ms});
  CHECK(late.result().error().reason == Reason::TimedOut);
  const auto next = client.send(protocol::FamilyCodesRequest{});
  CHECK_FALSE(next.wait(20ms));
  script.with([](Scripted& server) { server.peers[0]->say(family_of("late")); });
  wait_asked(script, 2);
  script.with([](Scripted& server) { server.peers[0]->say(family_of("own")); });
  CHECK(asked_family(next.get()) == "own");
  CHECK(client.counters().late_answers == 1);
}

TEST_CASE("an answer that never comes holds the next ones up for a while only") {
  Script script;
  Options options = options_for(script.port());
  options.late_answer_limit = 30ms;
  IBKRClient client(options);
  client.connect();
  CHECK_THROWS_AS(client.send(protocol::FamilyCodesRequest{}, {.limit = 20ms}).get(), Timeout);
  script.with([](Scripted& server) {
    server.answers = [](Scripted::Peer& peer, const Message&) { peer.say(family_of("own")); };
  });
  CHECK(asked_family(client.send(protocol::FamilyCodesRequest{}).get()) == "own");
}

TEST_CASE("the time is asked once for all who wait, and again where TWS has passed it over") {
  Script script;
  IBKRClient client(options_for(script.port()));
  client.connect();
  std::vector<Call<protocol::CurrentTime>> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(client.send(protocol::CurrentTimeRequest{}));
  wait_asked(script, 1);
  wait_asked(script, 2);  // nothing was answered, so it is asked again after a second
  script.with([](Scripted& server) { server.peers[0]->say(time_of(77)); });
  for (const auto& call : calls) CHECK(call.get().current_time == 77);
  CHECK(client.counters().waiting == 0);
}

TEST_CASE("an error without an id goes to the call in flight that it can concern, else it is a notice") {
  Script script;
  IBKRClient client(options_for(script.port()));
  std::promise<Error> noticed;
  client.on_notice([&](const Error& error) {
    if (error.code == 2104) noticed.set_value(error);
  });
  client.connect();
  const auto call = client.send(protocol::ManagedAccountsRequest{});
  const auto rule = client.send(protocol::FARequest{});
  wait_asked(script, 2);
  script.with([](Scripted& server) {
    server.peers[0]->say(error_message(-1, 2104, "Market data farm connection is OK:usfarm"));
    server.peers[0]->say(error_message(-1, 321, "Error validating request: not an advisor"));
  });
  CHECK(noticed.get_future().get().severity == Severity::Farm);
  CHECK(rule.result().error().code == 321);
  CHECK(rule.result().error().request == "FARequest");
  CHECK_FALSE(call.is_done());
}

TEST_CASE("a shared subscription is asked for by each user and cancelled with the last one") {
  Script script([](Scripted::Peer& peer, const Message& request) {
    if (!request.is<protocol::PositionsRequest>()) return;
    protocol::Position position;
    position.account = "DU1";
    position.contract = stock("AAPL");
    position.position = protocol::Decimal(7);
    peer.say(position);
    peer.say(protocol::PositionEnd{});
  });
  IBKRClient client(options_for(script.port()));
  client.connect();
  const auto until_batch = [](const Stream<protocol::Position>& stream) {
    int rows = 0;
    while (true) {
      const auto event = stream.next(kPatience);
      REQUIRE(event);
      if (event->kind == StreamEventKind::EndOfBatch) return rows;
      rows += event->kind == StreamEventKind::Row ? 1 : 0;
    }
  };
  auto first = client.send(protocol::PositionsRequest{});
  CHECK(until_batch(first) == 1);
  const auto second = client.send(protocol::PositionsRequest{});
  CHECK(until_batch(second) >= 1);
  CHECK(client.collect(protocol::PositionsRequest{}).get().size() >= 1);
  first = {};
  client.send(protocol::SetServerLogLevelRequest{}).get();
  wait_asked(script, 4);
  const auto cancels = [&] {
    std::size_t count = 0;
    script.with([&](Scripted& server) {
      for (const auto& request : server.asked) count += request.is<protocol::CancelPositions>() ? 1 : 0;
    });
    return count;
  };
  CHECK(cancels() == 0);
  second.cancel();
  wait_asked(script, 5);
  CHECK(cancels() == 1);
}

TEST_CASE("another account cannot take a shared subscription over") {
  Script script;
  IBKRClient client(options_for(script.port()));
  client.connect();
  const auto of = [](const std::string& account) {
    protocol::AccountDataRequest request;
    request.subscribe = true;
    request.acct_code = account;
    return request;
  };
  const auto first = client.send(of("DU1"));
  const auto other = client.send(of("DU2"));
  const auto event = other.next(kPatience);
  REQUIRE(event);
  CHECK(event->kind == StreamEventKind::Closed);
  CHECK(event->error->reason == Reason::Misuse);
  CHECK(event->error->text.find("DU1") != std::string::npos);
}
