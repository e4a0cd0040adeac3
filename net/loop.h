// Loop: the event loop of one thread. Everything else in net/ belongs to a Loop and is used on its thread only.
//
// A program makes a Loop, makes listeners, connections and timers on it, and calls run(). Other threads reach the loop
// through post() and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace ibkr::net {

/// Nanoseconds of CLOCK_MONOTONIC: for order, delays and deadlines.
std::int64_t monotonic_ns();
/// Nanoseconds since 1970-01-01 UTC: for people. May jump.
std::int64_t wall_ns();

/// One event loop. Must outlive everything made on it. Making one ignores SIGPIPE in the process, so that writing to a
/// closed socket is an error value and not the end of the program.
class Loop {
 public:
  /// Throws std::runtime_error when the system has no descriptors or memory left for a loop.
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Handles events on the calling thread until stop(). Exceptions must not leave callbacks.
  void run();
  /// Waits for events and handles one batch of them. `while (!done) loop.run_once();`
  void run_once();
  /// Makes run() return after the callback that is running now. Loop thread only; elsewhere post() it.
  void stop();

  /// Runs `task` on the loop thread, soon, after tasks posted before it. Any thread, also before run(); tasks that
  /// the loop never got to run are destroyed with it.
  void post(std::function<void()> task);

  /// Calls `handler` on the loop thread each time the process gets `signal_number` (SIGINT, SIGTERM, …), instead of
  /// the signal's default action. Once per signal number.
  void on_signal(int signal_number, std::function<void()> handler);

  struct Impl;  // libuv's side, for the files of net/
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace ibkr::net
