// Without these: a program waits for answers that cannot come any more, or goes on with a subscription that is dead.
#include <doctest/doctest.h>

#include "served.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

namespace {

protocol::PnLRequest pnl() {
  protocol::PnLRequest request;
  request.account = "DU1";
  return request;
}

void answer_pnl(Scripted::Peer& peer, const Message& request) {
  if (const auto* asked = request.get_if<protocol::PnLRequest>()) {
    protocol::PnL row;
    row.req_id = *asked->req_id;
    row.daily_pnl = 1.5;
    peer.say(row);
  }
}

void cut_all(Script& script) {
  script.with([](Scripted& server) {
    for (auto& peer : server.peers) peer->cut();
  });
}

template <class T>
StreamEvent<T> next_of(const Stream<T>& stream, StreamEventKind kind) {
  while (true) {
    auto event = stream.next(kPatience);
    REQUIRE(event);
    if (event->kind == kind) return std::move(*event);
    REQUIRE(event->kind != StreamEventKind::Closed);
  }
}

}  // namespace

TEST_CASE("a lost connection fails calls at once, and streams say Gap and Resumed under a new id") {
  Script script(answer_pnl);
  IBKRClient client(options_for(script.port()));
  client.connect();
  protocol::MarketDataTypeRequest delayed;
  delayed.market_data_type = 3;
  client.send(delayed).get();
  const auto stream = client.send(pnl());
  next_of(stream, StreamEventKind::Row);
  const auto call = client.send(details_of("AAPL"));
  const auto in_line = client.send(protocol::FamilyCodesRequest{}),
             behind = client.send(protocol::FamilyCodesRequest{});
  CHECK(client.counters().under_way == 3);
  cut_all(script);
  for (const auto& error : {call.result().error(), in_line.result().error(), behind.result().error()}) {
    CHECK(error.reason == Reason::Lost);
    CHECK(error.severity == Severity::Fatal);
    CHECK_FALSE(error.request.empty());
  }
  CHECK(next_of(stream, StreamEventKind::Gap).error->reason == Reason::Lost);
  next_of(stream, StreamEventKind::Resumed);
  next_of(stream, StreamEventKind::Row);
  CHECK(client.wait_connected(kPatience));
  script.with([](Scripted& server) {
    std::vector<std::string> names;
    std::vector<std::int32_t> ids;
    for (const auto& request : server.asked) {
      names.emplace_back(request.name());
      if (const auto* asked = request.get_if<protocol::PnLRequest>()) ids.push_back(*asked->req_id);
    }
    REQUIRE(ids.size() == 2);
    CHECK(ids[0] != ids[1]);
    REQUIRE(names.size() >= 2);
    CHECK(names[names.size() - 2] == "MarketDataTypeRequest");
  });
}

TEST_CASE("a stream that is cancelled during a gap is not asked for again") {
  Script script(answer_pnl);
  Options options = options_for(script.port());
  options.reconnect.first_delay = 50ms;
  options.reconnect.longest_delay = 50ms;
  IBKRClient client(options);
  client.connect();
  const auto stream = client.send(pnl());
  next_of(stream, StreamEventKind::Row);
  cut_all(script);
  next_of(stream, StreamEventKind::Gap);
  CHECK(client.send(details_of("AAPL")).result().error().reason == Reason::Reconnecting);
  stream.cancel();
  const auto closed = stream.next(kPatience);
  REQUIRE(closed);
  CHECK(closed->kind == StreamEventKind::Closed);
  CHECK(client.wait_connected(kPatience));
  client.send(protocol::SetServerLogLevelRequest{}).get();
  script.with([](Scripted& server) { CHECK(server.asked.size() <= 2); });
}

TEST_CASE("reconnecting, given up, lost without reconnecting and closed are told apart") {
  auto script = std::make_unique<Script>(answer_pnl);
  Options options = options_for(script->port());
  options.reconnect.most_attempts = 3;
  IBKRClient client(options);
  std::promise<Error> given_up;
  client.on_state([&](const StateChange& change) {
    if (change.state == State::GivenUp) given_up.set_value(*change.reason);
  });
  client.connect();
  const auto stream = client.send(pnl());
  next_of(stream, StreamEventKind::Row);
  script.reset();
  CHECK(given_up.get_future().get().reason == Reason::GivenUp);
  next_of(stream, StreamEventKind::Gap);
  const auto closed = stream.next(kPatience);
  REQUIRE(closed);
  CHECK(closed->kind == StreamEventKind::Closed);
  CHECK(closed->error->reason == Reason::GivenUp);
  CHECK(client.send(details_of("AAPL")).result().error().reason == Reason::GivenUp);
  CHECK_FALSE(client.wait_connected(1ms));

  Script other;
  Options once = options_for(other.port());
  once.reconnect.enabled = false;
  IBKRClient plain(once);
  plain.connect();
  const auto call = plain.send(details_of("AAPL"));
  CHECK(plain.counters().under_way == 1);
  cut_all(other);
  CHECK(call.result().error().reason == Reason::Lost);
  CHECK(plain.send(details_of("AAPL")).result().error().reason == Reason::NotConnected);
  plain.connect();
  const auto cut = plain.send(details_of("AAPL"));
  plain.close();
  CHECK(cut.result().error().reason == Reason::Closed);
}

TEST_CASE("an order's stream goes on after a reconnect, and the order is not sent again") {
  Script script([](Scripted::Peer& peer, const Message& request) {
    if (!request.is<protocol::PlaceOrderRequest>()) return;
    protocol::OrderStatus status;
    status.order_id = 5;
    status.status = "Submitted";
    peer.say(status);
  });
  IBKRClient client(options_for(script.port()));
  client.connect();
  protocol::PlaceOrderRequest order;
  order.contract = stock("AAPL");
  order.order.emplace().action = "BUY";
  const auto stream = client.send(order);
  next_of(stream, StreamEventKind::Row);
  cut_all(script);
  next_of(stream, StreamEventKind::Resumed);
  script.with([](Scripted& server) {
    protocol::OrderStatus status;
    status.order_id = 5;
    status.status = "Filled";
    server.peers.back()->say(status);
  });
  CHECK(*std::get<protocol::OrderStatus>(*next_of(stream, StreamEventKind::Row).row).status == "Filled");
  script.with([](Scripted& server) {
    int placed = 0;
    for (const auto& request : server.asked) placed += request.is<protocol::PlaceOrderRequest>() ? 1 : 0;
    CHECK(placed == 1);
  });
}

TEST_CASE("a TWS that says nothing any more counts as lost, one that answers does not") {
  Script script;
  Options options = options_for(script.port());
  options.idle_limit = 30ms;
  IBKRClient client(options);
  std::promise<std::string> lost;
  std::atomic<bool> told = false;
  client.on_state([&](const StateChange& change) {
    if (change.state == State::Reconnecting && !told.exchange(true)) lost.set_value(change.reason->text);
  });
  client.connect();
  CHECK(lost.get_future().get().find("nothing has come from it") != std::string::npos);

  Script lively([](Scripted::Peer& peer, const Message& request) {
    if (request.is<protocol::CurrentTimeRequest>()) peer.say(protocol::CurrentTime{});
  });
  options.port = lively.port();
  IBKRClient kept(options);
  kept.connect();
  for (std::size_t asked = 0; asked < 5;) {
    lively.with([&](Scripted& server) { asked = server.asked.size(); });
    std::this_thread::yield();
  }
  CHECK(kept.counters().connections == 1);
}

TEST_CASE(
    "the server cut at every byte of the start and every frame of a session: every call ends, and it comes back") {
  Script script([](Scripted::Peer& peer, const Message& request) {
    if (const auto* asked = request.get_if<protocol::ContractDataRequest>()) {
      protocol::ContractData row;
      row.req_id = *asked->req_id;
      protocol::ContractDataEnd end;
      end.req_id = *asked->req_id;
      peer.say(row);
      peer.say(end);
    }
    if (request.is<protocol::FamilyCodesRequest>()) peer.say(protocol::FamilyCodes{});
    answer_pnl(peer, request);
  });
  auto left = std::make_shared<int>(1 << 20);
  script.with([left](Scripted& server) { server.cut_after = left; });
  IBKRClient client(options_for(script.port()));
  client.connect();
  const auto stream = client.send(pnl());
  int answered = 0;
  for (int bytes = 0; bytes < 400; bytes += 7) {
    script.with([&](Scripted&) { *left = bytes; });
    std::vector<Call<Answer<protocol::ContractDataRequest>>> calls;
    for (int i = 0; i < 3; ++i) calls.push_back(client.send(details_of("AAPL")));
    const auto family = client.send(protocol::FamilyCodesRequest{});
    for (const auto& call : calls) {
      const auto& result = call.result();
      answered += result ? 1 : 0;
      if (!result) CHECK((result.error().reason == Reason::Lost || result.error().reason == Reason::Reconnecting));
    }
    const auto& result = family.result();
    if (!result) CHECK((result.error().reason == Reason::Lost || result.error().reason == Reason::Reconnecting));
    script.with([&](Scripted&) { *left = 1 << 20; });
    REQUIRE(client.wait_connected(kPatience));
  }
  CHECK(answered > 0);
  next_of(stream, StreamEventKind::Row);
  CHECK(client.send(protocol::FamilyCodesRequest{}).result().has_value());
}
