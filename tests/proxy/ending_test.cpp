// If this fails, an app waits on a dead connection, or the journal does not say who ended a session and when.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/proxy/rig.h"

using namespace ibkr;
using namespace ibkr::proxy;

namespace {

/// Takes a session as far as "running".
void start_up(Rig& rig, End& app, End& tws) {
  app.connection->write(kHello);
  run_until(rig.loop, [&] { return tws.received.size() == kHello.size(); });
  tws.connection->write(framed(kAnswer));
  run_until(rig.loop, [&] { return !app.received.empty(); });
  app.connection->write(framed(kStartApi));
  run_until(rig.loop, [&] { return tws.received.size() > kHello.size(); });
}

/// A port that answers no connection attempt: its queue of connections is full and nobody accepts.
class SilentPort {
 public:
  SilentPort() {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof where;
    auto* as_sockaddr = reinterpret_cast<sockaddr*>(&where);
    for (int& fd : fds_) fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    REQUIRE(bind(fds_[0], as_sockaddr, length) == 0);
    REQUIRE(listen(fds_[0], 0) == 0);
    REQUIRE(getsockname(fds_[0], as_sockaddr, &length) == 0);
    for (std::size_t i = 1; i < fds_.size(); ++i) static_cast<void>(connect(fds_[i], as_sockaddr, length));
    address = {"127.0.0.1", ntohs(where.sin_port)};
  }
  ~SilentPort() {
    for (const int fd : fds_) close(fd);
  }
  net::Address address;

 private:
  std::array<int, 5> fds_{};
};

}  // namespace

TEST_CASE("FIN from the app reaches TWS, whose last frames still reach the app") {
  Rig rig;
  auto [app, tws] = rig.connect_pair();
  start_up(rig, *app, *tws);
  app->connection->shutdown_write();
  run_until(rig.loop, [far = tws] { return far->ended; });
  tws->connection->write(framed(kNextValidId));
  tws->connection->shutdown_write();
  run_until(rig.loop, [near = app.get(), far = tws] { return near->finished() && far->finished(); });
  CHECK(app->received == framed(kAnswer) + framed(kNextValidId));
  rig.run_until_empty();
  CHECK(rig.session(1).end_reason == "app fin in running");
  CHECK(rig.session(1).status == "closed");
  CHECK(rig.payloads(1, protocol::Direction::In).back() == kNextValidId);
}

TEST_CASE("FIN from TWS reaches the app, whose last frames still reach TWS") {
  Rig rig;
  auto [app, tws] = rig.connect_pair();
  tws->connection->shutdown_write();
  run_until(rig.loop, [near = app.get()] { return near->ended; });
  app->connection->write(kHello);
  app->connection->shutdown_write();
  run_until(rig.loop, [near = app.get(), far = tws] { return near->finished() && far->finished(); });
  CHECK(tws->received == kHello);
  rig.run_until_empty();
  CHECK(rig.session(1).end_reason == "tws fin in handshake");
}

TEST_CASE("an app that just closes while TWS is still sending has ended its session in order") {
  Rig rig;
  auto [app, tws] = rig.connect_pair();
  start_up(rig, *app, *tws);
  app->connection->close();
  run_until(rig.loop, [&, far = tws] { return far->ended; });
  run_until(rig.loop, [&, far = tws] {
    far->connection->write(framed(kNextValidId));
    return far->closed.has_value();
  });
  CHECK(tws->was_reset());
  rig.run_until_empty();
  CHECK(rig.session(1).end_reason == "app fin in running");
  CHECK(rig.session(1).status == "closed");
}

TEST_CASE("a reset from either side reaches the other one as a reset") {
  Rig rig;
  auto [app, tws] = rig.connect_pair();
  std::string expected;
  SUBCASE("from the app, running") {
    start_up(rig, *app, *tws);
    app->connection->reset();
    run_until(rig.loop, [&, far = tws] { return far->was_reset(); });
    expected = "app reset in running";
  }
  SUBCASE("from TWS, in the handshake") {
    tws->connection->reset();
    run_until(rig.loop, [&, near = app.get()] { return near->was_reset(); });
    expected = "tws reset in handshake";
  }
  SUBCASE("from TWS, after the app's FIN") {
    app->connection->shutdown_write();
    run_until(rig.loop, [&, far = tws] { return far->ended; });
    tws->connection->reset();
    run_until(rig.loop, [&, near = app.get()] { return near->was_reset(); });
    expected = "tws reset in handshake";
  }
  rig.run_until_empty();
  CHECK(rig.session(1).end_reason == expected);
  CHECK(rig.session(1).status == "error");
}

TEST_CASE("an upstream that refuses: the app's connection is closed, and the journal says why") {
  ProxyOptions options;
  {
    net::Loop loop;
    auto listener = net::Listener::open(loop, {"127.0.0.1", 0}, [](std::unique_ptr<net::Connection>) {});
    REQUIRE(listener);
    options.upstream = (*listener)->local_address();  // free again, so nobody listens there
  }
  Rig rig(options);
  auto app = rig.connect_app();
  app->connection->write(kHello);
  run_until(rig.loop, [&] { return app->ended || app->closed; });
  rig.run_until_empty();
  CHECK(rig.session(1).end_reason ==
        "proxy refused in connect: cannot connect to " + options.upstream.to_string() + ": connection refused");
  CHECK(rig.session(1).status == "error");
}

TEST_CASE("an app that goes away while TWS is dialled ends its session") {
  const SilentPort silent;
  ProxyOptions options;
  options.upstream = silent.address;
  Rig rig(options);
  auto app = rig.connect_app();
  run_until(rig.loop, [&] { return rig.proxy->session_count() == 1; });
  app->connection->reset();
  rig.run_until_empty();
  CHECK(rig.session(1).end_reason == "app reset in connect");
}

TEST_CASE("an upstream that never answers is given up in time") {
  const SilentPort silent;
  ProxyOptions options;
  options.upstream = silent.address;
  options.dial_timeout = std::chrono::milliseconds(1);
  Rig rig(options);
  auto app = rig.connect_app();
  run_until(rig.loop, [&] { return app->ended || app->closed; });
  rig.run_until_empty();
  CHECK(rig.session(1).end_reason ==
        "proxy refused in connect: cannot connect to " + silent.address.to_string() + ": no answer in 1 ms");
}

TEST_CASE("told to refuse while the journal cannot record, the proxy ends the session") {
  ProxyOptions options;
  options.on_journal_failure = OnJournalFailure::Refuse;
  journal::WriterOptions writer_options;
  writer_options.queue_bytes = 16 * 1024;
  Rig rig(options, writer_options);
  auto [app, tws] = rig.connect_pair();
  app->connection->write(kHello);
  run_until(rig.loop, [near = app.get()] {
    near->connection->write(framed(std::string(64 * 1024, 'x')));  // does not fit the journal's queue
    return near->ended || near->closed;
  });
  rig.run_until_empty();
  CHECK(rig.session(1).end_reason.starts_with("proxy refused in"));
  CHECK(rig.session(1).end_reason.ends_with(": the journal cannot record"));
}
