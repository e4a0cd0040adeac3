#include "client/observer_thread.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "client/process.h"

namespace ibkr::client {

struct ObserverThread::State {
  void run();

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::function<void()>> tasks;
  std::function<void(const std::string&)> on_throw;
  bool in_burst = false;
  bool stopping = false;
  bool ended = false;
  Process made_in;
  std::thread thread;
  std::atomic<std::thread::id> id;  // none once it has ended: ids are used again
};

void ObserverThread::State::run() {
  block_signals();
  std::vector<std::function<void()>> batch;
  while (true) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return !tasks.empty() || stopping; });
      if (tasks.empty()) {
        ended = true;
        changed.notify_all();
        id = std::thread::id();
        return;
      }
      batch.swap(tasks);
    }
    for (auto& task : batch) {
      task();
      task = nullptr;  // what it captured goes before the next one begins
    }
    batch.clear();
  }
}

ObserverThread::ObserverThread() : state_(std::make_shared<State>()) {
  const std::lock_guard lock(state_->mutex);  // the thread begins with its id known
  state_->thread = std::thread([state = state_] { state->run(); });
  state_->id = state_->thread.get_id();
}

ObserverThread::~ObserverThread() {
  if (!state_->made_in.is_current()) {  // the thread does not exist here, and its mutex may be locked for ever
    static auto* const kept = new std::vector<std::shared_ptr<State>>;
    kept->push_back(std::move(state_));
    return;
  }
  stop();
  if (is_current()) {
    state_->thread.detach();
  } else {
    state_->thread.join();
  }
}

void ObserverThread::post(std::function<void()> task) {
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->ended) {
      state_->tasks.push_back(std::move(task));
      if (state_->tasks.size() == 1 && !state_->in_burst) state_->changed.notify_all();
      return;
    }
  }
  task();
}

void ObserverThread::begin_burst() {
  const std::lock_guard lock(state_->mutex);
  state_->in_burst = true;
}

void ObserverThread::end_burst() {
  const std::lock_guard lock(state_->mutex);
  state_->in_burst = false;
  if (!state_->tasks.empty()) state_->changed.notify_all();
}

void ObserverThread::set_on_throw(std::function<void(const std::string&)> handler) {
  const std::lock_guard lock(state_->mutex);
  state_->on_throw = std::move(handler);
}

void ObserverThread::run_guarded(const std::function<void()>& code) {
  std::string thrown;
  try {
    return code();
  } catch (const std::exception& problem) {
    thrown = problem.what();
  } catch (...) {
    thrown = "something that is no std::exception";
  }
  std::function<void(const std::string&)> handler;
  {
    const std::lock_guard lock(state_->mutex);
    handler = state_->on_throw;
  }
  if (handler) handler(thrown);
}

void ObserverThread::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
}

void ObserverThread::finish() {
  stop();
  if (is_current()) return;
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [this] { return state_->ended; });
}

bool ObserverThread::is_current() const { return std::this_thread::get_id() == state_->id; }

}  // namespace ibkr::client
