// Serving without a socket: which session a connection gets, and what the verdict says in the end. Broken, an app with
// two connections cannot be replayed, or CI is green although something was not as recorded.
#include "served.h"

namespace ibkr::replay::test {

namespace {

using Status = Verdict::Status;

Message bars(int req_id) {
  return make<protocol::HistoricalDataRequest>([&](auto& m) {
    m.req_id = req_id;
    m.contract = stock("AAPL");
    m.what_to_show = "TRADES";
  });
}
Message bars_answer(int req_id) {
  return make<protocol::HistoricalData>([&](auto& m) { m.req_id = req_id; });
}

/// Client 7 asks for bars and places an order; client 8 and then client 7 again ask for other bars.
RecordedFile& three_sessions(RecordedFile& file) {
  file.session(178).start(7, 1).out(bars(1)).in(bars_answer(1));
  file.out(place_order(1, 100)).in(order_status(1, "Submitted")).end();
  file.session(178).start(8, 1).out(market_data(2, "IBM")).in(tick(2, 8)).end();
  file.session(178).start(7, 2).out(market_data(3, "AAPL")).in(tick(3, 9)).end();
  return file;
}

Lines serve(Replay& replay, int client_id, const std::vector<Message>& requests) {
  Lines got;
  ServedApp app(replay, client_id, got);
  for (const Message& request : requests) app.asks(request);
  got = app.gets();
  app.leaves();
  return got;
}

Status status(const Replay& replay, bool strict = false) { return replay.verdict().status(strict); }

}  // namespace

TEST_CASE("the sessions of one run are served by client id and order of connection, until all were") {
  // Broken: an app with two clients, or one that connects again, fails its replay.
  RecordedFile file;
  Replay replay(loaded(three_sessions(file)), {.speed = kMaxSpeed});
  REQUIRE(replay.recordings().size() == 3);
  CHECK(names(serve(replay, 8, {market_data(2, "IBM")})) == Lines{"TickPrice"});
  CHECK_FALSE(replay.finished());
  CHECK(names(serve(replay, 7, {bars(1), place_order(1, 100)})) == Lines{"HistoricalData", "OrderStatus"});
  CHECK(replay.verdict().not_served == std::vector<journal::SessionId>{3});
  CHECK(status(replay) == Status::Incomplete);
  CHECK(names(serve(replay, 7, {market_data(3, "AAPL")})) == Lines{"TickPrice"});
  CHECK(replay.finished());
  CHECK(status(replay) == Status::Clean);
  CHECK(status(replay, true) == Status::Clean);
}

TEST_CASE("connections at the same time each have their own session") {
  RecordedFile file;
  Replay replay(loaded(three_sessions(file)), {.speed = kMaxSpeed});
  ServedApp first(replay), second(replay);  // both hellos come before either START_API
  second.asks(start_api(8));
  first.asks(start_api(7));
  second.asks(market_data(2, "IBM"));
  first.asks(bars(1));
  CHECK(names(second.gets()).back() == "TickPrice");
  CHECK(names(first.gets()).back() == "HistoricalData");
}

TEST_CASE("an app that connects more often than recorded is told so, and the verdict is a mismatch") {
  // Broken: an app that reconnects in a loop passes.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 1)).end();
  Replay replay(loaded(file), {.speed = kMaxSpeed});
  Lines got;
  ServedApp app(replay, 7, got);
  app.asks(market_data(1, "AAPL"));
  app.gets();
  ServedApp again(replay, 7, got);
  REQUIRE(got.size() == 2);
  CHECK(mentions(got[1], "every recorded session has been served"));
  CHECK(again.serving().all_said());
  again.leaves();
  app.leaves();
  CHECK(replay.verdict().turned_away.count == 1);
  CHECK(replay.verdict().probes == 0);
  CHECK(status(replay) == Status::Mismatch);
}

TEST_CASE("with repeat all sessions are served again and again") {
  // Broken: the second test of a suite finds the recording used up.
  RecordedFile file;
  Replay replay(loaded(three_sessions(file)), {.speed = kMaxSpeed, .repeat = true});
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    CHECK(serve(replay, 7, {bars(1), place_order(1, 100)}).size() == 2);
    CHECK(serve(replay, 7, {market_data(3, "AAPL")}).size() == 1);
    CHECK(serve(replay, 8, {market_data(2, "IBM")}).size() == 1);
  }
  CHECK_FALSE(replay.finished());
  CHECK(status(replay, true) == Status::Clean);
  // Each round counts for itself.
  serve(replay, 7, {bars(1)});
  CHECK(replay.verdict().not_served == std::vector<journal::SessionId>{2, 3});
  serve(replay, 7, {market_data(3, "AAPL")});
  serve(replay, 8, {market_data(2, "IBM")});
  REQUIRE(replay.verdict().unused.count == 1);  // the order of this round
  CHECK(replay.verdict().unused.items[0].connection == 10);
  CHECK(status(replay) == Status::Unused);
}

TEST_CASE("orders outlive the connection that placed them, whatever their ids") {
  // Broken: an app that reconnects cannot cancel its order, or a new order passes for a change of the old one.
  RecordedFile file;
  file.session(178).start(7, 5).out(place_order(5, 100)).in(order_status(5, "Submitted")).end();
  file.session(178).start(7, 6).in(order_status(5, "Submitted")).out(place_order(5, 101));
  file.in(order_status(5, "Submitted")).out(place_order(6, 90, 5)).out(cancel_order(5)).end();
  file.session(178).start(8, 1).out(make<protocol::AllOpenOrdersRequest>());
  file.in(order_status(5, "Cancelled")).in(make<protocol::OpenOrdersEnd>()).end();
  const auto after = [&](int first, const std::vector<Message>& later, std::size_t refused) {
    Replay replay(loaded(file), {.speed = kMaxSpeed});
    CHECK(mentions(serve(replay, 17, {place_order(first, 100)})[0], "\"order_id\":" + std::to_string(first)));
    Lines got;
    ServedApp again(replay, 17, got);
    CHECK(mentions(got.back(), "\"order_id\":" + std::to_string(first)));
    for (const Message& request : later) again.asks(request);
    again.gets();
    again.leaves();
    const Lines listed = serve(replay, 18, {make<protocol::AllOpenOrdersRequest>()});
    CHECK(mentions(listed[0], "\"order_id\":" + std::to_string(first)));
    CHECK(mentions(listed[0], "\"client_id\":17"));
    CHECK(replay.verdict().refused.count == refused);
    return status(replay);
  };
  CHECK(after(5, {place_order(5, 101), place_order(6, 90, 5), cancel_order(5)}, 0) == Status::Clean);
  CHECK(after(105, {place_order(105, 101), place_order(6, 90, 105), cancel_order(105)}, 0) == Status::Clean);
  CHECK(after(105, {place_order(106, 101), place_order(6, 90, 105), cancel_order(105)}, 1) == Status::Mismatch);
  CHECK(after(105, {place_order(105, 101), place_order(6, 90, 5), cancel_order(105)}, 1) == Status::Mismatch);
  CHECK(after(105, {place_order(105, 101), place_order(6, 90, 105), cancel_order(5)}, 1) == Status::Mismatch);
}

TEST_CASE("what an order of before is the parent of stays with it") {
  // Broken: a stop hangs on another open order than recorded.
  RecordedFile file;
  file.session(178).start(7, 10).out(place_order(10, 90, 5)).in(order_status(10, "Submitted")).end();
  for (const int parent : {5, 6, 11}) {
    CAPTURE(parent);
    Replay replay(loaded(file), {.speed = kMaxSpeed});
    serve(replay, 7, {place_order(20, 90, parent)});
    CHECK(status(replay) == (parent == 5 ? Status::Clean : Status::Mismatch));
  }
}

TEST_CASE("an id that TWS gave behind the first order says nothing of that order") {
  // Broken: an app that asks for ids later cannot choose its own.
  RecordedFile file;
  file.session(178).out(start_api(7)).out(place_order(5, 100)).in(order_status(5, "Submitted"));
  file.out(make<protocol::IdsRequest>()).in(make<protocol::NextValidId>([](auto& m) { m.order_id = 6; })).end();
  Replay replay(loaded(file), {.speed = kMaxSpeed});
  serve(replay, 7, {place_order(50, 100)});
  CHECK(status(replay) == Status::Clean);
}

TEST_CASE("a server that counts orders from 1 again has new ones") {
  // Broken: sessions with a mock cannot be replayed together.
  RecordedFile file;
  file.session(178).start(7, 1).out(place_order(1, 100)).in(order_status(1, "Submitted")).end();
  file.session(178).start(7, 1).out(place_order(1, 100)).in(order_status(1, "Filled")).end();
  Replay replay(loaded(file), {.speed = kMaxSpeed});
  serve(replay, 7, {place_order(3, 100)});
  CHECK(mentions(serve(replay, 7, {place_order(4, 100)})[0], "\"order_id\":4"));
  CHECK(status(replay) == Status::Clean);
}

TEST_CASE("apps of two versions are served in any order of connection") {
  // Broken: the app that speaks both gets the session of the one that does not, which is then turned away.
  RecordedFile file;
  file.session(176, 157, 176).start(1, 1).out(market_data(1, "AAPL")).in(tick(1, 1)).end();
  file.session(203, 100, 203).start(2, 1).out(market_data(2, "IBM")).in(tick(2, 2)).end();
  Replay replay(loaded(file), {.speed = kMaxSpeed});
  ServedApp newer(replay, 203, {100, 203, ""}), older(replay, 176, {157, 176, ""});
  newer.asks(start_api(2));
  older.asks(start_api(1));
  newer.asks(market_data(2, "IBM"));
  older.asks(market_data(1, "AAPL"));
  CHECK(names(newer.gets()).back() == "TickPrice");
  CHECK(names(older.gets()).back() == "TickPrice");
  newer.leaves();
  older.leaves();
  CHECK(status(replay, true) == Status::Clean);
}

TEST_CASE("what is asked before START_API must have been asked before it, too") {
  // Broken: an order that TWS never looked at passes, or an app that asks too early cannot be replayed.
  RecordedFile file;
  file.session(178).out(bars(9)).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 1)).end();
  const auto after = [&](const std::vector<Message>& early) {
    Replay replay(loaded(file), {.speed = kMaxSpeed});
    ServedApp app(replay);
    for (const Message& request : early) app.asks(request);
    app.asks(start_api(7));
    app.asks(market_data(1, "AAPL"));
    CHECK(names(app.gets()).back() == "TickPrice");
    app.leaves();
    return replay.verdict();
  };
  CHECK(after({bars(3)}).status(true) == Status::Clean);
  CHECK(after({}).status(true) == Status::Unused);
  const Verdict verdict = after({bars(9), place_order(1, 100)});
  CHECK(verdict.status(false) == Status::Mismatch);
  REQUIRE(verdict.refused.count == 1);
  CHECK(mentions(verdict.refused.items[0].mismatch.summary(), "PlaceOrderRequest before START_API"));
  CHECK(after({bars(9), bars(9)}).status(false) == Status::Mismatch);
}

TEST_CASE("an app that asks for ever and never sends START_API is given up") {
  // Broken: it fills the memory.
  RecordedFile file;
  file.session(178).start(7, 1).out(bars(1)).in(bars_answer(1)).end();
  Replay replay(loaded(file), {.speed = kMaxSpeed});
  ServedApp app(replay);
  for (int i = 0; i < 1100; ++i) app.asks(bars(i));
  CHECK(app.serving().given_up());
  app.asks(start_api(7));
  app.leaves();
  CHECK(replay.verdict().probes == 1);
}

TEST_CASE("what an app asks behind TWS's end counts, though nobody answers it") {
  // Broken: an order into a closed connection that was not recorded passes.
  RecordedFile file;
  file.session(178).start(7, 1).out(bars(1)).in(bars_answer(1)).end("tws fin in running");
  Replay replay(loaded(file), {.speed = kMaxSpeed});
  Lines got;
  ServedApp app(replay, 7, got);
  app.asks(bars(1));
  app.gets();
  CHECK(app.serving().all_said());
  app.asks(place_order(1, 100));
  CHECK(app.gets().empty());
  app.leaves();
  CHECK(replay.verdict().torn.empty());
  CHECK(status(replay) == Status::Mismatch);
}

TEST_CASE("an app that cannot speak the recorded version is told so where its version allows it") {
  // Broken: a client of another age hangs, and only our log says why.
  RecordedFile file;
  file.session(178, 157, 178).start(7, 1).end();
  Replay replay(loaded(file), {});
  ServedApp old(replay, 157, {100, 157, ""});
  CHECK(old.gets() == Lines{"answer"});
  CHECK(status(replay) == Status::NothingServed);  // nothing is wrong yet: it could be a probe
  old.asks(start_api(7));
  const Lines told = old.gets();
  REQUIRE(told.size() == 1);
  CHECK(mentions(told[0], "the app speaks server versions 100..157"));
  CHECK(mentions(told[0], "178"));
  CHECK(old.serving().all_said());
  old.leaves();
  ServedApp far(replay, 178, {900, 999, ""});
  CHECK(far.gets().empty());
  CHECK(far.serving().given_up());
  far.leaves();
  REQUIRE(replay.verdict().turned_away.count == 2);
  CHECK(replay.verdict().turned_away.items[0].why == Verdict::TurnedAway::Why::CannotSpeak);
  CHECK(status(replay) == Status::Mismatch);
}

TEST_CASE("a handshake without START_API is a probe, and START_API alone is no replay") {
  // Broken: a health check uses the recording up, or a crash after START_API is a green CI.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 1)).end();
  Replay replay(loaded(file), {.speed = kMaxSpeed});
  ServedApp probe(replay);
  CHECK(probe.gets() == Lines{"answer"});
  probe.leaves();
  CHECK(replay.verdict().probes == 1);
  CHECK(serve(replay, 7, {}).empty());
  CHECK(status(replay) == Status::NothingServed);
}

TEST_CASE("an answer that cannot be written with the ids of the app is not passed over") {
  // Broken: an app gets news of an id that is another one of its own, and the replay is clean.
  std::string numbers;
  while (numbers.size() < 6'000'000) numbers += "1 ";  // with the app's id for each 1 it is longer than a frame may be
  RecordedFile file;
  file.session(178).start(7, 1).out(bars(1));
  file.in(make<protocol::ErrorMessage>([&](auto& error) {
        error.id = 1;
        error.error_code = 162;
        error.error_msg = numbers;
      }))
      .end();
  Replay replay(loaded(file), {.speed = kMaxSpeed});
  Lines got;
  ServedApp app(replay, 7, got);
  app.asks(bars(1'000'001));
  app.gets();
  app.leaves();
  CHECK(replay.verdict().not_rewritten.count == 1);
  CHECK(status(replay) == Status::Incomplete);
}

TEST_CASE("what the app left before it was out is not delivered") {
  // Broken: an app that asks and dies is a green CI.
  RecordedFile file;
  file.session(178).start(7, 1).out(bars(1)).in(bars_answer(1)).out(market_data(2, "AAPL")).in(tick(2, 1)).end();
  SUBCASE("an answer that is not due yet") {
    Replay replay(loaded(file), {.speed = 1});
    Lines got;
    ServedApp app(replay, 7, got);
    app.pass(20);
    app.gets();
    app.asks(bars(1));
    CHECK(app.gets().empty());
    app.leaves();
    REQUIRE(replay.verdict().undelivered.count == 1);
    CHECK(replay.verdict().undelivered.items[0].type->name == "HistoricalDataRequest");
    CHECK(status(replay) == Status::Incomplete);
  }
  SUBCASE("a stream may be left at any time") {
    Replay replay(loaded(file), {.speed = 1});
    Lines got;
    ServedApp app(replay, 7, got);
    app.pass(20);
    app.gets();
    app.asks(bars(1));
    app.asks(market_data(2, "AAPL"));
    app.pass(10);
    app.gets();
    app.leaves();
    CHECK(status(replay) == Status::Clean);
  }
  SUBCASE("a frame that is cut") {
    Replay replay(loaded(file), {.speed = kMaxSpeed});
    Lines got;
    ServedApp app(replay, 7, got);
    app.asks(bars(1));
    app.says(
        std::string("\0\0\0\x20"
                    "71",
                    6));
    app.gets();
    app.leaves();
    REQUIRE(replay.verdict().torn.count == 1);
    CHECK(replay.verdict().torn.items[0].why == Verdict::Torn::Why::WithinFrame);
    CHECK(status(replay) == Status::Incomplete);
  }
  SUBCASE("bytes that are no frames") {
    Replay replay(loaded(file), {.speed = kMaxSpeed});
    Lines got;
    ServedApp app(replay, 7, got);
    app.asks(bars(1));
    app.gets();
    app.says("\xff\xff\xff\xff");
    CHECK(app.serving().given_up());
    app.leaves();
    CHECK(replay.verdict().torn.items[0].why == Verdict::Torn::Why::NoFrames);
    CHECK(status(replay) == Status::Incomplete);
  }
}

TEST_CASE("an app that polls does not hold its own answers up") {
  // Broken: a bot that leaves one request out and asks for the time every 50 ms gets no tick any more.
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 1)).out(bars(2)).in(bars_answer(2));
  file.in(tick(1, 2)).in(error(-1, 1100, "lost")).out(place_order(1, 100)).in(tick(1, 3)).end();
  Replay replay(loaded(file), {.speed = kMaxSpeed});
  Lines got;
  ServedApp app(replay, 7, got);
  app.asks(market_data(1, "AAPL"));
  std::size_t ticks = 0, pushes = 0;
  for (int poll = 0; poll < 300 && ticks + pushes < 4; ++poll) {
    app.asks(poll % 2 == 0 ? make<protocol::CurrentTimeRequest>() : market_data(9, "MSFT"));
    for (const std::string& name : names(app.gets())) {
      ticks += name == "TickPrice" ? 1 : 0;
      pushes += name == "ErrorMessage" ? 1 : 0;
    }
    pushes -= static_cast<std::size_t>(poll % 2);  // the refusal
    app.pass(50);
    CHECK((poll != 5 || ticks == 3));
  }
  CHECK(ticks == 3);
  CHECK(pushes == 1);
}

TEST_CASE("an order that was never placed fails always, anything else only when it is strict") {
  // Broken: a bot that places no order passes; or one that polls by the clock never does.
  RecordedFile file;
  file.session(178).start(7, 1).out(bars(1)).in(bars_answer(1)).out(market_data(2, "AAPL"));
  file.out(place_order(1, 100)).in(order_status(1, "Submitted")).out(cancel_order(1)).in(order_status(1, "Cancelled"));
  file.end();
  const auto after = [&](const std::vector<Message>& requests, bool strict) {
    Replay replay(loaded(file), {.speed = kMaxSpeed});
    serve(replay, 7, requests);
    return status(replay, strict);
  };
  CHECK(after({bars(1), market_data(2, "AAPL"), place_order(1, 100), cancel_order(1)}, true) == Status::Clean);
  CHECK(after({bars(1), place_order(1, 100), cancel_order(1)}, false) == Status::Clean);
  CHECK(after({bars(1), place_order(1, 100), cancel_order(1)}, true) == Status::Unused);
  CHECK(after({bars(1), market_data(2, "AAPL"), place_order(1, 100)}, false) == Status::Unused);
  CHECK(after({bars(1), market_data(2, "AAPL")}, false) == Status::Unused);
}

TEST_CASE("reports are bounded, and all are counted") {
  // Broken: a hostile app that asks a million times fills the memory.
  RecordedFile file;
  file.session(178).start(7, 1).out(bars(1)).in(bars_answer(1)).end();
  Replay replay(loaded(file), {.speed = kMaxSpeed});
  Lines got;
  ServedApp app(replay, 7, got);
  for (int i = 0; i < 1100; ++i) app.asks(market_data(100 + i, "MSFT"));
  app.gets();
  app.leaves();
  CHECK(replay.verdict().refused.count == 1100);
  CHECK(replay.verdict().refused.items.size() == 1000);
}

}  // namespace ibkr::replay::test
