// ObserverThread: the one thread that runs the user's code: continuations of calls, observers.
//
// Tasks run one after another in the order posted. A task may do what it likes: wait for a call, post, stop the thread.
// What it captured is destroyed on this thread, too.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace ibkr::client {

/// Thread safe. Shared by a client and its calls, which may outlive it.
class ObserverThread {
 public:
  ObserverThread();
  /// stop(), and waits for the last task, unless it is destroyed by a task: then the thread ends after that.
  ~ObserverThread();
  ObserverThread(const ObserverThread&) = delete;
  ObserverThread& operator=(const ObserverThread&) = delete;

  /// Runs `task` behind those posted before. Never waits. Once stopped and run out, `task` runs at once, on the calling
  /// thread: so that nothing which somebody waits for is forgotten. Exceptions must not leave a task.
  void post(std::function<void()> task);
  /// Between the two the thread is not woken, but once at the end where something was posted.
  void begin_burst();
  void end_burst();
  /// Runs the user's `code`, on this thread. What it throws is told to the handler of set_on_throw().
  void run_guarded(const std::function<void()>& code);
  /// Before anything that can throw is posted. `handler` gets what was thrown, in words.
  void set_on_throw(std::function<void(const std::string&)> handler);
  /// The thread ends when nothing is left to run. Does not wait.
  void stop();
  /// The same, and waits for it, unless this is a task.
  void finish();
  /// True inside a task.
  bool is_current() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // the thread's own, too
};

}  // namespace ibkr::client
