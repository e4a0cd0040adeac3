// If this fails, the proxy changes, delays or loses bytes, or one side does not learn how the other one ended.
#include "net/tcp.h"

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "net/timer.h"
#include "tests/net/loopback.h"

using namespace ibkr::net;

TEST_CASE("bytes arrive, in both directions, with the addresses of both ends") {
  Loop loop;
  Pair pair(loop);
  pair.client.connection->write("hello ");
  pair.client.connection->write(std::string_view("\0TWS", 4));
  pair.server.connection->write("answer");
  run_until(loop, [&] { return pair.server.received.size() == 10 && pair.client.received.size() == 6; });
  CHECK(pair.server.received == std::string("hello \0TWS", 10));
  CHECK(pair.client.received == "answer");
  CHECK(pair.client.connection->peer_address() == pair.server.connection->local_address());
  CHECK(pair.server.connection->peer_address() == pair.client.connection->local_address());
}

TEST_CASE("a name is looked up, and IPv6 works") {
  Loop loop;
  End server;
  for (const Address& address : {Address{"localhost", 0}, Address{"::1", 0}}) {
    auto listener = Listener::open(
        loop, address, [&](std::unique_ptr<Connection> accepted) { server.connection = std::move(accepted); });
    if (!listener) continue;  // a machine without IPv6
    bool connected = false;
    auto dial = connect(loop, {address.host, (*listener)->local_address().port}, [&](Dial::Result result) {
      REQUIRE(result);
      connected = true;
    });
    run_until(loop, [&] { return connected && server.connection; });
    server.connection.reset();
  }
}

TEST_CASE("half-close: the other direction goes on, and the end comes once both have sent FIN") {
  Loop loop;
  Pair pair(loop);
  pair.client.connection->write("last words");
  pair.client.connection->shutdown_write();
  run_until(loop, [&] { return pair.server.ended; });
  CHECK(pair.server.received == "last words");
  pair.server.connection->write("an answer after your FIN");
  run_until(loop, [&] { return pair.client.received.size() == 24; });
  CHECK_FALSE(pair.client.ended);
  CHECK_FALSE(pair.client.closed);
  pair.server.connection->shutdown_write();
  run_until(loop, [&] { return pair.client.closed && pair.server.closed; });
  CHECK(pair.client.ended);
  CHECK(pair.client.finished());
  CHECK(pair.server.finished());
  CHECK_FALSE(pair.client.connection->is_open());
}

TEST_CASE("both sides sending FIN at once is a clean end") {
  Loop loop;
  Pair pair(loop);
  pair.client.connection->shutdown_write();
  pair.server.connection->shutdown_write();
  run_until(loop, [&] { return pair.client.closed && pair.server.closed; });
  CHECK(pair.client.finished());
  CHECK(pair.server.finished());
}

TEST_CASE("a reset is told as a reset, in every state of the connection") {
  Loop loop;
  Pair pair(loop);
  SUBCASE("while open") {}
  SUBCASE("after the resetting side's own FIN") {
    pair.client.connection->shutdown_write();
    run_until(loop, [&] { return pair.server.ended; });
    pair.server.connection->write("unaware");
  }
  SUBCASE("after the other side's FIN") {
    pair.server.connection->shutdown_write();
    run_until(loop, [&] { return pair.client.ended; });
  }
  pair.client.connection->reset();
  run_until(loop, [&] {
    if (pair.server.ended && pair.server.connection->is_open()) pair.server.connection->write("probe");
    return pair.server.closed.has_value();
  });
  CHECK(pair.server.was_reset());
  CHECK(pair.server.closed->message == "connection reset by peer");
  CHECK_FALSE(pair.client.closed);
}

TEST_CASE("bytes sent before a reset that the reader had not read yet are not lost when writing fails first") {
  Loop loop;
  Pair pair(loop);
  pair.client.connection->pause_reading();
  pair.server.connection->write("326 client id in use");
  pair.client.connection->write("never read");
  pair.server.connection->pause_reading();
  pair.server.connection->reset();
  bool settled = false;
  loop.post([&] { settled = true; });
  run_until(loop, [&] { return settled; });
  pair.client.connection->write("into the void");  // fails: the peer is gone
  pair.client.connection->write("into the void");
  pair.client.connection->resume_reading();
  run_until(loop, [&] { return pair.client.closed.has_value(); });
  CHECK(pair.client.was_reset());
  CHECK(pair.client.received == "326 client id in use");
}

TEST_CASE("close tells the peer FIN, and the closing side nothing") {
  Loop loop;
  Pair pair(loop);
  pair.client.connection->close();
  CHECK_FALSE(pair.client.connection->is_open());
  pair.client.connection->write("dropped");
  run_until(loop, [&] { return pair.server.ended; });
  CHECK_FALSE(pair.client.ended);
  CHECK_FALSE(pair.client.closed);
}

TEST_CASE("the write queue: counted, kept in order, told when drained, and FIN comes after it") {
  Loop loop;
  Pair pair(loop);
  pair.server.connection->pause_reading();
  std::string sent;
  while (pair.client.connection->queued_bytes() < 4 * 1024 * 1024) {
    const std::string chunk(100'000, static_cast<char>('a' + sent.size() / 100'000 % 26));
    pair.client.connection->write(chunk);
    sent += chunk;
  }
  pair.client.connection->shutdown_write();
  CHECK(pair.client.drains == 0);
  pair.server.connection->resume_reading();
  run_until(loop, [&] { return pair.server.ended; });
  CHECK(pair.server.received == sent);
  CHECK(pair.client.drains == 1);
  CHECK(pair.client.connection->queued_bytes() == 0);
}

TEST_CASE("a paused reader sees nothing until it resumes") {
  Loop loop;
  Pair pair(loop);
  pair.server.connection->pause_reading();
  pair.client.connection->write("later");
  pair.client.connection->shutdown_write();
  Timer wait(loop, [] {});
  wait.arm_after(1'000'000);
  while (wait.armed()) loop.run_once();
  CHECK(pair.server.received.empty());
  pair.server.connection->resume_reading();
  run_until(loop, [&] { return pair.server.ended; });
  CHECK(pair.server.received == "later");
}

TEST_CASE("a connection may be destroyed inside each of its callbacks, and none follows") {
  Loop loop;
  Pair pair(loop);
  End observer;
  auto listener = Listener::open(loop, {"127.0.0.1", 0},
                                 [&](std::unique_ptr<Connection> accepted) { observer.start(std::move(accepted)); });
  REQUIRE(listener);
  std::unique_ptr<Connection> victim;
  int calls = 0;
  const auto destroy = [&] {
    ++calls;
    victim.reset();
  };
  ConnectionCallbacks callbacks;
  SUBCASE("on_data") {
    callbacks.on_data = [&](std::string_view) { destroy(); };
  }
  SUBCASE("on_end") { callbacks.on_end = destroy; }
  SUBCASE("on_close") {
    callbacks.on_close = [&](const CloseReason&) { destroy(); };
    callbacks.on_end = [&] { victim->shutdown_write(); };
  }
  auto dial = connect(loop, (*listener)->local_address(), [&](Dial::Result result) {
    REQUIRE(result);
    victim = std::move(*result);
    victim->start(callbacks);
  });
  run_until(loop, [&] { return observer.connection && victim; });
  observer.connection->write("data");
  observer.connection->shutdown_write();
  run_until(loop, [&] { return !victim; });
  run_until(loop, [&] { return observer.ended || observer.closed; });
  CHECK(calls == 1);
}

TEST_CASE("on_drain may destroy its connection") {
  Loop loop;
  Pair pair(loop);
  auto victim = std::move(pair.client.connection);
  bool drained = false;
  auto listener = Listener::open(loop, {"127.0.0.1", 0}, [&](std::unique_ptr<Connection> accepted) {
    victim = std::move(accepted);
    victim->start({.on_drain = [&] {
      drained = true;
      victim.reset();
    }});
    victim->write(std::string(16 * 1024 * 1024, 'x'));
  });
  REQUIRE(listener);
  End reader;
  auto dial = connect(loop, (*listener)->local_address(), [&](Dial::Result result) {
    REQUIRE(result);
    reader.start(std::move(*result));
  });
  run_until(loop, [&] { return reader.ended; });
  CHECK(drained);
  CHECK(reader.received.size() == 16 * 1024 * 1024);
}

TEST_CASE("a refused connection says so, from the loop") {
  Loop loop;
  Address nobody;
  {
    auto listener = Listener::open(loop, {"127.0.0.1", 0}, [](std::unique_ptr<Connection>) {});
    REQUIRE(listener);
    nobody = (*listener)->local_address();
  }
  std::string error;
  std::unique_ptr<Dial> dial;
  dial = connect(loop, nobody, [&](Dial::Result result) {
    REQUIRE_FALSE(result);
    error = result.error();
    dial.reset();
  });
  CHECK(error.empty());
  run_until(loop, [&] { return !error.empty(); });
  CHECK(error == "cannot connect to " + nobody.to_string() + ": connection refused");
}

TEST_CASE("a name that does not exist is an error, and an abandoned dial is silent") {
  Loop loop;
  bool called = false;
  std::string error;
  auto abandoned = connect(loop, {"127.0.0.1", 9}, [&](Dial::Result) { called = true; });
  auto dial = connect(loop, {"no-such-host.invalid", 7496}, [&](Dial::Result result) { error = result.error(); });
  abandoned.reset();
  run_until(loop, [&] { return !error.empty(); });
  CHECK(error.starts_with("cannot connect to no-such-host.invalid:7496: "));
  CHECK_FALSE(called);
}

TEST_CASE("a port in use says what to do") {
  Loop loop;
  auto first = Listener::open(loop, {"127.0.0.1", 0}, [](std::unique_ptr<Connection>) {});
  REQUIRE(first);
  auto second = Listener::open(loop, (*first)->local_address(), [](std::unique_ptr<Connection>) {});
  REQUIRE_FALSE(second);
  CHECK(second.error() ==
        "cannot listen on " + (*first)->local_address().to_string() +
            ": Address already in use; stop the program that uses this port, or listen on another one");
}

TEST_CASE("out of descriptors: one message, and waiting connections are served once some are free again") {
  Loop loop;
  std::vector<std::string> errors;
  std::vector<std::unique_ptr<Connection>> accepted;
  auto listener = Listener::open(
      loop, {"127.0.0.1", 0},
      [&](std::unique_ptr<Connection> connection) { accepted.push_back(std::move(connection)); },
      [&](const std::string& error) { errors.push_back(error); });
  REQUIRE(listener);

  std::vector<std::unique_ptr<Connection>> clients;
  std::vector<std::unique_ptr<Dial>> dials;
  const auto dial_one = [&] {
    dials.push_back(connect(loop, (*listener)->local_address(), [&](Dial::Result result) {
      if (result) clients.push_back(std::move(*result));
    }));
  };
  dial_one();
  run_until(loop, [&] { return accepted.size() == 1 && clients.size() == 1; });

  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const int lowest_free = dup(0);
  close(lowest_free);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(lowest_free) + 1;  // enough for the client's socket, not for the server's
  setrlimit(RLIMIT_NOFILE, &tight);
  dial_one();
  run_until(loop, [&] { return clients.size() == 2 && errors.size() == 1; });
  CHECK(accepted.size() == 1);
  CHECK(errors[0].find("ulimit -n") != std::string::npos);

  accepted.clear();
  run_until(loop, [&] { return accepted.size() == 1; });
  CHECK(errors.size() == 1);
  setrlimit(RLIMIT_NOFILE, &before);
}
