// Tap: looks at the bytes of one session after they have been forwarded, and tells the journal what they were.
//
//   app → TWS   AppStream ── hello, then frames ────────┐
//                                                       ├──► journal::Writer
//   TWS → app   TwsStream ── hello answer, then frames ─┘
//
// It has no socket and changes nothing. Bytes that are not the TWS API are recorded raw, as events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "journal/writer.h"
#include "protocol/schema.h"
#include "protocol/streams.h"

namespace ibkr::proxy {

/// How far a session has come.
enum class Phase : std::uint8_t {
  Connect,    ///< the upstream has not accepted yet
  Handshake,  ///< the hello has not been answered
  StartApi,   ///< the app has not sent its first frame, which is START_API
  Running,
};
/// "connect", "handshake", "start_api", "running"
std::string_view to_string(Phase phase);

/// One session's recorder. Loop thread only; does not wait for the disk.
class Tap {
 public:
  /// Begins the session in the journal, which must outlive the tap.
  Tap(journal::Writer& journal, const journal::SessionStart& start);
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  void upstream_connected();
  /// The next bytes from the app (Direction::Out) or from TWS (In), in any split, and when they were read.
  void saw(protocol::Direction direction, std::string_view bytes, journal::Stamp at);
  /// Records what has begun and not ended in this direction as truncated. Nothing of this direction may follow.
  void saw_end(protocol::Direction direction, journal::Stamp at);
  /// Ends the session in the journal. Nothing may follow.
  void end(journal::EndStatus status, std::string_view reason, journal::Stamp at);

  Phase phase() const { return phase_; }
  journal::SessionId session() const { return session_; }

 private:
  void saw_from_app(std::string_view bytes, journal::Stamp at);
  void saw_from_tws(std::string_view bytes, journal::Stamp at);
  void saw_payload(protocol::Direction direction, std::string_view payload, journal::Stamp at);
  void saw_answer(std::string_view payload, journal::Stamp at);
  void lost_framing(protocol::Direction direction, const std::string& why, std::string_view bytes, journal::Stamp at);
  void saw_unframed(protocol::Direction direction, std::string_view bytes, journal::Stamp at);

  journal::Writer& journal_;
  journal::SessionId session_;
  Phase phase_ = Phase::Connect;
  protocol::AppStream from_app_;
  protocol::TwsStream from_tws_;
  bool app_ended_ = false;
  bool tws_ended_ = false;
};

}  // namespace ibkr::proxy
