// Without these: calls that are given up leave requests running at TWS, or more leaves than TWS allows.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/pacing.h"
#include "served.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

namespace {

std::vector<std::string> asked(Script& script, std::size_t at_least) {
  std::vector<std::string> names;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (names.size() < at_least) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    names.clear();
    script.with([&](Scripted& server) {
      for (const auto& request : server.asked) names.emplace_back(request.name());
    });
    std::this_thread::yield();
  }
  return names;
}

using Names = std::vector<std::string>;

protocol::HistoricalDataRequest bars() {
  protocol::HistoricalDataRequest request;
  request.contract = stock("AAPL");
  request.bar_size_setting = "1 hour";
  request.duration = "1 D";
  request.what_to_show = "TRADES";
  return request;
}

}  // namespace

TEST_CASE("what is given up is cancelled where TWS has a cancel, with its id, and abandoned where not") {
  Script script;
  IBKRClient client(options_for(script.port()));
  client.connect();
  CHECK_THROWS_AS(client.send(bars(), {.limit = 10ms}).get(), Timeout);
  protocol::SecDefOptParamsRequest chains;
  chains.underlying_symbol = "AAPL";
  const auto call = client.send(chains);
  call.cancel();
  CHECK(call.result().error().reason == Reason::Cancelled);
  client.send(protocol::SetServerLogLevelRequest{}).get();
  const auto names = asked(script, 4);
  CHECK(names ==
        Names{"HistoricalDataRequest", "CancelHistoricalData", "SecDefOptParamsRequest", "SetServerLogLevelRequest"});
  script.with([](Scripted& server) {
    const auto id = *server.asked[0].as<protocol::HistoricalDataRequest>().req_id;
    CHECK(server.asked[1].as<protocol::CancelHistoricalData>().req_id == id);
    protocol::SecDefOptParameterEnd end;
    end.req_id = *server.asked[2].as<protocol::SecDefOptParamsRequest>().req_id;
    server.peers[0]->say(end);
    server.answers = [](Scripted::Peer& peer, const Message&) { peer.say(protocol::CurrentTime{}); };
  });
  client.send(protocol::CurrentTimeRequest{}).get();
  CHECK(client.counters().late_answers == 1);
}

TEST_CASE("no cancel is sent for what was answered or refused") {
  Script script([](Scripted::Peer& peer, const Message& request) {
    if (const auto* asked_for = request.get_if<protocol::HistoricalDataRequest>()) {
      peer.say(error_message(*asked_for->req_id, 162, "Historical Market Data Service error message:no data"));
    }
  });
  IBKRClient client(options_for(script.port()));
  client.connect();
  const auto call = client.send(bars());
  CHECK(call.result().error().code == 162);
  call.cancel();
  client.send(protocol::SetServerLogLevelRequest{}).get();
  CHECK(asked(script, 2) == Names{"HistoricalDataRequest", "SetServerLogLevelRequest"});
}

TEST_CASE("an order goes on when its stream is let go, and an error does not end it") {
  Script script([](Scripted::Peer& peer, const Message& request) {
    if (const auto* order = request.get_if<protocol::PlaceOrderRequest>()) {
      peer.say(error_message(*order->order_id, 399, "Order message:\nWarning: held until the open"));
      protocol::OrderStatus status;
      status.order_id = *order->order_id;
      status.status = "Submitted";
      peer.say(status);
    }
  });
  IBKRClient client(options_for(script.port()));
  client.connect();
  protocol::PlaceOrderRequest request;
  request.contract = stock("AAPL");
  request.order.emplace().action = "BUY";
  {
    const auto stream = client.send(request);
    auto event = stream.next(kPatience);
    REQUIRE(event);
    CHECK(event->kind == StreamEventKind::Remark);
    CHECK(event->error->concern == Concern::Order);
    event = stream.next(kPatience);
    REQUIRE(event);
    REQUIRE(event->kind == StreamEventKind::Row);
    CHECK(std::get<protocol::OrderStatus>(*event->row).order_id == 5);
  }
  client.send(protocol::SetServerLogLevelRequest{}).get();
  CHECK(asked(script, 2) == Names{"PlaceOrderRequest", "SetServerLogLevelRequest"});
  CHECK(client.take_order_id() == 6);
}

TEST_CASE("in no second more leaves than allowed, and orders and cancels go first") {
  Pacing pacing(50);
  std::vector<std::int64_t> sent;
  for (std::int64_t now = 0; sent.size() < 400; now += 1'000'000) {
    while (pacing.take(now)) sent.push_back(now);
    CHECK(pacing.next_ns() > now);
  }
  for (std::size_t i = 50; i < sent.size(); ++i) CHECK(sent[i] - sent[i - 50] >= 1'000'000'000);

  Script script;
  Options options = options_for(script.port());
  options.messages_per_second = 3;
  IBKRClient client(options);
  client.connect();
  std::vector<Call<std::vector<protocol::CompletedOrder>>> calls;
  std::vector<Call<protocol::SoftDollarTiers>> waiting;
  for (int i = 0; i < 5; ++i) waiting.push_back(client.send(protocol::SoftDollarTiersRequest{}));
  const auto cancel = client.send(protocol::GlobalCancelRequest{});
  CHECK(client.counters().waiting == 3);
  cancel.get();
  CHECK(asked(script, 4).at(3) == "GlobalCancelRequest");
  client.set_rate_limit(0);
  asked(script, 6);
}

TEST_CASE("more than a socket takes at once leaves all the same") {
  Script script([](Scripted::Peer& peer, const Message& request) {
    protocol::SymbolSamples samples;
    samples.req_id = *request.as<protocol::MatchingSymbolsRequest>().req_id;
    peer.say(samples);
  });
  IBKRClient client(options_for(script.port()));
  client.connect();
  protocol::MatchingSymbolsRequest request;
  for (const std::size_t length : {std::size_t{20}, std::size_t{20'000}}) {
    request.pattern = std::string(length, 'A');
    std::vector<Call<protocol::SymbolSamples>> calls;
    for (std::size_t sent = 0; sent < 4'000'000; sent += length + 20) calls.push_back(client.send(request));
    for (const auto& call : calls) CHECK(call.result().has_value());
  }
}

TEST_CASE("a call that waits to be sent can run out of time, too") {
  Script script;
  Options options = options_for(script.port());
  options.messages_per_second = 1;
  options.most_waiting = 2;
  IBKRClient client(options);
  client.connect();
  client.send(protocol::SetServerLogLevelRequest{}).get();
  const auto late = client.send(details_of("A"), {.limit = 10ms});
  const auto patient = client.send(details_of("B"));
  const auto refused = client.send(details_of("C"));
  CHECK(refused.result().error().reason == Reason::Misuse);
  CHECK(late.result().error().text == "it was not sent in time");
  CHECK_FALSE(patient.is_done());
}

TEST_CASE("observers of messages and notices come and go, and what one throws is told") {
  Script script([](Scripted::Peer& peer, const Message&) { peer.say(protocol::CurrentTime{}); });
  IBKRClient client(options_for(script.port()));
  std::promise<std::string> thrown;
  std::atomic<int> times = 0;
  client.on_notice([&](const Error& error) {
    if (error.reason == Reason::UserCode) thrown.set_value(error.text);
  });
  ObserverId id = 0;
  id = client.on<protocol::CurrentTime>([&](const protocol::CurrentTime&) {
    ++times;
    CHECK(client.remove(id));
    CHECK_FALSE(client.remove(id));
    throw std::runtime_error("a bug");
  });
  client.connect();
  client.send(protocol::CurrentTimeRequest{}).get();
  CHECK(thrown.get_future().get().find("a bug") != std::string::npos);
  client.send(protocol::CurrentTimeRequest{}).get();
  client.close();
  CHECK(times == 1);
}

TEST_CASE("a slow reader of a stream misses rows, is told how many, and gets every end") {
  constexpr int kRows = 1000;
  Script script([](Scripted::Peer& peer, const Message& request) {
    if (!request.is<protocol::PositionsRequest>()) return peer.say(protocol::CurrentTime{});
    for (int i = 0; i < kRows; ++i) peer.say(protocol::Position{});
    peer.say(protocol::PositionEnd{});
  });
  Options options = options_for(script.port());
  options.most_unread = 100;
  IBKRClient client(options);
  client.connect();
  const auto stream = client.send(protocol::PositionsRequest{});
  client.send(protocol::CurrentTimeRequest{}).get();
  client.disconnect();
  int rows = 0;
  std::uint64_t missed = 0;
  std::vector<StreamEventKind> ends;
  while (const auto event = stream.next(kPatience)) {
    if (event->kind == StreamEventKind::Row) {
      ++rows;
    } else if (event->kind == StreamEventKind::Missed) {
      missed += event->missed_rows;
    } else {
      ends.push_back(event->kind);
    }
  }
  CHECK(rows == 100);
  CHECK(missed == kRows - 100);
  CHECK(ends == std::vector{StreamEventKind::EndOfBatch, StreamEventKind::Closed});
}

TEST_CASE("a forked child is refused, and its client does not hang when it goes") {
  Mock mock;
  auto client = std::make_unique<IBKRClient>(options_for(mock.port()));
  client->connect();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int good = 0;
    try {
      client->send(details_of("AAPL")).get();
    } catch (const UsageError&) {
      ++good;
    }
    try {
      client->connect();
    } catch (const UsageError&) {
      ++good;
    }
    client->close();
    client.reset();
    _exit(good == 2 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(client->send(details_of("AAPL")).get().size() == 1);
}
