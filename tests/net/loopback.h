// Two ends of a TCP connection on one loop, and what each of them has seen.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "net/tcp.h"

namespace ibkr::net {

/// One end: its connection and a record of its callbacks.
struct End {
  std::unique_ptr<Connection> connection;
  std::string received;
  bool ended = false;
  int drains = 0;
  std::optional<CloseReason> closed;

  void start(std::unique_ptr<Connection> opened) {
    connection = std::move(opened);
    connection->start({.on_data = [this](std::string_view bytes) { received += bytes; },
                       .on_end = [this] { ended = true; },
                       .on_drain = [this] { ++drains; },
                       .on_close = [this](const CloseReason& reason) { closed = reason; }});
  }
  bool was_reset() const { return closed && closed->kind == CloseReason::Kind::Reset; }
  bool finished() const { return closed && closed->kind == CloseReason::Kind::Finished; }
};

template <class Done>
void run_until(Loop& loop, Done done) {
  while (!done()) loop.run_once();
}

/// A connected pair, through a listener on port 0.
struct Pair {
  explicit Pair(Loop& loop) {
    auto listener = Listener::open(loop, {"127.0.0.1", 0},
                                   [this](std::unique_ptr<Connection> accepted) { server.start(std::move(accepted)); });
    REQUIRE(listener);
    auto dial = connect(loop, (*listener)->local_address(), [this](Dial::Result result) {
      REQUIRE(result);
      client.start(std::move(*result));
    });
    run_until(loop, [this] { return client.connection && server.connection; });
  }
  End client;
  End server;
};

}  // namespace ibkr::net
