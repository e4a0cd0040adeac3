// Player: which recorded frame is due next. No sockets, no clock and no encoding: it is told what the app requested and
// what time it is, and names frames.
//
//   request made ──► its answers, in order, each at its recorded delay after the request ÷ speed
//                └─► its updates, the same
//   pushes       ──► what nobody asked for, each at its recorded delay after the request that it followed
//
// What is due at once comes in the recorded order. A frame depends on little, so that a request which the app leaves
// out, or makes in another order, holds up nothing else:
//
//   on its request         always
//   on RecordedFrame::after   a cancel of its own subscription, or what was done to its order, or to any order where
//                          it tells a change of the account. Waited for as long as the app took when it was recorded,
//                          and a second
//   on its place           the requests recorded between its own and itself: they are waited for a moment only (a tenth
//                          of a second after the app's last recorded request), and not at all once the app has gone on
//                          to a later one
//   a push                 the app has come as far as it had; waited for like an order, and ten seconds more, as the
//                          app may be slow; requests that are always answered, such as heartbeats, a moment only
//
// What the app does beside the recording (it polls the clock, it is refused) shows nothing of how far it has come.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "replay/recording.h"

namespace ibkr::replay {

/// As fast as the app takes it, in the recorded order.
inline constexpr double kMaxSpeed = std::numeric_limits<double>::infinity();

/// For one connection. The recording must outlive it. Times are nanoseconds of one monotonic clock.
class Player {
 public:
  /// `speed` > 0 divides every delay.
  Player(const Recording& recording, double speed);

  /// The app has made a recorded request. What it causes may be played from now on, and what it cancels is played no
  /// longer.
  void made(RequestIndex index, std::int64_t now_ns);
  /// The app has cancelled a request, though it was not recorded doing so: no more comes for it.
  void cancelled(RequestIndex index) { silence(index, false); }

  /// The next frame that is due; it counts as played. None: see wake().
  std::optional<FrameIndex> next(std::int64_t now_ns);
  /// After next() gave none: when it may have one again; none when only a request can bring more.
  std::optional<std::int64_t> wake() const { return wake_; }

  /// True when an answer is one that the app must get (RecordedRequest::owed).
  bool owed(FrameIndex frame) const;
  /// The answers that must still come for a request that was made.
  std::size_t owed_for(RequestIndex index) const;
  /// Nothing is left that time alone would bring.
  bool exhausted() const { return lines_.empty() && next_push_ == recording_.pushes().size(); }

 private:
  enum class Turn : std::uint8_t { Awaited, PassedOver, Made };
  /// What this connection knows of a recorded request.
  struct Request {
    Turn turn = Turn::Awaited;
    bool silent = false;  // cancelled
    bool updates_silent = false;
    std::int64_t made_ns = 0;
    std::int64_t base_ns = 0;  // live time of the recording's start, as this request's answers count it
    std::size_t next = 0;      // into RecordedRequest::answers
    std::size_t next_update = 0;
    RequestIndex gate = 0;  // requests before it have been waited for
    RequestIndex update_gate = 0;
  };
  /// What is played for a request that was made, one after the other.
  struct Line {
    RequestIndex request;
    bool updates;
  };
  /// A frame that could be next.
  struct Head {
    FrameIndex frame = kNoFrame;
    std::int64_t at_ns = 0;  // when it is due, or is not waited for any longer
    bool waits = false;
  };

  std::int64_t scaled(std::int64_t recorded_ns) const;
  std::int64_t patience(RequestIndex gate) const;
  const std::vector<FrameIndex>& frames_of(Line line) const;
  std::size_t& next_of(Line line);
  Head head_of(Line line, std::int64_t now_ns);
  std::optional<Head> head_of_pushes(std::int64_t now_ns);
  /// The first request between the app's last one and `until` that may show how far it has come; kNoRequest for none.
  RequestIndex telling_before(RequestIndex until) const;
  /// The first request in `gate`..`until` whose turn it is; `gate` moves up to it.
  RequestIndex awaited(RequestIndex& gate, RequestIndex until) const;
  /// Plays no longer what comes for a request, or only the rest of its first answer. Also before it is made.
  void silence(RequestIndex index, bool updates_only);

  const Recording& recording_;
  double speed_;
  std::vector<Request> requests_;
  std::vector<Line> lines_;  // with frames left
  std::size_t next_push_ = 0;
  std::int64_t last_made_ns_ = 0;          // when the app last made a recorded request
  RequestIndex latest_made_ = kNoRequest;  // in the recording's order
  std::optional<std::int64_t> wake_;
};

}  // namespace ibkr::replay
