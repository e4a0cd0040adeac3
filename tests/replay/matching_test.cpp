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

  const Mismatch none = app.ask_in_vain(make<protocol::PositionsRequest>());
  CHECK(none.summary() == "no recorded request matches PositionsRequest; the session has none");
}

TEST_CASE("a request that was recorded once is not served twice") {
  // Broken: a test passes although the app asks more often than it did.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.ask(market_data(1, "AAPL"));
  const Mismatch again = app.ask_in_vain(market_data(2, "AAPL"));
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
  const Mismatch other_day = app.ask_in_vain(executions(11, "20261123-10:00:00"));
  REQUIRE(other_day.differences.size() == 1);
  CHECK(other_day.differences[0].path == "execution_filter.time");
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
  CHECK(stranger.differences.size() == 1);
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
  CHECK(std::holds_alternative<Refused>(app.asks("something else")));
  CHECK(std::holds_alternative<Matched>(app.asks(unknown_request)));
  CHECK(app.payloads() == std::vector<std::string>{unknown_answer});
  CHECK(std::holds_alternative<Refused>(app.asks(unknown_request)));
}

namespace {

Message bars(int req_id, const std::string& end, const std::string& symbol = "AAPL") {
  return make<protocol::HistoricalDataRequest>([&](auto& m) {
    m.req_id = req_id;
    m.contract = stock(symbol);
    m.end_date_time = end;
    m.duration = "1 D";
    m.bar_size_setting = "1 hour";
    m.what_to_show = "TRADES";
  });
}

Message order_with(int order_id, const std::function<void(protocol::Order&)>& fill) {
  Message request = place_order(order_id, 10);
  fill(*request.as<protocol::PlaceOrderRequest>().order);
  return request;
}

/// What the app is told in a refusal, described.
Lines told(const Outcome& outcome) {
  Lines lines;
  for (const Message& message : std::get<Refused>(outcome).messages) lines.push_back(std::string(message.name()));
  return lines;
}

template <class Is>
bool is(const Outcome& outcome) {
  return std::holds_alternative<Is>(outcome);
}

}  // namespace

TEST_CASE("a page of bars is matched by its own end date, or by the nearest one where that may be let go") {
  // Broken: an app that asks for 2024 is served 2026, and its backtest is green.
  RecordedFile file;
  file.session(178).start(7, 1).out(bars(1, "20260101 00:00:00 UTC")).out(bars(2, "20240101 00:00:00 UTC")).end();
  const Recording recording = file.load();
  {
    SimulatedApp app(recording);
    app.ask(start_api(7));
    CHECK(app.ask(bars(1, "20240101 00:00:00 UTC")).request == 2);
    const Mismatch mismatch = app.ask_in_vain(bars(1, "19990101 00:00:00 UTC"));
    CHECK(mentions(mismatch.report(), "end_date_time: recorded 20260101 00:00:00 UTC, live 19990101 00:00:00 UTC"));
  }
  SimulatedApp app(recording, kMaxSpeed, {.any_time = true});
  app.ask(start_api(7));
  CHECK(app.ask(bars(1, "20240101 00:00:00 UTC")).let_go.empty());
  const Matched other = app.ask(bars(1, "19990101 00:00:00 UTC"));
  CHECK(other.request == 1);
  REQUIRE(other.let_go.size() == 1);
  CHECK(other.let_go[0].path == "end_date_time");
  // What is asked for otherwise is not let go, and neither is one more page than was recorded.
  app.ask_in_vain(bars(3, "20240101 00:00:00 UTC", "MSFT"));
  app.ask_in_vain(bars(4, "20240101 00:00:00 UTC"));
}

TEST_CASE("of several moments that may be let go the nearest unused one is taken") {
  // Broken: pages of bars are mixed up.
  RecordedFile file;
  file.session(178).start(7, 1);
  for (const char* day : {"20", "10", "15", "30"}) file.out(bars(1, std::string("202611") + day + " 16:00:00 UTC"));
  const Recording recording = file.end().load();
  SimulatedApp app(recording, kMaxSpeed, {.any_time = true});
  app.ask(start_api(7));
  CHECK(app.ask(bars(1, "20261116 16:00:00 UTC")).request == 3);
  CHECK(app.ask(bars(1, "20261116 16:00:00 UTC")).request == 1);
  CHECK(app.ask(bars(1, "20261116 16:00:00 UTC")).request == 2);
  app.ask_in_vain(bars(1, ""));  // now is not another time: it is another question
  CHECK(app.ask(bars(1, "20200101 16:00:00 UTC")).request == 4);
}

TEST_CASE("an order that becomes active, or ends, at another time is another order") {
  // Broken: an order that was to wait for Monday goes out at once, unseen.
  const std::function<void(protocol::Order&)> changes[] = {
      [](protocol::Order& o) { o.good_after_time = "20261201 09:30:00 US/Eastern"; },
      [](protocol::Order& o) { o.good_till_date = "20261201 09:30:00 US/Eastern"; },
      [](protocol::Order& o) { o.active_start_time = "20261201 09:30:00 US/Eastern"; },
      [](protocol::Order& o) { o.active_stop_time = "20261201 09:30:00 US/Eastern"; },
      [](protocol::Order& o) { o.lmt_price = 10.01; },
      [](protocol::Order& o) { o.total_quantity = *protocol::Decimal::parse("0.00005"); },
  };
  for (const int version : {178, 222}) {
    RecordedFile file;
    const Recording recording = file.session(version).start(7, 1).out(place_order(1, 10)).end().load();
    for (const auto& change : changes) {
      SimulatedApp app(recording);
      app.ask(start_api(7));
      CHECK(app.ask_in_vain(order_with(1, change)).differences.size() == 1);
    }
  }
}

TEST_CASE("what a client has in memory for features that are off does not make another order") {
  // Broken: the official C++ sample of 2018 is never served, as it sends what happens to stand there.
  RecordedFile file;
  file.session(178).start(7, 1).out(order_with(1, [](auto& o) { o.adjustable_trailing_unit = 32767; })).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.ask(order_with(5, [](auto& o) { o.adjustable_trailing_unit = 21930; }));
}

TEST_CASE("unknown fields and text behind the last field are compared, and shown") {
  // Broken: a field that is newer than this program differs, and the order passes.
  RecordedFile file;
  const auto with = [](const std::string& unknown) {
    return order_with(1, [&](auto& o) { o.unknown_fields = unknown; });
  };
  file.session(222).start(7, 1).out(with("\xc2\x0c\x01\x41")).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  CHECK(mentions(app.ask_in_vain(with("\xc2\x0c\x01\x42")).report(), "order.unknown_fields.200: recorded A, live B"));
  CHECK(mentions(app.ask_in_vain(with("")).report(), "order.unknown_fields.200: recorded A, live nothing"));
  app.ask(with("\xc2\x0c\x01\x41"));

  RecordedFile text;
  text.session(178).start(7, 1).raw(Direction::Out, std::string("61\0001\000A\000", 7)).end();
  const Recording other = text.load();
  SimulatedApp reader(other);
  reader.ask(start_api(7));
  CHECK(is<Refused>(reader.asks(std::string("61\0001\000", 5))));
  CHECK(is<Refused>(reader.asks(std::string("61\0001\000B\000", 7))));
  CHECK(is<Matched>(reader.asks(std::string("61\0001\000A\000", 7))));
}

TEST_CASE("an unknown field that stands there several times is compared each time, and named") {
  // Broken: the near miss says that the two are equal.
  RecordedFile file;
  const auto with = [](const std::string& unknown) {
    return order_with(1, [&](auto& o) { o.unknown_fields = unknown; });
  };
  const std::string a = "\xc2\x0c\x01\x41", b = "\xc2\x0c\x01\x42";
  file.session(222).start(7, 1).out(with(a)).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  CHECK(mentions(app.ask_in_vain(with(a + b)).report(), "order.unknown_fields.200[1]: recorded nothing, live B"));
  CHECK(mentions(app.ask_in_vain(with(b + a)).report(), "order.unknown_fields.200: recorded A, live B"));
}

TEST_CASE("a cancel, or a question for the time, that says more than is known is none that passes by itself") {
  // Broken: content that nobody knows passes in a request that was not recorded.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 100)).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.ask(market_data(1, "AAPL"));
  CHECK(is<Refused>(app.asks(std::string("49\0001\000more\000", 10))));
  CHECK(is<Answered>(app.asks(std::string("49\0001\000", 5))));
  CHECK(is<Refused>(app.asks(std::string("2\0001\0001\000more\000", 11))));
  CHECK(is<Accepted>(app.asks(std::string("2\0001\0001\000", 6))));
}

TEST_CASE("two subscriptions under one id are not two under two") {
  // Broken: an app whose ids collide passes, and TWS refuses it with error 322.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 100)).out(market_data(2, "IBM"));
  file.in(error(2, 200, "No security definition")).out(market_data(3, "MSFT")).in(tick(3, 1)).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.ask(market_data(5, "AAPL"));
  CHECK(mentions(app.ask_in_vain(market_data(5, "MSFT")).report(),
                 "req_id: recorded 3, live 5, which another subscription has that goes on"));
  app.ask(market_data(6, "IBM"));
  app.ask(market_data(6, "MSFT"));  // the one before was refused, so that its id is free

  SimulatedApp tidy(recording);
  tidy.ask(start_api(7));
  tidy.ask(market_data(5, "AAPL"));
  CHECK(is<Accepted>(tidy.asks(cancel_market_data(5))));
  tidy.ask(market_data(5, "MSFT"));
}

TEST_CASE("a leg that has a price of zero is not one without a price") {
  // Broken: a combination whose legs are free passes for one that is priced as a whole.
  const auto combination = [](std::optional<double> price) {
    Message request = place_order(1, 10);
    protocol::Contract& contract = *request.as<protocol::PlaceOrderRequest>().contract;
    contract.sec_type = "BAG";
    contract.combo_legs.emplace_back().con_id = 1;
    if (price) contract.combo_legs[0].per_leg_price = *price;
    return request;
  };
  for (const int version : {178, 226}) {
    RecordedFile file;
    file.session(version).start(7, 1).out(combination(0)).end();
    const Recording recording = file.load();
    SimulatedApp app(recording);
    app.ask(start_api(7));
    CHECK(mentions(app.ask_in_vain(combination({})).report(), "combo_legs[0].per_leg_price: recorded 0, live nothing"));
    app.ask(combination(0));
  }
}

TEST_CASE("cancels of what was served are accepted, those of what was refused ignored") {
  // Broken: an app that closes its subscriptions at the end fails its test for that alone.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 100)).out(make<protocol::PositionsRequest>());
  file.out(place_order(9, 10)).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.ask(market_data(50, "AAPL"));
  app.ask_in_vain(market_data(51, "MSFT"));
  const Outcome accepted = app.asks(cancel_market_data(50));
  REQUIRE(is<Accepted>(accepted));
  CHECK(std::get<Accepted>(accepted).cancelled == 1);
  CHECK(is<Ignored>(app.asks(cancel_market_data(51))));
  CHECK(is<Refused>(app.asks(cancel_market_data(52))));
  app.ask(make<protocol::PositionsRequest>());
  CHECK(is<Accepted>(app.asks(make<protocol::CancelPositions>())));
  // An order's cancel is a question to TWS: what it would have said is not known.
  app.ask(place_order(9, 10));
  CHECK(told(app.asks(cancel_order(9))) == Lines{"ErrorMessage"});
  CHECK(is<Refused>(app.asks(place_order(10, 11))));
  CHECK(is<Ignored>(app.asks(cancel_order(10))));
}

TEST_CASE("the time and the next order id are always answered, by what is known") {
  // Broken: an app that looks at the clock once more than when it was recorded is refused, or waits for ever.
  RecordedFile file;
  file.session(178).start(7, 40).out(place_order(40, 10)).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  const auto answer = [&](const Message& request) {
    const Outcome outcome = app.asks(request);
    REQUIRE(is<Answered>(outcome));
    REQUIRE(std::get<Answered>(outcome).messages.size() == 1);
    return std::get<Answered>(outcome).messages[0];
  };
  const Message time = answer(make<protocol::CurrentTimeRequest>());
  CHECK(time.as<protocol::CurrentTime>().current_time == kWallNs / 1'000'000'000);
  CHECK(answer(make<protocol::IdsRequest>()).as<protocol::NextValidId>().order_id == 40);
  app.ask(place_order(90, 10));
  CHECK(answer(make<protocol::IdsRequest>()).as<protocol::NextValidId>().order_id == 91);
}

TEST_CASE("what was recorded as a change of an order is no new order") {
  // Broken: an app that places at the second price at once passes for one that placed and changed.
  RecordedFile file;
  file.session(178).start(7, 1).out(place_order(5, 95)).out(place_order(5, 96)).end();
  const Recording recording = file.load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  app.ask_in_vain(place_order(5, 96));
  app.ask(place_order(6, 95));
  app.ask_in_vain(place_order(7, 96));
  app.ask(place_order(6, 96));
}

TEST_CASE("a filter by client means the same client") {
  // Broken: an app that asks for everybody's executions gets its own, and passes.
  const auto executions = [](int client) {
    return make<protocol::ExecutionRequest>([&](auto& m) {
      m.req_id = 3;
      m.execution_filter.emplace().client_id = client;
      m.execution_filter->symbol = "AAPL";
    });
  };
  RecordedFile file;
  const Recording recording = file.session(178).start(7, 1).out(executions(7)).end().load();
  SimulatedApp app(recording);
  app.ask(start_api(11));
  app.ask_in_vain(executions(0));
  app.ask_in_vain(executions(7));
  app.ask(executions(11));
}

TEST_CASE("a refused request without an id gets its empty end behind the error") {
  // Broken: a client whose list never ends waits for ever, and the run says nothing.
  RecordedFile file;
  const Recording recording = file.session(178).start(7, 1).end().load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  CHECK(told(app.asks(make<protocol::PositionsRequest>())) == Lines{"ErrorMessage", "PositionEnd"});
  CHECK(told(app.asks(make<protocol::OpenOrdersRequest>())) == Lines{"ErrorMessage", "OpenOrdersEnd"});
  CHECK(told(app.asks(make<protocol::NewsProvidersRequest>())) == Lines{"ErrorMessage", "NewsProviders"});
  CHECK(told(app.asks(make<protocol::ManagedAccountsRequest>())) == Lines{"ErrorMessage"});
  CHECK(told(app.asks(market_data(1, "AAPL"))) == Lines{"ErrorMessage"});
  const Outcome rule = app.asks(make<protocol::MarketRuleRequest>([](auto& m) { m.market_rule_id = 26; }));
  REQUIRE(told(rule) == Lines{"ErrorMessage", "MarketRule"});
  CHECK(std::get<Refused>(rule).messages[1].as<protocol::MarketRule>().market_rule_id == 26);
}

TEST_CASE("what cannot be decoded is refused under its own id, and its cancel ignored") {
  // Broken: the client waits for an answer to a request whose refusal came under no id.
  RecordedFile file;
  const Recording recording = file.session(178).start(7, 1).end().load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  const Outcome outcome = app.asks(std::string("1\00011\00077\000not a number\000", 21));
  REQUIRE(is<Refused>(outcome));
  CHECK(std::get<Refused>(outcome).messages[0].as<protocol::ErrorMessage>().id == 77);
  CHECK(mentions(std::get<Refused>(outcome).mismatch.summary(), "cannot be decoded"));
  CHECK(is<Ignored>(app.asks(cancel_market_data(77))));
}

TEST_CASE("accounts have pseudonyms in a near miss and in what the app is told") {
  // Broken: a CI log of a mismatch publishes an account number.
  const auto updates = [](const std::string& account) {
    return make<protocol::AccountDataRequest>([&](auto& m) {
      m.subscribe = true;
      m.acct_code = account;
    });
  };
  RecordedFile file;
  const Recording recording = file.session(178).start(7, 1).out(updates("U7654321")).end().load();
  SimulatedApp app(recording);
  app.ask(start_api(7));
  const Outcome outcome = app.asks(updates("U1111111"));
  REQUIRE(is<Refused>(outcome));
  const auto& refused = std::get<Refused>(outcome);
  CHECK(mentions(refused.mismatch.report(), "acct_code: recorded account#"));
  const std::string text = *refused.messages[0].as<protocol::ErrorMessage>().error_msg;
  CHECK_FALSE(mentions(text, "7654321"));
  CHECK_FALSE(mentions(text, "1111111"));
}

TEST_CASE("another session of the journal that has the request is named") {
  // Broken: nobody sees that the wrong session is being replayed.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "MSFT")).end();
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).end();
  const Recording first = file.load(1), second = file.load(2);
  const Contents others(first);
  SimulatedApp app(second);
  app.matcher().also_knows(others);
  app.ask(start_api(7));
  const Mismatch mismatch = app.ask_in_vain(market_data(1, "MSFT"));
  CHECK(mismatch.elsewhere == 1);
  CHECK(mentions(mismatch.summary(), "; session 1 has it"));
  CHECK_FALSE(app.ask_in_vain(market_data(1, "IBM")).elsewhere);
}

TEST_CASE("a session of many equal or alike requests is matched without looking at all of them") {
  // Broken: a bot that polled for a day takes hours to replay. A quadratic search would not end within the time limit.
  constexpr int kCount = 20'000;
  RecordedFile file;
  file.session(178).start(7, 1);
  for (int i = 0; i < kCount; ++i) file.out(make<protocol::CurrentTimeRequest>());
  for (int i = 1; i <= kCount; ++i) file.out(market_data(i, "AAPL"));
  for (int i = 1; i <= kCount; ++i) file.out(cancel_market_data(i));
  const Recording recording = file.end().load();
  const Contents contents(recording);
  CHECK(contents.groups().size() == 4);
  KnownIds known;
  Ids ids(known, 7);
  protocol::Pseudonyms names;
  Matcher matcher(contents, ids, names);
  const auto ask = [&](const Message& live) {
    std::string payload;
    REQUIRE(protocol::encode(live, 178, payload));
    return is<Matched>(matcher.match(payload, 0));
  };
  int matched = 0;
  for (int i = 0; i < kCount; ++i) matched += ask(make<protocol::CurrentTimeRequest>());
  for (int i = 1; i <= kCount; ++i) matched += ask(market_data(kCount + i, "AAPL"));
  for (int i = kCount; i >= 1; --i) matched += ask(cancel_market_data(kCount + i));
  CHECK(matched == 3 * kCount);
  CHECK(matcher.looked_at() <= 4 * static_cast<std::size_t>(kCount));
}

}  // namespace ibkr::replay::test
