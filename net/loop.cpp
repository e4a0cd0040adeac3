// The loop: libuv's loop, a wake-up for other threads, signals.
#include "net/loop.h"

#include <csignal>
#include <ctime>

#include <cassert>
#include <stdexcept>
#include <utility>

#include "net/loop_impl.h"

namespace ibkr::net {
namespace {

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void require(int status, const char* what) {
  if (status < 0) throw std::runtime_error(std::string("cannot ") + what + ": " + error_text(status));
}

}  // namespace

std::int64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }
std::int64_t wall_ns() { return clock_ns(CLOCK_REALTIME); }

Loop::Impl::UvLoop::UvLoop() : uv_loop_t{} { require(uv_loop_init(this), "make an event loop"); }

Loop::Impl::Impl() {
  std::signal(SIGPIPE, SIG_IGN);
  wake.data = this;
  require(uv_async_init(&uv, &wake, [](uv_async_t* handle) { static_cast<Impl*>(handle->data)->run_tasks(); }),
          "make an event loop");
}

Loop::Impl::~Impl() {
  tasks.clear();  // may own objects of this loop
  timers.close();
  uv_close(reinterpret_cast<uv_handle_t*>(&wake), nullptr);
  for (auto& [number, signal] : signals) uv_close(reinterpret_cast<uv_handle_t*>(&signal->handle), nullptr);
  const auto expect_closing = [](uv_handle_t* handle, void*) {
    assert(uv_is_closing(handle) && "a connection or listener outlives its loop");
    static_cast<void>(handle);
  };
  uv_walk(&uv, expect_closing, nullptr);
  uv_run(&uv, UV_RUN_DEFAULT);
  [[maybe_unused]] const int status = uv_loop_close(&uv);
  assert(status == 0);
}

void Loop::Impl::run_tasks() {
  std::vector<std::function<void()>> batch;
  {
    const std::lock_guard lock(tasks_mutex);
    batch.swap(tasks);
  }
  for (auto& task : batch) task();
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::run() { uv_run(&impl_->uv, UV_RUN_DEFAULT); }
void Loop::run_once() { uv_run(&impl_->uv, UV_RUN_ONCE); }
void Loop::stop() { uv_stop(&impl_->uv); }

void Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(impl_->tasks_mutex);
    impl_->tasks.push_back(std::move(task));
  }
  uv_async_send(&impl_->wake);
}

void Loop::on_signal(int signal_number, std::function<void()> handler) {
  assert(!impl_->signals.contains(signal_number));
  auto signal = std::make_unique<Impl::Signal>();
  signal->handler = std::move(handler);
  signal->handle.data = signal.get();
  require(uv_signal_init(&impl_->uv, &signal->handle), "watch a signal");
  const auto call = [](uv_signal_t* handle, int) { static_cast<Impl::Signal*>(handle->data)->handler(); };
  auto& kept = impl_->signals[signal_number] = std::move(signal);
  require(uv_signal_start(&kept->handle, call, signal_number), "watch a signal");
}

}  // namespace ibkr::net
