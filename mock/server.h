// Server: a fake TWS with a small simulated market, for real clients, and with bad days. Nothing it says comes from IB.
//
//   timer ── FaultSchedule.advance ── Market.step ── OrderBook.match ── OrderNews ──┐
//                                                                                   ├──► Sessions' desks ──► sockets
//   sockets ── Session ── RequestGate ── desks ─────────────────────────────────────┘
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/expected.h"
#include "mock/faults.h"
#include "net/address.h"
#include "net/loop.h"

namespace ibkr::mock {

struct Options {
  net::Address listen{"127.0.0.1", 7497};             ///< port 0: a free one
  int server_version = 226;                           ///< the highest to offer, 100..226
  std::uint64_t seed = 1;                             ///< same seed, same walk of prices from the first client on
  std::vector<std::string> accounts = {"DU1000001"};  ///< one at least
  std::int64_t tick_interval_ns = 50000000;           ///< between two steps of the market, > 0
  std::vector<Fault> faults = {};                     ///< there from the first connection on
};

/// Serves any number of clients at once, all in one market. Loop thread only. Destroying it closes every connection.
class Server {
 public:
  /// `loop` must outlive it.
  Server(net::Loop& loop, Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Opens the port. The error says what is wrong with the options or the address, and what to do. Once.
  Expected<void, std::string> listen();
  /// The address that clients dial. After listen().
  const net::Address& local_address() const;

  /// One more thing goes wrong: at once, or as its `when` says from now on. Also while a client's request is handled.
  void inject(Fault fault);
  /// The clock that faults go by moves on, as if so much time had passed; what is due happens, in its order. By itself
  /// the clock moves by a tick interval with each step, from the first connection on, so that the same seed gives the
  /// same fault at the same prices.
  void advance_clock(std::int64_t ns);
  /// The faults that never came about, or not whole, a line each. Empty when a test has seen all that it asked for.
  std::vector<std::string> unmet_faults() const;

  /// Closes the port and every connection. Nothing happens after it.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ibkr::mock
