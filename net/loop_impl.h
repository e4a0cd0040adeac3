// libuv's side of a Loop. Included by the .cpp files of net/ only.
#pragma once

#include <uv.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/timer_queue.h"

namespace ibkr::net {

struct Loop::Impl {
  struct Signal {
    uv_signal_t handle{};
    std::function<void()> handler;
  };

  Impl();
  ~Impl();
  void run_tasks();

  struct UvLoop : uv_loop_t {
    UvLoop();
  };

  UvLoop uv;
  TimerQueue timers{uv};
  uv_async_t wake{};
  std::mutex tasks_mutex;
  std::vector<std::function<void()>> tasks;
  std::map<int, std::unique_ptr<Signal>> signals;
  /// Every connection of the loop reads into this one buffer: idle connections hold none.
  std::array<char, 64 * 1024> read_buffer;
};

/// libuv's words for an error code (negative): "connection refused".
inline std::string error_text(int code) { return uv_strerror(code); }

}  // namespace ibkr::net
