// Timers: a sorted queue, and one timerfd set to the first of them.
#include "net/timer.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "net/loop_impl.h"

namespace ibkr::net {

// --- TimerQueue ------------------------------------------------------------------------------------------------------

TimerQueue::TimerQueue(uv_loop_t& loop) : fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (fd_ < 0) throw std::runtime_error(std::string("cannot make a timer: ") + std::strerror(errno));
  poll_.data = this;
  [[maybe_unused]] const int status = uv_poll_init(&loop, &poll_, fd_);
  assert(status == 0);
  uv_poll_start(&poll_, UV_READABLE,
                [](uv_poll_t* poll, int, int) { static_cast<TimerQueue*>(poll->data)->fire_due(); });
}

TimerQueue::~TimerQueue() { assert(deadlines_.empty() && "a timer outlives its loop"); }

void TimerQueue::close() {
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr);
  ::close(fd_);
}

void TimerQueue::arm(const std::shared_ptr<Entry>& entry, std::int64_t deadline_ns, std::int64_t interval_ns) {
  cancel(*entry);
  entry->armed = true;
  entry->interval_ns = interval_ns;
  entry->place = deadlines_.emplace(deadline_ns, entry);
  if (deadline_ns < alarm_ns_) set_alarm();
}

// The alarm stays: a wake-up for nothing costs less than setting it anew.
void TimerQueue::cancel(Entry& entry) {
  if (!std::exchange(entry.armed, false)) return;
  deadlines_.erase(entry.place);
}

void TimerQueue::fire_due() {
  std::uint64_t expirations = 0;
  if (read(fd_, &expirations, sizeof expirations) != sizeof expirations) return;
  const std::int64_t now_ns = monotonic_ns();
  // No more than are due now: a callback that arms a timer for the past must not keep the sockets waiting for ever.
  for (auto due = std::distance(deadlines_.begin(), deadlines_.upper_bound(now_ns)); due > 0; --due) fire_first(now_ns);
  alarm_ns_ = kNever;
  set_alarm();
}

void TimerQueue::fire_first(std::int64_t now_ns) {
  if (deadlines_.empty() || deadlines_.begin()->first > now_ns) return;  // cancelled by the callback before
  const auto entry = deadlines_.begin()->second;                         // its timer may be destroyed in the callback
  const std::int64_t deadline_ns = deadlines_.begin()->first;
  cancel(*entry);
  if (entry->interval_ns > 0) {
    const std::int64_t intervals = (now_ns - deadline_ns) / entry->interval_ns + 1;
    arm(entry, deadline_ns + intervals * entry->interval_ns, entry->interval_ns);
  }
  entry->callback();
}

void TimerQueue::set_alarm() {
  if (deadlines_.empty()) return;
  alarm_ns_ = deadlines_.begin()->first;
  const std::int64_t at_ns = std::max<std::int64_t>(alarm_ns_, 1);  // zero would disarm
  itimerspec spec{};
  spec.it_value.tv_sec = at_ns / 1'000'000'000;
  spec.it_value.tv_nsec = at_ns % 1'000'000'000;
  [[maybe_unused]] const int status = timerfd_settime(fd_, TFD_TIMER_ABSTIME, &spec, nullptr);
  assert(status == 0);
}

// --- Timer -----------------------------------------------------------------------------------------------------------

struct Timer::State {
  TimerQueue& queue;
  std::shared_ptr<TimerQueue::Entry> entry;
};

Timer::Timer(Loop& loop, std::function<void()> callback)
    : state_(new State{loop.impl().timers, std::make_shared<TimerQueue::Entry>()}) {
  state_->entry->callback = std::move(callback);
}

Timer::~Timer() { cancel(); }

void Timer::arm_at(std::int64_t deadline_ns) { state_->queue.arm(state_->entry, deadline_ns, 0); }

void Timer::arm_after(std::int64_t delay_ns) { arm_at(monotonic_ns() + delay_ns); }

void Timer::arm_every(std::int64_t interval_ns) {
  assert(interval_ns > 0);
  state_->queue.arm(state_->entry, monotonic_ns() + interval_ns, interval_ns);
}

void Timer::cancel() { state_->queue.cancel(*state_->entry); }

bool Timer::armed() const { return state_->entry->armed; }

}  // namespace ibkr::net
