// Which recorded request a live one is, and what an app's developer is told when it is none.
#include "recorded.h"

namespace ibkr::replay::test {

TEST_CASE("a request with another id gets the recorded answers under its own id") {
  // Broken: an app that counts its ids differently from run to run never sees its answers.
  for (const int version : {178, 226}) {
    CAPTURE(version);
    RecordedFile file;
    file.session(version).start(7, 1).out(market_data(9001, "AAPL")).in(tick(9001, 150.25)).in(tick(9001, 151)).end();
    const Recording recording = file.load();
    SimulatedApp app(recording);
    app.ask(start_api(7));
    CHECK(app.gets().size() == 2);
    app.ask(market_data(5, "AAPL"));
    const Lines ticks = app.gets();
    REQUIRE(ticks.size() == 2);
    CHECK(mentions(ticks[0], "\"req_id\":5"));
    CHECK(mentions(ticks[0], "150.25"));
    CHECK(mentions(ticks[1], "\"req_id\":5"));
  }
}

TEST_CASE("with the recorded ids every frame is served byte for byte") {
  // Broken: a recording of a client's odd spelling would come back as ours.
  RecordedFile file;
  const std::string odd = std::string("1\0006\0009001\0001\000150.250\000100\0000\000", 25);
  file.session(178).start(7, 1).out(market_data(9001, "AAPL")).raw(Direction::In, odd).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.gets();
  app.ask(market_data(9001, "AAPL"));
  CHECK(app.payloads() == std::vector<std::string>{odd});
}

TEST_CASE("a request for something else is explained by the nearest recorded one, field by field") {
  // Broken: a red CI run says "no match", and nobody knows what the app did differently.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "IBM")).out(market_data(2, "AAPL"));
  file.out(make<protocol::MarketDataRequest>([](auto& m) {
        m.req_id = 3;
        m.contract = stock("TSLA");
        m.contract->exchange = "NYSE";
        m.contract->currency = "CAD";
      }))
      .end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  Message live = market_data(9, "MSFT");
  live.as<protocol::MarketDataRequest>().contract->exchange = "NYSE";
  live.as<protocol::MarketDataRequest>().contract->currency = "CAD";
  const Mismatch mismatch = app.ask_in_vain(live);
  CHECK(mismatch.nearest == recording.requests()[3].sequence);
  CHECK(mismatch.summary() == "no recorded request matches MarketDataRequest; nearest is #" +
                                  std::to_string(*mismatch.nearest) + ": contract.symbol: recorded TSLA, live MSFT");

  const Mismatch none = app.ask_in_vain(make<protocol::CurrentTimeRequest>());
  CHECK(none.summary() == "no recorded request matches CurrentTimeRequest; the recording has none");
}

TEST_CASE("a request that was recorded once is not served twice") {
  // Broken: a test passes although the app asks more often than it did.
  RecordedFile file;
  file.session(178).start(7, 1).out(make<protocol::CurrentTimeRequest>());
  file.in(make<protocol::CurrentTime>([](auto& m) { m.current_time = 1700000000; })).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.ask(make<protocol::CurrentTimeRequest>());
  const Mismatch again = app.ask_in_vain(make<protocol::CurrentTimeRequest>());
  CHECK(again.used);
  CHECK(mentions(again.summary(), "has been served already"));
}

TEST_CASE("equal requests are served in the order recorded") {
  // Broken: the second look at the clock shows the first one's time.
  RecordedFile file;
  file.session(178).start(7, 1);
  for (int i = 0; i < 3; ++i) {
    file.out(make<protocol::CurrentTimeRequest>());
    file.in(make<protocol::CurrentTime>([&](auto& m) { m.current_time = 1700000000 + i; }));
  }
  const Recording recording = file.end().load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.gets();
  for (int i = 0; i < 3; ++i) {
    app.ask(make<protocol::CurrentTimeRequest>());
    CHECK(app.gets() == Lines{"CurrentTime{\"current_time\":" + std::to_string(1700000000 + i) + "}"});
  }
}

TEST_CASE("stamps, users and the client id take no part in matching; what is asked for does") {
  // Broken: an app is not served for the second in which a person made its order, or is served the bars of another day.
  RecordedFile file;
  const auto executions = [](int client, const std::string& time) {
    return make<protocol::ExecutionRequest>([&](auto& m) {
      m.req_id = 3;
      protocol::ExecutionFilter filter;
      filter.client_id = client;
      filter.time = time;
      filter.symbol = "AAPL";
      m.execution_filter = filter;
    });
  };
  const auto cancel = [](const std::string& made) {
    return make<protocol::CancelOrderRequest>([&](auto& m) {
      m.order_id = 5;
      m.order_cancel.emplace().manual_order_cancel_time = made;
      m.order_cancel->ext_operator = made;
    });
  };
  file.session(178).start(7, 1).out(executions(7, "20261122-09:00:00")).out(cancel("20261122-09:00:00")).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(11));
  app.ask(cancel("20261123-10:00:00"));
  const auto other_day = app.matcher().match(executions(11, "20261123-10:00:00"));
  REQUIRE_FALSE(other_day);
  REQUIRE(other_day.error().differences.size() == 1);
  CHECK(other_day.error().differences[0].path == "execution_filter.time");
  app.ask(executions(11, "20261122-09:00:00"));
}

TEST_CASE("a cancel belongs to the request whose live id it names") {
  // Broken: cancelling the second subscription silences the first.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).out(market_data(2, "IBM"));
  file.out(cancel_market_data(1)).out(cancel_market_data(2)).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.ask(market_data(100, "IBM"));
  app.ask(market_data(101, "AAPL"));
  app.ask(cancel_market_data(100));
  CHECK(app.matcher().used(4));
  CHECK_FALSE(app.matcher().used(3));
  const Mismatch stranger = app.ask_in_vain(cancel_market_data(555));
  CHECK(mentions(stranger.summary(), "req_id: recorded 1 (live 101), live 555"));
  app.ask(cancel_market_data(101));
}

TEST_CASE("what cannot be decoded matches the same bytes") {
  // Broken: one message that is newer than this program makes a whole session unusable.
  RecordedFile file;
  const std::string unknown_request("999\0one\0", 8), unknown_answer("998\0two\0", 8);
  file.session(178).start(7, 1).raw(Direction::Out, unknown_request).raw(Direction::In, unknown_answer).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  CHECK(app.gets().size() == 2);
  CHECK_FALSE(app.matcher().match_raw("something else"));
  const auto matched = app.matcher().match_raw(unknown_request);
  REQUIRE(matched);
  app.player().made(*matched, 0);
  CHECK(app.payloads() == std::vector<std::string>{unknown_answer});
  CHECK_FALSE(app.matcher().match_raw(unknown_request));
}

}  // namespace ibkr::replay::test
