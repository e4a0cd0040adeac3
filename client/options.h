// Options: how a client behaves. Plain values; a client takes a copy when it is made.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "protocol/catalogue.h"

namespace ibkr::client {

/// What happens when a connection that was up is lost.
struct Reconnect {
  bool enabled = true;
  int most_attempts = 0;  ///< in a row, after which the client gives up; 0: no limit
  std::chrono::milliseconds first_delay{1000};
  std::chrono::milliseconds longest_delay{60000};  ///< the delay doubles up to this
  double jitter = 0.2;                             ///< part of a delay that is up to chance, 0..1
};

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7497;
  std::int32_t client_id = 0;
  int min_server_version = protocol::kMinServerVersion;
  int max_server_version = protocol::kMaxServerVersion;
  std::string connect_options = {};  ///< of the hello, such as "+PACEAPI"
  std::string capabilities = {};     ///< START_API's optional ones

  /// For each attempt to connect, up to the end of the start.
  std::chrono::milliseconds connect_limit{10000};
  /// For each call that has no limit of its own, from send() to its answer; 0: none.
  std::chrono::milliseconds call_limit{30000};
  /// How long a request without an id that was given up keeps its turn, for its late answer to come and be dropped.
  std::chrono::milliseconds late_answer_limit{30000};
  Reconnect reconnect = {};

  /// Without a byte from TWS for so long, the client asks for the time; without one for as long again, the connection
  /// counts as lost. 0: never.
  std::chrono::milliseconds idle_limit{30000};
  /// The most messages in any second; 0: no limit. TWS allows 50, or half the market data lines where that is more.
  std::size_t messages_per_second = 50;
  /// Requests that wait to be sent; past it a call fails at once.
  std::size_t most_waiting = 100000;
  /// Rows that a stream or an observer has not taken; past it the oldest are dropped and counted.
  std::size_t most_unread = 100000;
};

/// What one call wants otherwise than the client's options.
struct CallOptions {
  std::chrono::milliseconds limit{-1};  ///< instead of Options::call_limit; 0: none, below 0: the client's
};

}  // namespace ibkr::client
