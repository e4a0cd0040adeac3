// ReplayServer: a fake TWS on a port, which serves recorded sessions (replay.h) over TCP.
//
//   app ──► net::Connection ──► Serving::receive
//   app ◄── net::Connection ◄── Serving::give      when something is due: a timer
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "net/tcp.h"
#include "net/timer.h"
#include "replay/replay.h"

namespace ibkr::replay {

/// Reads "1", "10", "0.5" or "max". The error says what was given and what it should look like.
Expected<double, std::string> parse_speed(std::string_view text);

/// Loop thread only.
class ReplayServer {
 public:
  /// Listens; port 0 takes a free one. Throws std::runtime_error when the port cannot be used; the text says what to
  /// do. `on_finished` is called once, from the loop, a moment after every session was served and its connection has
  /// ended, so that an app which connects once more is told, and counts; with repeat it is never called. It may destroy
  /// the server.
  ReplayServer(net::Loop& loop, Loaded loaded, const net::Address& listen, ServingOptions options,
               std::function<void()> on_finished = {});
  ~ReplayServer();
  ReplayServer(const ReplayServer&) = delete;
  ReplayServer& operator=(const ReplayServer&) = delete;

  /// Where it listens, with the port that the system chose.
  const net::Address& address() const { return address_; }
  const Replay& replay() const { return replay_; }
  /// Ends all connections, as they are, and accepts no more. What they have not got counts in the verdict.
  void stop();
  /// What came of it until now.
  Verdict verdict() const { return replay_.verdict(); }

 private:
  class Connection;
  friend class Connection;
  void accept(std::unique_ptr<net::Connection> accepted);
  /// Destroys the connection, and may destroy the server.
  void ended(const Connection& connection);
  void finish_unless_an_app_is_left();

  net::Loop& loop_;
  Replay replay_;
  std::function<void()> on_finished_;
  std::map<const Connection*, std::unique_ptr<Connection>> connections_;
  std::unique_ptr<net::Listener> listener_;
  net::Address address_;
  net::Timer linger_;
  std::int64_t linger_until_ns_ = 0;  // 0: there are sessions left
};

}  // namespace ibkr::replay
