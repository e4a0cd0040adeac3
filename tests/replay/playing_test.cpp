// When recorded frames are served: order, delays, and what has to wait for which request.
#include <algorithm>

#include "recorded.h"

namespace ibkr::replay::test {

namespace {

Message place(const std::string& name) {
  return make<protocol::AccountValue>([&](auto& m) {
    m.key = name;
    m.value = "1";
    m.account_name = "DU111";
  });
}
Message subscribe(bool on) {
  return make<protocol::AccountDataRequest>([&](auto& m) {
    m.subscribe = on;
    m.acct_code = "DU111";
  });
}
Message account_end() {
  return make<protocol::AccountDataEnd>([](auto& m) { m.account_name = "DU111"; });
}
Message open_order(int order_id) {
  return make<protocol::OpenOrder>([&](auto& m) {
    m.order_id = order_id;
    m.contract = stock("AAPL");
    protocol::Order order;
    order.client_id = 7;
    order.action = "BUY";
    order.order_type = "LMT";
    order.total_quantity = protocol::Decimal(10);
    m.order = order;
    protocol::OrderState state;
    state.status = "Submitted";
    m.order_state = state;
  });
}

Message bars(int req_id, bool keep_up_to_date) {
  return make<protocol::HistoricalDataRequest>([&](auto& m) {
    m.req_id = req_id;
    m.contract = stock("AAPL");
    m.what_to_show = "TRADES";
    m.keep_up_to_date = keep_up_to_date;
  });
}

/// All that comes without a further request, with the milliseconds at which it came.
std::vector<std::pair<std::int64_t, std::string>> timed(SimulatedApp& app, int within_milliseconds = 900) {
  std::vector<std::pair<std::int64_t, std::string>> found;
  do {
    for (const std::string& name : names(app.gets())) found.emplace_back(app.now_ms(), name);
  } while (app.pass_to_next(within_milliseconds));
  return found;
}

}  // namespace

TEST_CASE("nothing is served before START_API") {
  // Broken: the official Python client drops what arrives with the handshake's answer.
  RecordedFile file;
  file.session(178).in(error(-1, 2104, "farm is OK")).start(7, 1).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  CHECK(app.gets().empty());
  app.pass(60000);
  CHECK(app.gets().empty());
  app.ask(start_api(7));
  CHECK(names(app.gets()) == Lines{"ErrorMessage", "ManagedAccounts", "NextValidId"});
}

TEST_CASE("answers come at their recorded delays after the request, divided by the speed") {
  // Broken: an app's time-outs behave otherwise than against TWS.
  RecordedFile file;
  file.session(178)
      .start(7, 1)
      .wait(500)
      .out(market_data(1, "AAPL"))
      .wait(90)
      .in(tick(1, 1))
      .wait(190)
      .in(tick(1, 2))
      .end();
  const Recording recording = file.load();
  for (const double speed : {1.0, 10.0}) {
    CAPTURE(speed);
    SimulatedApp app(recording, speed);
    app.ask(start_api(7));
    timed(app);
    app.pass(5000);
    const auto asked = app.now_ms();
    app.ask(market_data(1, "AAPL"));
    const auto came = timed(app);
    REQUIRE(came.size() == 2);
    CHECK(static_cast<double>(came[0].first - asked) == doctest::Approx(100 / speed));
    CHECK(static_cast<double>(came[1].first - asked) == doctest::Approx(300 / speed));
  }
}

TEST_CASE("answers of several requests keep their recorded order at every speed") {
  // Broken: as fast as possible would mean all of the first request's answers, then all of the second's.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).out(market_data(2, "IBM"));
  for (int i = 0; i < 5; ++i) file.in(tick(1, 10 + i)).in(tick(2, 20 + i));
  const Recording recording = file.end().load();
  Lines at_speed[2];
  int which = 0;
  for (const double speed : {1.0, kMaxSpeed}) {
    SimulatedApp app(recording, speed);
    app.ask(start_api(7));
    app.ask(market_data(1, "AAPL"));
    app.ask(market_data(2, "IBM"));
    do {
      for (std::string& text : app.gets()) at_speed[which].push_back(std::move(text));
    } while (app.pass_to_next());
    ++which;
  }
  CHECK(at_speed[0].size() == 12);
  CHECK(at_speed[0] == at_speed[1]);
}

TEST_CASE("what was recorded after a modification or a cancel waits for the live one") {
  // Broken: the app sees its order cancelled before it has cancelled it.
  RecordedFile file;
  file.session(178).start(7, 10).out(place_order(10, 100)).in(open_order(10)).in(order_status(10, "Submitted"));
  file.out(place_order(10, 101)).in(open_order(10)).in(order_status(10, "Submitted"));
  file.out(cancel_order(10)).in(error(10, 202, "Order Canceled")).in(order_status(10, "Cancelled")).end();
  const Recording recording = file.load();
  for (const double speed : {1.0, kMaxSpeed}) {
    SimulatedApp app(recording, speed);
    app.ask(start_api(7));
    timed(app);
    app.ask(place_order(2010, 100));
    CHECK(timed(app).size() == 2);
    CHECK(mentions(app.ask_in_vain(place_order(2010, 102)).report(), "order.lmt_price: recorded 101, live 102"));
    app.ask(place_order(2010, 101));
    CHECK(timed(app).size() == 2);
    app.ask(cancel_order(2010));
    Lines last;
    do {
      for (std::string& text : app.gets()) last.push_back(std::move(text));
    } while (app.pass_to_next());
    REQUIRE(last.size() == 2);
    CHECK(mentions(last[0], "\"id\":2010"));
    CHECK(mentions(last[1], "\"order_id\":2010,\"status\":\"Cancelled\""));
  }
}

TEST_CASE("a fill goes on although the live cancel comes too early") {
  // Broken: an order's cancel would silence its fills, and the app's position is wrong.
  RecordedFile file;
  file.session(178).start(7, 10).out(place_order(10, 100)).in(order_status(10, "Submitted")).wait(1000);
  file.in(execution(-1, 10, "e1"))
      .in(commission("e1"))
      .out(cancel_order(10))
      .in(error(10, 10148, "cannot be cancelled"));
  const Recording recording = file.end().load();
  SimulatedApp app(recording, 1);
  app.ask(start_api(7));
  timed(app);
  app.ask(place_order(10, 100));
  app.ask(cancel_order(10));
  Lines came;
  for (const auto& [at, name] : timed(app, 2000)) came.push_back(name);
  CHECK(std::count(came.begin(), came.end(), "ExecutionDetails") == 1);
  CHECK(std::count(came.begin(), came.end(), "CommissionAndFeesReport") == 1);
}

TEST_CASE("a cancelled subscription is silent at once; one that runs out is no error") {
  // Broken: ticks under an id that the app has forgotten.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL"));
  for (int i = 0; i < 10; ++i) file.in(tick(1, 100 + i));
  file.out(cancel_market_data(1)).in(tick(1, 999)).out(make<protocol::CurrentTimeRequest>());
  file.in(make<protocol::CurrentTime>([](auto& m) { m.current_time = 1; })).end();
  const Recording recording = file.load();
  SUBCASE("cancelled earlier than recorded") {
    SimulatedApp app(recording, 1);
    app.ask(start_api(7));
    timed(app);
    app.ask(market_data(1, "AAPL"));
    app.pass(35);
    CHECK(app.gets().size() == 3);
    app.ask(cancel_market_data(1));
    CHECK(timed(app).empty());
    app.ask(make<protocol::CurrentTimeRequest>());
    CHECK(timed(app).size() == 1);
  }
  SUBCASE("cancelled later") {
    SimulatedApp app(recording);
    app.ask(start_api(7));
    app.gets();
    app.ask(market_data(1, "AAPL"));
    CHECK(app.gets().size() == 10);
    app.ask(cancel_market_data(1));
    CHECK(app.gets().empty());
    app.ask(make<protocol::CurrentTimeRequest>());
    CHECK(app.gets().size() == 1);
    CHECK(app.player().exhausted());
  }
}

TEST_CASE("bars that came in spite of a cancel come again, whatever message ended them at the server version") {
  // Broken: an app that waits for the answer which TWS gave all the same waits for ever.
  for (const int version : {178, 200}) {
    CAPTURE(version);
    RecordedFile file;
    file.session(version).start(7, 1).out(bars(1, false));
    file.out(make<protocol::CancelHistoricalData>([](auto& m) { m.req_id = 1; }));
    file.in(make<protocol::HistoricalData>([](auto& m) { m.req_id = 1; }));
    if (version >= 196) file.in(make<protocol::HistoricalDataEnd>([](auto& m) { m.req_id = 1; }));
    const Recording recording = file.end().load();
    SimulatedApp app(recording);
    app.ask(start_api(7));
    app.gets();
    app.ask(bars(1, false));
    app.ask(make<protocol::CancelHistoricalData>([](auto& m) { m.req_id = 1; }));
    CHECK(names(app.gets()) ==
          (version < 196 ? Lines{"HistoricalData"} : Lines{"HistoricalData", "HistoricalDataEnd"}));
    CHECK(app.player().exhausted());
  }
}

TEST_CASE("live bars belong to the request that keeps them up to date, as ticks do to theirs") {
  // Broken: they come as news of a list that has ended, when other things come instead of at their own time.
  RecordedFile file;
  file.session(200).start(7, 1).out(bars(1, true));
  file.in(make<protocol::HistoricalData>([](auto& m) { m.req_id = 1; }));
  file.in(make<protocol::HistoricalDataEnd>([](auto& m) { m.req_id = 1; }));
  for (int i = 0; i < 3; ++i) file.in(make<protocol::HistoricalDataUpdate>([](auto& m) { m.req_id = 1; }));
  const Recording recording = file.end().load();
  CHECK(recording.requests()[1].answers.size() == 5);
  CHECK(recording.pushes().empty());
}

TEST_CASE("lists without an id go to the request that asked for them, in turn") {
  // Broken: two lists of positions arrive as one, or the second one never.
  RecordedFile file;
  file.session(178).start(7, 1);
  file.out(make<protocol::PositionsRequest>()).out(make<protocol::OpenOrdersRequest>());
  file.out(make<protocol::AllOpenOrdersRequest>());
  file.in(open_order(3)).in(make<protocol::OpenOrdersEnd>());
  file.in(position("AAPL", 1)).in(make<protocol::PositionEnd>());
  file.in(open_order(3)).in(open_order(4)).in(make<protocol::OpenOrdersEnd>());
  file.out(make<protocol::PositionsRequest>()).in(position("AAPL", 2)).in(make<protocol::PositionEnd>()).end();
  const Recording recording = file.load();
  const auto& requests = recording.requests();
  REQUIRE(requests.size() == 5);
  CHECK(requests[1].answers.size() == 2);
  CHECK(requests[2].answers.size() == 2);
  CHECK(requests[3].answers.size() == 3);
  CHECK(requests[4].answers.size() == 2);
  // Asked in another order than recorded, each gets its own.
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.gets();
  app.ask(make<protocol::AllOpenOrdersRequest>());
  CHECK(names(app.gets()) == Lines{"OpenOrder", "OpenOrder", "OpenOrdersEnd"});
  app.ask(make<protocol::OpenOrdersRequest>());
  app.ask(make<protocol::PositionsRequest>());
  CHECK(names(app.gets()) == Lines{"OpenOrder", "OpenOrdersEnd", "Position", "PositionEnd"});
  app.ask(make<protocol::PositionsRequest>());
  CHECK(names(app.gets()) == Lines{"Position", "PositionEnd"});
}

TEST_CASE("a request without an id that was refused or never answered does not take the next one's answer") {
  // Broken: the second market rule is served as the answer to the first, and the app waits for the last one for ever.
  const auto rule_request = [](int id) {
    return make<protocol::MarketRuleRequest>([&](auto& m) { m.market_rule_id = id; });
  };
  const auto rule = [](int id) { return make<protocol::MarketRule>([&](auto& m) { m.market_rule_id = id; }); };
  const auto time_request = make<protocol::CurrentTimeRequest>();
  const auto time = [](int at) { return make<protocol::CurrentTime>([&](auto& m) { m.current_time = at; }); };
  RecordedFile file;
  file.session(178).start(7, 1);
  file.out(rule_request(999))
      .in(error(-1, 322, "Error processing request"))
      .out(rule_request(26))
      .out(rule_request(32));
  file.in(rule(26)).in(rule(32));
  file.out(time_request).in(time(1)).out(time_request).wait(4000).out(time_request).in(time(5)).end();
  const Recording recording = file.load();
  const auto& requests = recording.requests();
  REQUIRE(requests.size() == 7);
  for (const std::size_t answered : {1U, 2U, 3U, 4U, 6U}) CHECK(requests[answered].answers.size() == 1);
  CHECK(requests[5].answers.empty());
  CHECK(recording.pushes().empty());
}

TEST_CASE("news of a subscription come when they came, and stop when it is cancelled") {
  // Broken: the position after a fill is told before the order is placed.
  RecordedFile file;
  file.session(178).start(7, 10).out(subscribe(true)).in(place("Cash")).in(account_end());
  file.out(place_order(10, 100)).in(order_status(10, "Filled")).in(place("Cash")).wait(500).in(place("Cash"));
  file.out(subscribe(false)).end();
  const Recording recording = file.load();
  SUBCASE("as fast as possible") {
    SimulatedApp app(recording);
    app.ask(start_api(7));
    app.gets();
    app.ask(subscribe(true));
    CHECK(names(app.gets()) == Lines{"AccountValue", "AccountDataEnd"});
    app.ask(place_order(10, 100));
    CHECK(names(app.gets()) == Lines{"OrderStatus", "AccountValue", "AccountValue"});
    app.ask(subscribe(false));
    CHECK(app.player().exhausted());
  }
  SUBCASE("unsubscribed earlier") {
    SimulatedApp app(recording, 1);
    app.ask(start_api(7));
    timed(app);
    app.ask(subscribe(true));
    timed(app);
    app.ask(place_order(10, 100));
    app.pass(25);
    CHECK(names(app.gets()) == Lines{"OrderStatus", "AccountValue"});
    app.ask(subscribe(false));
    CHECK(timed(app).empty());
  }
  SUBCASE("never subscribed") {
    SimulatedApp app(recording);
    app.ask(start_api(7));
    app.gets();
    app.ask(place_order(10, 100));
    Lines came;
    for (const auto& [at, name] : timed(app)) came.push_back(name);
    CHECK(came == Lines{"OrderStatus"});
  }
}

TEST_CASE("pushes come at their delay after what they followed") {
  // Broken: a connection-lost notice arrives at start-up.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 1)).wait(290).in(error(-1, 1100, "lost"));
  file.wait(90).in(error(-1, 1102, "restored")).in(tick(1, 2)).end();
  const Recording recording = file.load();
  SimulatedApp app(recording, 1);
  app.ask(start_api(7));
  CHECK(timed(app).size() == 2);
  const auto asked = app.now_ms();
  app.ask(market_data(1, "AAPL"));
  const auto came = timed(app);
  REQUIRE(came.size() == 4);
  CHECK(came[0].first - asked == 10);
  CHECK(came[1] == std::pair(asked + 310, std::string("ErrorMessage")));
  CHECK(came[2] == std::pair(asked + 410, std::string("ErrorMessage")));
  CHECK(came[3] == std::pair(asked + 420, std::string("TickPrice")));
}

TEST_CASE("a push does not overtake the request that it followed because the app is slow") {
  // Broken: on a slow machine the connection is lost before the app has done anything.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 1)).in(error(-1, 1100, "lost")).end();
  const Recording recording = file.load();
  for (const double speed : {1.0, kMaxSpeed}) {
    SimulatedApp app(recording, speed);
    app.ask(start_api(7));
    timed(app);
    app.pass(5000);
    CHECK(app.gets().empty());
    app.ask(market_data(1, "AAPL"));
    CHECK(timed(app).size() == 2);
  }
}

TEST_CASE("a request that the app leaves out holds the rest up for a moment only") {
  // Broken: one request fewer, and the whole replay stands still.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 1));
  file.out(make<protocol::CurrentTimeRequest>()).in(make<protocol::CurrentTime>([](auto& m) { m.current_time = 1; }));
  file.in(tick(1, 2)).in(error(-1, 1100, "lost")).end();
  const Recording recording = file.load();
  for (const double speed : {1.0, kMaxSpeed}) {
    SimulatedApp app(recording, speed);
    app.ask(start_api(7));
    timed(app);
    app.ask(market_data(1, "AAPL"));
    app.pass(20);
    CHECK(names(app.gets()) == Lines{"TickPrice"});
    const auto came = timed(app, 2000);
    REQUIRE(came.size() == 2);
    CHECK(came[0].second == "TickPrice");
    CHECK(came[1].second == "ErrorMessage");
    CHECK(app.now_ms() < 3000);
  }
}

TEST_CASE("what does not depend on a request that is left out comes at its time") {
  // Broken: ticks stand still for seconds behind a heartbeat that the app did not make.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL"));
  for (int i = 0; i < 20; ++i) {
    file.wait(2990).out(make<protocol::CurrentTimeRequest>());
    file.in(make<protocol::CurrentTime>([](auto& m) { m.current_time = 1; })).in(tick(1, i));
  }
  const Recording recording = file.end().load();
  SUBCASE("as recorded") {
    SimulatedApp app(recording, 1);
    app.ask(start_api(7));
    timed(app);
    const auto asked = app.now_ms();
    app.ask(market_data(1, "AAPL"));
    const auto came = timed(app, 5000);
    REQUIRE(came.size() == 20);
    for (std::size_t i = 0; i < came.size(); ++i) {
      CAPTURE(i);
      CHECK(came[i].first - asked <= 3020 * static_cast<std::int64_t>(i + 1) + 100);
    }
  }
  SUBCASE("as fast as possible") {
    SimulatedApp app(recording);
    app.ask(start_api(7));
    timed(app);
    const auto asked = app.now_ms();
    app.ask(market_data(1, "AAPL"));
    CHECK(timed(app).size() == 20);
    CHECK(app.now_ms() - asked <= 100);
  }
  SUBCASE("made in another order") {
    SimulatedApp app(recording);
    app.ask(start_api(7));
    app.ask(make<protocol::CurrentTimeRequest>());
    app.gets();
    app.ask(make<protocol::CurrentTimeRequest>());
    app.ask(market_data(1, "AAPL"));
    CHECK(app.gets().size() >= 3);
  }
}

TEST_CASE("a push behind a heartbeat that is left out comes after a moment") {
  // Broken: news of the connection stand still for ten seconds, because the app did not ask for the time.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 1));
  file.out(make<protocol::CurrentTimeRequest>()).in(make<protocol::CurrentTime>([](auto& m) { m.current_time = 1; }));
  file.in(error(-1, 1100, "lost")).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  timed(app);
  app.ask(market_data(1, "AAPL"));
  const auto asked = app.now_ms();
  CHECK(names(app.gets()) == Lines{"TickPrice"});
  const auto came = timed(app, 200);
  REQUIRE(came.size() == 1);
  CHECK(came[0].second == "ErrorMessage");
  CHECK(came[0].first - asked <= 100);
}

TEST_CASE("what an order does waits for its children, and for no other order") {
  // Broken: a bracket's parent is filled before its stop was placed; or one order left out holds up all others.
  RecordedFile file;
  file.session(178).start(7, 1).out(place_order(1, 100)).out(place_order(2, 110, 1)).out(place_order(9, 50));
  file.in(order_status(1, "Filled")).in(order_status(9, "Filled")).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  timed(app);
  app.ask(place_order(1, 100));
  CHECK(timed(app).empty());
  app.ask(place_order(2, 110, 1));
  CHECK(timed(app).size() == 1);  // without the other order
  app.ask(place_order(9, 50));
  CHECK(timed(app).size() == 1);
}

TEST_CASE("an execution that was asked for and one that was told belong to different requests") {
  // Broken: the answer to reqExecutions is served when the order is placed.
  RecordedFile file;
  file.session(178).start(7, 10).out(place_order(10, 100)).in(execution(-1, 10, "e1")).in(commission("e1"));
  file.out(make<protocol::ExecutionRequest>([](auto& m) { m.req_id = 3; }))
      .in(execution(3, 10, "e1"))
      .in(commission("e1"));
  file.in(make<protocol::ExecutionDetailsEnd>([](auto& m) { m.req_id = 3; })).end();
  const Recording recording = file.load();
  CHECK(recording.requests()[1].answers.size() == 2);
  CHECK(recording.requests()[2].answers.size() == 3);
}

}  // namespace ibkr::replay::test
