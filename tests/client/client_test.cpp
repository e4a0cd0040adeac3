// Without these: a program's first calls fail, hang, or bring something else than what was asked for.
#include "client/client.h"

#include <doctest/doctest.h>

#include "served.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

TEST_CASE("connect, ask, subscribe, disconnect, connect again, at old and new versions") {
  for (const int version : {100, 178, 201, 226}) {
    CAPTURE(version);
    Mock mock(version);
    IBKRClient client(options_for(mock.port()));
    CHECK(client.state() == State::Disconnected);
    const ConnectResult result = client.connect();
    CHECK(result.server_version == version);
    CHECK(result.accounts == std::vector<std::string>{"DU1000001"});
    CHECK(result.next_order_id.has_value());
    CHECK(client.is_connected());

    const auto details = client.send(details_of("AAPL")).get();
    REQUIRE(details.size() == 1);
    CHECK(std::get<protocol::ContractData>(details[0]).contract->con_id == 265598);
    CHECK(*client.send(protocol::CurrentTimeRequest{}).get().current_time > 1000000000);
    CHECK(client.send(Message(details_of("AAPL"))).get().size() == 2);
    CHECK(client.collect(protocol::PositionsRequest{}).get().size() >= 1);
    client.send(protocol::SetServerLogLevelRequest{}).get();

    protocol::MarketDataRequest quotes;
    quotes.contract = stock("AAPL");
    const auto stream = client.send(quotes);
    for (int rows = 0; rows < 20;) {
      const auto event = stream.next(kPatience);
      REQUIRE(event);
      rows += event->kind == StreamEventKind::Row ? 1 : 0;
    }
    stream.cancel();
    std::optional<StreamEvent<protocol::AnswersOf<protocol::MarketDataRequest>::Row>> last;
    while (auto event = stream.next(kPatience)) last = std::move(event);
    CHECK(last->kind == StreamEventKind::Closed);
    CHECK(last->error->reason == Reason::Cancelled);

    client.disconnect();
    CHECK(client.state() == State::Disconnected);
    CHECK_THROWS_AS(client.send(details_of("AAPL")).get(), Disconnected);
    CHECK(client.connect().server_version == version);
    client.close();
    CHECK(client.state() == State::Closed);
    CHECK(client.send(details_of("AAPL")).result().error().reason == Reason::Closed);
    CHECK_THROWS_AS(client.connect(), Disconnected);
  }
}

TEST_CASE("an error says which request it is about and what to do") {
  Mock mock;
  IBKRClient client(options_for(mock.port()));
  client.connect();
  const auto result = client.send(details_of("NOSUCH")).result();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == 200);
  CHECK(result.error().request == "ContractDataRequest");
  CHECK(result.error().id > 0);
  CHECK(result.error().severity == Severity::Reject);
  CHECK_FALSE(result.error().suggestion.empty());
  CHECK_THROWS_AS(client.send(details_of("NOSUCH")).get(), RequestError);
}

TEST_CASE("what cannot be asked so is refused with what to do instead") {
  Mock mock(100);
  IBKRClient client(options_for(mock.port()));
  const auto reason = [&](auto call) { return call.result().error().reason; };
  CHECK(reason(client.send(details_of("AAPL"))) == Reason::NotConnected);
  client.connect();
  CHECK(reason(client.send(Message(protocol::PositionsRequest{}))) == Reason::Misuse);
  CHECK(reason(client.send(Message(protocol::CurrentTime{}))) == Reason::Misuse);
  CHECK(reason(client.send(Message(protocol::StartApiRequest{}))) == Reason::Misuse);
  CHECK(reason(client.collect(protocol::PnLRequest{})) == Reason::Misuse);
  CHECK(reason(client.send(protocol::UserInfoRequest{})) == Reason::CannotEncode);
}

TEST_CASE("connect says at which step it failed") {
  const auto failure = [](std::uint16_t port, auto change) {
    Options options = options_for(port);
    options.connect_limit = 100ms;
    change(options);
    IBKRClient client(options);
    const auto result = client.connect_async().result();
    REQUIRE_FALSE(result);
    CHECK(result.error().reason == Reason::ConnectFailed);
    CHECK_FALSE(result.error().suggestion.empty());
    CHECK(client.state() == State::Disconnected);
    return result.error();
  };
  const auto nothing = [](Options&) {};
  std::uint16_t free_port = 0;
  { free_port = Script().port(); }
  CHECK(failure(free_port, nothing).text.find("refused") != std::string::npos);

  Script silent;
  silent.with([](Scripted& server) { server.greets = false; });
  CHECK(failure(silent.port(), nothing).text.find("no answer to the hello within 100 ms") != std::string::npos);

  Script old;
  old.with([](Scripted& server) { server.version = 100; });
  CHECK(failure(old.port(), [](Options& options) { options.min_server_version = 150; }).text.find("version") !=
        std::string::npos);

  Script taken;
  taken.with([](Scripted& server) {
    server.starts = [](Scripted::Peer& peer) { peer.say(error_message(-1, 326, "client id is already in use")); };
  });
  CHECK(failure(taken.port(), nothing).code == 326);

  Script empty;
  empty.with([](Scripted& server) { server.starts = [](Scripted::Peer&) {}; });
  CHECK(failure(empty.port(), nothing).text.find("no accounts") != std::string::npos);
}

TEST_CASE("a start without the next order id is a start") {
  Script script;
  script.with([](Scripted& server) {
    server.starts = [](Scripted::Peer& peer) {
      protocol::ManagedAccounts accounts;
      accounts.accounts_list = "DU1,DU2,";
      peer.say(accounts);
    };
  });
  Options options = options_for(script.port());
  options.connect_limit = 100ms;
  IBKRClient client(options);
  const ConnectResult result = client.connect();
  CHECK(result.accounts == std::vector<std::string>{"DU1", "DU2"});
  CHECK_FALSE(result.next_order_id.has_value());
}
