// Player: which recorded frame is due next. No sockets and no clock: it is told what the app requested and what time it
// is, and appends frames to a buffer.
//
//   request matched ──► its answers, in order, each at its recorded delay after the request ÷ speed
//   pushes          ──► one line of their own, each at its recorded delay after what came before it
//
// A frame also waits for the requests that were recorded between its cause and itself, so nothing that a later request
// changed is told before that request. An app that never makes one of them is not waited for longer than it was
// recorded to take, and a second: then its turn is passed over. Pushes wait ten seconds more, unless the app has gone
// on to a later request.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "replay/ids.h"
#include "replay/recording.h"

namespace ibkr::replay {

/// As fast as the app takes it, in the recorded order.
inline constexpr double kMaxSpeed = std::numeric_limits<double>::infinity();

/// For one connection. The recording and the ids must outlive it. Times are nanoseconds of one monotonic clock.
class Player {
 public:
  /// `speed` > 0 divides every delay.
  Player(const Recording& recording, const Ids& ids, double speed);

  /// The app has made a recorded request (its ids are bound already). What it causes may be played from now on, and
  /// what it cancels is played no longer.
  void made(RequestIndex index, std::int64_t now_ns);

  /// The app has taken back a request that it made, and was not recorded doing so. It is played no longer.
  void cancelled(RequestIndex index);

  /// Appends the frames that are due, length prefix included, until `out` holds `limit` bytes or more. Returns when
  /// there is something to do again: at once when the limit was reached, none when only a request can bring more.
  std::optional<std::int64_t> play(std::int64_t now_ns, std::string& out, std::size_t limit);

  std::size_t played() const { return played_; }
  /// Nothing is left that time alone would bring: every recorded request was made, and all its frames were played.
  bool exhausted() const { return played_ + dropped_ == recording_.frames().size(); }

 private:
  enum class Turn : std::uint8_t { Awaited, PassedOver, Made };
  /// What this connection knows of a recorded request.
  struct Request {
    Turn turn = Turn::Awaited;
    bool silent = false;  // cancelled
    bool updates_silent = false;
    std::int64_t base_ns = 0;  // live time of the recording's start, as this request's answers count it
    std::size_t next = 0;      // into RecordedRequest::answers
    RequestIndex gate = 0;     // requests before it have been waited for
  };
  /// A frame that could be next.
  struct Head {
    FrameIndex frame = kNoFrame;
    std::int64_t at_ns = 0;  // when it is due; for a blocked one, when it is not waited for any longer
    RequestIndex blocked_by = kNoRequest;
  };

  std::int64_t scaled(std::int64_t recorded_ns) const;
  std::int64_t patience(RequestIndex gate) const;
  void silence(const Silenced& silenced);
  void drop_silent_pushes();
  std::optional<Head> head_of(RequestIndex index, std::int64_t now_ns);
  std::optional<Head> head_of_pushes(std::int64_t now_ns);
  /// The first request in `gate`..`until` whose turn it is; `gate` moves up to it.
  RequestIndex awaited(RequestIndex& gate, RequestIndex until) const;
  bool still_to_come(FrameIndex frame) const;
  void play(const Head& head, std::string& out);
  void append(FrameIndex frame, std::string& out);

  const Recording& recording_;
  const Ids& ids_;
  double speed_;
  std::vector<Request> requests_;
  std::vector<RequestIndex> active_;  // made, with answers left
  std::size_t next_push_ = 0;
  RequestIndex push_gate_ = 0;
  std::optional<std::int64_t> push_due_;  // of the next push, once nothing blocks it
  std::int64_t last_made_ns_ = 0;         // when the app last did something
  std::int64_t latest_base_ns_ = 0;       // of the latest request in the recording's order
  RequestIndex latest_made_ = kNoRequest;
  FrameIndex last_frame_ = kNoFrame;  // played last, and when it was due
  std::int64_t last_due_ns_ = 0;
  std::size_t played_ = 0;
  std::size_t dropped_ = 0;
};

}  // namespace ibkr::replay
