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
  void reset() {
    connection_->reset();
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

/// A server of what the file's last run recorded, with a flag that says that it has ended by itself.
struct Served {
  Served(net::Loop& loop, const RecordedFile& file, ServingOptions options = {.speed = kMaxSpeed})
      : server(loop, loaded(file), {"127.0.0.1", 0}, options, [this] { finished = true; }) {}
  static Loaded loaded(const RecordedFile& file) {
    auto found = load(file.path(), {});
    REQUIRE_MESSAGE(found, (found ? "" : found.error().text));
    return std::move(*found);
  }
  const net::Address& address() const { return server.address(); }
  Verdict verdict() const { return server.verdict(); }
  Verdict::Status status() const { return server.verdict().status(false); }
  bool finished = false;
  ReplayServer server;
};

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

TEST_CASE("an app is served what was recorded, the verdict is clean, and the server ends") {
  // Broken: everything.
  for (const int version : {178, 226}) {
    CAPTURE(version);
    RecordedFile file;
    quotes(file, version);
    net::Loop loop;
    Served served(loop, file, {.speed = 100});
    App app(loop, served.address(), version);
    serve_once(app, 7);
    CHECK(app.frames[0] == protocol::hello_answer_payload({version, "20261123 09:30:00 EST"}));
    CHECK(app.first_read == 4 + app.frames[0].size());  // alone in its write
    CHECK(names(app.described_frames()) == Lines{"ManagedAccounts", "NextValidId", "TickPrice", "TickPrice"});
    app.disconnect();
    while (!served.finished) loop.run_once();
    CHECK(served.status() == Verdict::Status::Clean);
    CHECK(served.verdict().served == 1);
    CHECK(served.verdict().unused.empty());
  }
}

TEST_CASE("an unmatched request is refused with an error that the app sees") {
  // Broken: CI is green although the app asks for something else than it did.
  RecordedFile file;
  quotes(file, 178);
  net::Loop loop;
  Served served(loop, file);
  App app(loop, served.address(), 178);
  app.until_frames(1);
  app.send(start_api(7));
  app.send(market_data(5, "MSFT"));
  app.until_frames(4);
  const Lines frames = app.described_frames();
  const auto refusal =
      std::find_if(frames.begin(), frames.end(), [](const auto& text) { return mentions(text, "10999"); });
  REQUIRE(refusal != frames.end());
  CHECK(mentions(*refusal, "\"id\":5"));
  CHECK(mentions(*refusal, "contract.symbol: recorded AAPL, live MSFT"));
  app.disconnect();
  while (!served.finished) loop.run_once();
  CHECK(served.status() == Verdict::Status::Mismatch);
}

TEST_CASE("a port check, a bare connect and garbage neither use the recording up nor fail it") {
  // Broken: `wait-for-port` in a CI script takes the one connection.
  RecordedFile file;
  quotes(file, 178);
  net::Loop loop;
  Served served(loop, file);
  for (const std::string& says : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string()}) {
    std::unique_ptr<net::Connection> probe;
    bool closed = false;
    const auto dial = net::connect(loop, served.address(), [&](net::Dial::Result result) {
      REQUIRE(result);
      probe = std::move(*result);
      probe->start({.on_end = [&] { closed = true; }, .on_close = [&](const net::CloseReason&) { closed = true; }});
      probe->write(says);
      if (says.empty()) probe->shutdown_write();
    });
    while (!closed) loop.run_once();
  }
  App app(loop, served.address(), 178);
  serve_once(app, 7);
  app.disconnect();
  while (!served.finished) loop.run_once();
  CHECK(served.status() == Verdict::Status::Clean);
  CHECK(served.verdict().probes == 2);
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
  Served served(loop, file);
  App app(loop, served.address(), 178);
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
  Served served(loop, file);
  App app(loop, served.address(), 178);
  app.until_frames(1);
  app.send(start_api(7));
  app.send(market_data(1, "AAPL"));
  app.until_frames(3 + kTicks);
  CHECK(described(178, app.frames.back()).find("\"price\":" + std::to_string(kTicks - 1)) != std::string::npos);
}

TEST_CASE("an app that sends all and says at once that it will send no more still gets its answers") {
  // Broken: a program behind `nc -N` gets nothing, and the verdict calls it torn.
  RecordedFile file;
  quotes(file, 178);
  net::Loop loop;
  Served served(loop, file);
  App app(loop, served.address(), 178);
  app.until_frames(1);
  app.send(start_api(7));
  app.send(market_data(1, "AAPL"));
  app.disconnect();
  CHECK(app.frames.size() == 5);
  while (!served.finished) loop.run_once();
  CHECK(served.status() == Verdict::Status::Clean);
}

TEST_CASE("an app that is reset after it has had its answers has ended like any other, one before it has not") {
  // Broken: clients that close with ticks unread fail each replay, or one that died passes.
  RecordedFile file;
  quotes(file, 178);
  SUBCASE("after") {
    net::Loop loop;
    Served served(loop, file);
    App app(loop, served.address(), 178);
    serve_once(app, 7);
    app.reset();
    while (!served.finished) loop.run_once();
    CHECK(served.status() == Verdict::Status::Clean);
  }
  SUBCASE("before") {
    net::Loop loop;
    Served served(loop, file);
    App app(loop, served.address(), 178);
    app.until_frames(1);
    app.send(start_api(7));
    app.send(market_data(1, "AAPL"));
    app.reset();
    while (!served.finished) loop.run_once();
    CHECK(served.status() == Verdict::Status::Incomplete);
    CHECK(served.verdict().torn.count == 1);
  }
}

TEST_CASE("stopping gives the verdict so far") {
  // Broken: a fixture that stops the server gets no exit status, or that of a replay in which nothing was wrong.
  RecordedFile file;
  quotes(file, 178);
  net::Loop loop;
  Served served(loop, file);
  App app(loop, served.address(), 178);
  serve_once(app, 7);
  served.server.stop();
  CHECK(served.status() == Verdict::Status::Clean);
  CHECK_FALSE(served.finished);
  app.until_end();
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
