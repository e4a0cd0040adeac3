// What the journal's writer, its reader and their users name things by: sessions, positions, times.
#pragma once

#include <cstdint>
#include <optional>
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
  /// Of a session that begins midway, whose handshake nobody saw: what decides how its frames are decoded. No hello and
  /// no answer to one may follow. 0: the answer to the hello will say it.
  int server_version = 0;
  /// Of a session that begins after START_API, where it is known.
  std::optional<std::int64_t> client_id = std::nullopt;
};

/// What a Writer does with a frame or an event when its queue is full.
enum class WhenFull : std::uint8_t {
  Drop,  ///< returns at once; a gap event will say what is missing. For the wire, which must not wait
  Wait,  ///< waits until there is room. For an import, which can
};

enum class EndStatus : std::uint8_t { Closed, Error };

}  // namespace ibkr::journal
