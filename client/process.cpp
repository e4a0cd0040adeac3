#include "client/process.h"

#include <pthread.h>

#include <atomic>

namespace ibkr::client {
namespace {

std::atomic<std::uint32_t> forks = 0;

std::uint32_t generation() {
  [[maybe_unused]] static const int watching = pthread_atfork(nullptr, nullptr, [] { ++forks; });
  return forks.load(std::memory_order_relaxed);
}

}  // namespace

Process::Process() : generation_(generation()) {}
bool Process::is_current() const { return forks.load(std::memory_order_relaxed) == generation_; }

}  // namespace ibkr::client
