// Timer: a timerfd that libuv polls.
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

struct Timer::State {
  uv_poll_t poll{};
  std::function<void()> callback;
  int fd = -1;
  bool armed = false;
  bool repeats = false;
  bool closing = false;

  void arm(std::int64_t first_deadline_ns, std::int64_t interval_ns);
  void on_readable();
};

namespace {

timespec to_timespec(std::int64_t ns) {
  timespec result{};
  result.tv_sec = ns / 1'000'000'000;
  result.tv_nsec = ns % 1'000'000'000;
  return result;
}

}  // namespace

void Timer::State::arm(std::int64_t first_deadline_ns, std::int64_t interval_ns) {
  itimerspec spec{};
  spec.it_value = to_timespec(std::max<std::int64_t>(first_deadline_ns, 1));  // zero would disarm
  spec.it_interval = to_timespec(interval_ns);
  [[maybe_unused]] const int status = timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, nullptr);
  assert(status == 0);
  armed = true;
  repeats = interval_ns > 0;
}

void Timer::State::on_readable() {
  std::uint64_t expirations = 0;
  if (read(fd, &expirations, sizeof expirations) != sizeof expirations) return;  // re-armed or cancelled meanwhile
  if (!armed || closing) return;
  armed = repeats;
  callback();
}

Timer::Timer(Loop& loop, std::function<void()> callback) : state_(nullptr) {
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error(std::string("cannot make a timer: ") + std::strerror(errno));
  auto state = std::make_unique<State>();
  state->fd = fd;
  state->callback = std::move(callback);
  state->poll.data = state.get();
  [[maybe_unused]] const int initialised = uv_poll_init(&loop.impl().uv, &state->poll, fd);
  assert(initialised == 0);
  uv_poll_start(&state->poll, UV_READABLE,
                [](uv_poll_t* poll, int, int) { static_cast<State*>(poll->data)->on_readable(); });
  state_ = state.release();
}

Timer::~Timer() {
  state_->closing = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&state_->poll), [](uv_handle_t* handle) {
    auto* state = static_cast<State*>(handle->data);
    close(state->fd);
    delete state;
  });
}

void Timer::arm_at(std::int64_t deadline_ns) { state_->arm(deadline_ns, 0); }

void Timer::arm_after(std::int64_t delay_ns) { state_->arm(monotonic_ns() + delay_ns, 0); }

void Timer::arm_every(std::int64_t interval_ns) {
  assert(interval_ns > 0);
  state_->arm(monotonic_ns() + interval_ns, interval_ns);
}

void Timer::cancel() {
  if (!state_->armed) return;
  const itimerspec disarmed{};
  timerfd_settime(state_->fd, 0, &disarmed, nullptr);
  state_->armed = false;
}

bool Timer::armed() const { return state_->armed; }

}  // namespace ibkr::net
