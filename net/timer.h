// Timer: calls back at a time given in nanoseconds. On a timerfd, because libuv's own timers count milliseconds and are
// 0.6–1.1 ms late. All timers of a loop share one descriptor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "net/loop.h"

namespace ibkr::net {

/// A one-shot or repeating timer. Loop thread only. May be re-armed, cancelled or destroyed inside its own callback.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Calls back once, at `deadline_ns` of monotonic_ns(); at once (from the loop, not from here) when that has passed.
  /// Replaces whatever was armed before.
  void arm_at(std::int64_t deadline_ns);
  /// Calls back once, `delay_ns` from now.
  void arm_after(std::int64_t delay_ns);
  /// Calls back every `interval_ns` (> 0), first after one interval. Calls missed by a busy loop are merged into one.
  void arm_every(std::int64_t interval_ns);
  /// No callback comes after this, until armed again.
  void cancel();
  bool armed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ibkr::net
