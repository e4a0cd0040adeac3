// State: how the connection stands, and what it began with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/error.h"

namespace ibkr::client {

enum class State : std::uint8_t {
  Disconnected,  ///< not connected yet, or connect() failed, or disconnect() was called, or lost without reconnecting
  Connecting,    ///< connect() is under way
  Connected,
  Reconnecting,  ///< lost, and being made anew
  GivenUp,       ///< could not be made anew; connect() may be called
  Closed,        ///< close() was called, for good
};

/// "reconnecting"
std::string_view to_string(State state);

/// What a connection began with.
struct ConnectResult {
  int server_version = 0;
  std::string connection_time;                ///< TWS's own text: "20261123 09:30:00 EST"
  std::vector<std::string> accounts;          ///< one at least
  std::optional<std::int32_t> next_order_id;  ///< none where TWS did not send it within the time
};

/// A change of the state, and why: none where the program asked for it.
struct StateChange {
  State state = State::Disconnected;
  std::optional<Error> reason = std::nullopt;
};

/// What has happened since the client was made, for people who look for trouble.
struct Counters {
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t late_answers = 0;  ///< to what was given up or cancelled; dropped
  std::uint64_t unreadable = 0;    ///< frames that no description fits
  std::uint64_t connections = 0;   ///< that got through
  std::size_t under_way = 0;       ///< requests that are sent and not over
  std::size_t waiting = 0;         ///< requests that wait for their turn or for the rate limit
};

}  // namespace ibkr::client
