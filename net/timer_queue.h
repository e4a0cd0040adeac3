// TimerQueue: all timers of a loop, on one timerfd. Included by the .cpp files of net/ only.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>

namespace ibkr::net {

class TimerQueue {
 public:
  struct Entry;
  using Deadlines = std::multimap<std::int64_t, std::shared_ptr<Entry>>;  // equal deadlines in the order of arming
  struct Entry {
    std::function<void()> callback;
    std::int64_t interval_ns = 0;  // 0: once
    bool armed = false;
    Deadlines::iterator place;  // when armed
  };

  /// Throws std::runtime_error when the process has no descriptor left.
  explicit TimerQueue(uv_loop_t& loop);
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;
  ~TimerQueue();
  /// Lets go of the descriptor. Nothing may be armed any more; the memory must stay until libuv has closed the handle.
  void close();

  void arm(const std::shared_ptr<Entry>& entry, std::int64_t deadline_ns, std::int64_t interval_ns);
  void cancel(Entry& entry);

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  void fire_due();
  void fire_first(std::int64_t now_ns);
  void set_alarm();

  uv_poll_t poll_{};
  int fd_ = -1;
  Deadlines deadlines_;
  std::int64_t alarm_ns_ = kNever;  // what the timerfd is set to
};

}  // namespace ibkr::net
