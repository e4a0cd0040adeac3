// What the journal's writer, its reader and their users name things by: sessions, positions, times.
#pragma once

#include <cstdint>
#include <string>

namespace ibkr::journal {

/// A session's number in its file, from 1 on. Numbers are never reused.
using SessionId = std::int64_t;
/// Position of a recorded item in the whole file, from 1 on: messages.message_id. It alone decides order.
using Sequence = std::int64_t;
/// A recording's number in its file, from 1 on: one opening of the file by a Writer, which is one run of the proxy.
using RecordingId = std::int64_t;

/// When something was read from, or happened at, a socket.
struct Stamp {
  std::int64_t wall_ns = 0;  ///< since the Unix epoch, UTC
  std::int64_t mono_ns = 0;  ///< a clock that never steps; comparable within one run of the machine
  static Stamp now();
};

/// A new connection of an app.
struct SessionStart {
  std::string peer;  ///< the app's address, "127.0.0.1:50312"
  std::string host;  ///< the upstream that is dialled for it
  int port = 0;
  Stamp at;
};

enum class EndStatus : std::uint8_t { Closed, Error };

}  // namespace ibkr::journal
