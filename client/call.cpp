#include "client/call.h"

namespace ibkr::client {
namespace {

[[noreturn]] void misuse(std::string text, std::string suggestion) {
  Error error(Reason::Misuse, Concern::System, Severity::Reject, std::move(text));
  error.suggestion = std::move(suggestion);
  raise(std::move(error));
}

}  // namespace

void CallCore::Continuation::run_once() {
  switch (state) {
    case State::Ran:
      return;
    case State::Running:
      misuse("a continuation waits for its own result", "Return first, and wait elsewhere");
    case State::Waiting:
      break;
  }
  state = State::Running;
  run();
  run = nullptr;
  source = nullptr;
  state = State::Ran;
}

bool CallCore::wait_until(Deadline deadline) const {
  if (!made_in_.is_current()) made_in_.refuse();
  if (producer_ != nullptr && thread_->is_current()) {
    // The thread that would run the continuation is this one.
    if (const auto source = producer_->source) {
      if (!source->wait_until(deadline)) return false;
    }
    producer_->run_once();
  }
  std::unique_lock lock(mutex_);
  const auto has_result = [this] { return done_; };
  if (deadline) return changed_.wait_until(lock, *deadline, has_result);
  changed_.wait(lock, has_result);
  return true;
}

bool CallCore::is_done() const {
  const std::lock_guard lock(mutex_);
  return done_;
}

void CallCore::on_done(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (!done_) {
      tasks_.push_back(std::move(task));
      return;
    }
  }
  thread_->post(std::move(task));
}

void CallCore::cancel() const {
  if (cancel_ && made_in_.is_current()) cancel_();
}

}  // namespace ibkr::client
