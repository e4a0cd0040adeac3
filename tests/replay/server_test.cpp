// The replay server over a real socket.
#include <algorithm>

#include "net/tcp.h"
#include "recorded.h"
#include "replay/server.h"

namespace ibkr::replay::test {

namespace {

/// An app on a socket, sharing the server's loop.
class App {
 public:
  App(net::Loop& loop, const net::Address& server, int version, protocol::Hello hello = {100, 226, ""})
      : loop_(loop), version_(version) {
    dial_ = net::connect(loop, server, [this, hello](net::Dial::Result result) {
      REQUIRE(result);
      connection_ = std::move(*result);
      connection_->start({.on_data = [this](std::string_view bytes) { on_data(bytes); },
                          .on_end = [this] { ended = true; },
                          .on_close = [this](const net::CloseReason&) { ended = true; }});
      connection_->write(protocol::hello_bytes(hello));
    });
  }
  void send(const Message& message) {
    std::string payload, frame;
    REQUIRE(protocol::encode(message, version_, payload));
    protocol::append_frame(frame, payload);
    connection_->write(frame);
  }
  void until_frames(std::size_t count) {
    while (frames.size() < count && !ended) loop_.run_once();
    REQUIRE(frames.size() >= count);
  }
  void until_end() {
    while (!ended) loop_.run_once();
  }
  void disconnect() {
    connection_->shutdown_write();
    until_end();
    connection_.reset();
  }
  Lines described_frames() const {
    Lines found;
    for (std::size_t i = 1; i < frames.size(); ++i) found.push_back(described(version_, frames[i]));
    return found;
  }

  std::vector<std::string> frames;  // the first is the hello's answer
  std::size_t first_read = 0;       // bytes of the first read
  bool ended = false;

 private:
  void on_data(std::string_view bytes) {
    if (first_read == 0) first_read = bytes.size();
    framer_.feed(bytes, [this](std::string_view payload) { frames.emplace_back(payload); });
  }

  net::Loop& loop_;
  int version_;
  protocol::Framer framer_;
  std::unique_ptr<net::Dial> dial_;
  std::unique_ptr<net::Connection> connection_;
};

ReplayOptions options(const RecordedFile& file, double speed = kMaxSpeed) {
  ReplayOptions chosen;
  chosen.file = file.path();
  chosen.listen = {"127.0.0.1", 0};
  chosen.speed = speed;
  return chosen;
}

void serve_once(App& app, int client_id) {
  app.until_frames(1);
  CHECK(app.frames.size() == 1);
  app.send(start_api(client_id));
  app.until_frames(3);
  app.send(market_data(5, "AAPL"));
  app.until_frames(5);
}

RecordedFile& quotes(RecordedFile& file, int version) {
  file.session(version)
      .start(7, 1)
      .out(market_data(9001, "AAPL"))
      .in(tick(9001, 150))
      .in(tick(9001, 151))
      .end()
      .close();
  return file;
}

}  // namespace

TEST_CASE("an app is served what was recorded, and the verdict is good") {
  // Broken: everything.
  for (const int version : {178, 226}) {
    CAPTURE(version);
    RecordedFile file;
    quotes(file, version);
    net::Loop loop;
    bool finished = false;
    ReplayServer server(loop, options(file, 100), [&] { finished = true; });
    App app(loop, server.address(), version);
    serve_once(app, 7);
    CHECK(app.frames[0] == protocol::hello_answer_payload({version, "20261123 09:30:00 EST"}));
    CHECK(app.first_read == 4 + app.frames[0].size());  // alone in its write
    CHECK(names(app.described_frames()) == Lines{"ManagedAccounts", "NextValidId", "TickPrice", "TickPrice"});
    app.disconnect();
    while (!finished) loop.run_once();
    const Verdict verdict = server.verdict();
    CHECK(verdict.ok());
    CHECK(verdict.served == 2);
    CHECK(verdict.unused.empty());
  }
}

TEST_CASE("an unmatched request is refused with an error that the app sees, and the verdict is bad") {
  // Broken: CI is green although the app asks for something else than it did.
  RecordedFile file;
  quotes(file, 178);
  net::Loop loop;
  bool finished = false;
  ReplayServer server(loop, options(file), [&] { finished = true; });
  App app(loop, server.address(), 178);
  app.until_frames(1);
  app.send(start_api(7));
  app.send(market_data(5, "MSFT"));
  app.until_frames(4);
  const Lines frames = app.described_frames();
  const auto refusal =
      std::find_if(frames.begin(), frames.end(), [](const auto& text) { return mentions(text, "10999"); });
  REQUIRE(refusal != frames.end());
  CHECK(mentions(*refusal, "\"id\":5"));
  CHECK(mentions(*refusal, "ibkr replay: no recorded request matches MarketDataRequest; nearest is #"));
  CHECK(mentions(*refusal, "contract.symbol: recorded AAPL, live MSFT"));
  app.disconnect();
  while (!finished) loop.run_once();
  const Verdict verdict = server.verdict();
  CHECK_FALSE(verdict.ok());
  CHECK(verdict.unmatched.size() == 1);
  REQUIRE(verdict.unused.size() == 1);
  CHECK(mentions(verdict.unused[0], "MarketDataRequest"));
}

TEST_CASE("with repeat every connection is served from the start, also two at once") {
  // Broken: the second test of a suite finds the recording used up.
  RecordedFile file;
  quotes(file, 178);
  net::Loop loop;
  ReplayOptions chosen = options(file);
  chosen.repeat = true;
  ReplayServer server(loop, chosen);
  App first(loop, server.address(), 178), second(loop, server.address(), 178);
  serve_once(first, 7);
  serve_once(second, 8);
  CHECK(first.described_frames() == second.described_frames());
  first.disconnect();
  second.disconnect();
  App third(loop, server.address(), 178);
  serve_once(third, 9);
  third.disconnect();
  CHECK(server.verdict().ok());
  CHECK(server.verdict().connections == 3);
  CHECK(server.verdict().served == 6);
}

TEST_CASE("an app that cannot speak the recorded version is refused, and the verdict names both ranges") {
  // Broken: the app hangs in a handshake that it does not understand.
  RecordedFile file;
  file.session(178, 157, 178).start(7, 1).end().close();
  net::Loop loop;
  bool finished = false;
  ReplayServer server(loop, options(file), [&] { finished = true; });
  App app(loop, server.address(), 178, {100, 157, ""});
  app.until_end();
  while (!finished) loop.run_once();
  CHECK(app.frames.empty());
  const Verdict verdict = server.verdict();
  CHECK_FALSE(verdict.ok());
  REQUIRE(verdict.refused.size() == 1);
  CHECK(mentions(verdict.refused[0], "100..157"));
  CHECK(mentions(verdict.refused[0], "157..178"));
  CHECK(mentions(verdict.refused[0], "178"));
}

TEST_CASE("a port check and garbage do not use the recording up") {
  // Broken: `wait-for-port` in a CI script takes the one connection.
  RecordedFile file;
  quotes(file, 178);
  net::Loop loop;
  ReplayServer server(loop, options(file));
  {
    std::unique_ptr<net::Connection> probe;
    bool closed = false;
    const auto dial = net::connect(loop, server.address(), [&](net::Dial::Result result) {
      REQUIRE(result);
      probe = std::move(*result);
      probe->start({.on_end = [&] { closed = true; }, .on_close = [&](const net::CloseReason&) { closed = true; }});
      probe->write("GET / HTTP/1.1\r\n\r\n");
    });
    while (!closed) loop.run_once();
  }
  App app(loop, server.address(), 178);
  serve_once(app, 7);
  app.disconnect();
  CHECK(server.verdict().ok());
}

TEST_CASE("a session that TWS ended is ended by the replay too") {
  // Broken: an app's handling of error 326 cannot be tested.
  RecordedFile file;
  file.session(178)
      .out(start_api(7))
      .in(error(-1, 326, "client id is already in use"))
      .end("tws fin in running")
      .close();
  net::Loop loop;
  ReplayServer server(loop, options(file));
  App app(loop, server.address(), 178);
  app.until_frames(1);
  app.send(start_api(7));
  app.until_end();
  CHECK(app.frames.size() == 2);
}

TEST_CASE("a long recording goes to a slow app without a byte lost, as fast as it takes it") {
  // Broken: memory grows with the recording, or frames are lost where the socket is full.
  RecordedFile file;
  constexpr int kTicks = 200'000;
  file.session(178).start(7, 1).out(market_data(1, "AAPL"));
  for (int i = 0; i < kTicks; ++i) file.in(tick(1, i));
  file.end().close();
  net::Loop loop;
  ReplayServer server(loop, options(file));
  App app(loop, server.address(), 178);
  app.until_frames(1);
  app.send(start_api(7));
  app.send(market_data(1, "AAPL"));
  app.until_frames(3 + kTicks);
  CHECK(described(178, app.frames.back()).find("\"price\":" + std::to_string(kTicks - 1)) != std::string::npos);
}

TEST_CASE("what cannot be replayed is said before listening") {
  // Broken: `ibkr replay` on the wrong file prints a stack trace, or listens and serves nothing.
  RecordedFile file;
  quotes(file, 178);
  net::Loop loop;
  ReplayOptions chosen = options(file);
  chosen.session = 99;
  CHECK_THROWS_WITH_AS(ReplayServer(loop, chosen), doctest::Contains("99"), std::runtime_error);
  chosen.session.reset();
  chosen.file += ".missing";
  CHECK_THROWS_AS(ReplayServer(loop, chosen), std::runtime_error);
}

TEST_CASE("speeds are numbers above zero, or max") {
  CHECK(*parse_speed("1") == 1);
  CHECK(*parse_speed("0.5") == 0.5);
  CHECK(*parse_speed("max") == kMaxSpeed);
  for (const char* wrong : {"", "0", "-1", "fast", "1x", "inf", "nan"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_speed(wrong));
  }
}

}  // namespace ibkr::replay::test
