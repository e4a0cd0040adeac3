// Proxy: listens for apps and gives each a session with its own connection to TWS or IB Gateway.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/expected.h"
#include "journal/writer.h"
#include "net/loop.h"
#include "net/tcp.h"
#include "net/timer.h"
#include "proxy/options.h"

namespace ibkr::proxy {

class Session;

/// Loop thread only.
///
/// End reasons in the journal read "<who> <how> in <phase>[: detail]". who: app, tws, proxy. how: fin, reset, failed,
/// refused (the upstream does not accept, or the journal fails and the options say refuse), stop. phase: connect,
/// handshake, start_api, running.
class Proxy {
 public:
  /// Logs through spdlog's default logger. `loop` and `journal` must outlive the proxy.
  Proxy(net::Loop& loop, ProxyOptions options, journal::Writer& journal);
  /// Cuts what stop() has not ended.
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  /// Begins to accept apps. The error says what was wrong with the listen address and what to do. Once.
  Expected<void, std::string> listen();
  /// Where it listens, with the port that the system chose. After listen() only.
  const net::Address& local_address() const;

  /// Accepts no more, lets every session hand on what it has read, closes both of its ends, and calls `done` from the
  /// loop. Sessions that take longer than drain_timeout are cut. Once.
  void stop(std::function<void()> done);

  std::size_t session_count() const { return sessions_.size(); }
  /// Bytes read from one side and not yet taken by the other, over all sessions.
  std::size_t queued_bytes() const;

 private:
  void accept(std::unique_ptr<net::Connection> app);
  void forget(Session& session);
  void check_dials();
  void cut_all();
  void done_if_empty();

  net::Loop& loop_;
  const ProxyOptions options_;
  journal::Writer& journal_;
  std::unique_ptr<net::Listener> listener_;
  std::map<const Session*, std::unique_ptr<Session>> sessions_;
  net::Timer dial_check_;
  net::Timer drain_limit_;
  std::function<void()> stopped_;
};

}  // namespace ibkr::proxy
