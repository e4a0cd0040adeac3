#include "client/process.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>

#include "client/error.h"

namespace ibkr::client {
namespace {

std::atomic<std::uint32_t> forks = 0;

std::uint32_t generation() {
  [[maybe_unused]] static const int watching = pthread_atfork(nullptr, nullptr, [] { ++forks; });
  return forks.load(std::memory_order_relaxed);
}

}  // namespace

void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

Process::Process() : generation_(generation()) {}
bool Process::is_current() const { return forks.load(std::memory_order_relaxed) == generation_; }
void Process::refuse() const {
  Error error(Reason::Misuse, Concern::System, Severity::Reject, "the process has forked since the client was made");
  error.suggestion = "Make a client of its own in the child";
  raise(std::move(error));
}

}  // namespace ibkr::client
