// Call<T>: an answer that is on its way.
//
//   I/O thread ── complete() ──► result ──► get(), wait()          any thread, also inside observers
//                                   └─────► continuations          on the observer thread
//
// Results are set by the I/O thread, which runs no code of the user's, so that whoever waits depends on nobody but TWS
// and the time limit. Inside a continuation or an observer waiting works, too: what a derived call waits for is run
// there.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/expected.h"
#include "client/error.h"
#include "client/observer_thread.h"
#include "client/process.h"

namespace ibkr::client {

template <class T>
using Result = Expected<T, Error>;

/// The result of a call that brings nothing but that it is done.
struct Done {};

/// What every call has, whatever it brings. Thread safe. For the rooms' own code; users have Call.
class CallCore {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;  // none: no limit

  explicit CallCore(std::shared_ptr<ObserverThread> thread) : thread_(std::move(thread)) {}
  virtual ~CallCore() = default;
  CallCore(const CallCore&) = delete;
  CallCore& operator=(const CallCore&) = delete;

  /// Waits. False when the deadline passed first. Throws UsageError in a forked child, and where a continuation waits
  /// for its own result.
  bool wait_until(Deadline deadline) const;
  bool is_done() const;
  /// Runs `task` on the observer thread once there is a result.
  void on_done(std::function<void()> task);
  /// Gives the call up, unless it is done: it then fails as Cancelled, soon.
  void cancel() const;
  /// What cancel() does; before the call is given to anybody.
  void set_cancel(std::function<void()> cancel) { cancel_ = std::move(cancel); }

  /// A continuation that makes the result of a call out of another one's. Runs once, on the observer thread.
  struct Continuation {
    enum class State : std::uint8_t { Waiting, Running, Ran };
    void run_once();
    std::shared_ptr<CallCore> source;
    std::function<void()> run;
    State state = State::Waiting;  // observer thread only
  };
  void produced_by(std::shared_ptr<Continuation> producer) { producer_ = std::move(producer); }

  const std::shared_ptr<ObserverThread>& thread() const { return thread_; }

 protected:
  /// Calls `set`, which sets the result, and tells everybody who waits; or does nothing and returns false when there is
  /// a result already.
  template <class Set>
  bool finish(Set&& set) {
    std::vector<std::function<void()>> tasks;
    {
      const std::lock_guard lock(mutex_);
      if (done_) return false;
      set();
      done_ = true;
      tasks.swap(tasks_);
      changed_.notify_all();
    }
    for (auto& task : tasks) thread_->post(std::move(task));
    return true;
  }

 private:
  std::shared_ptr<ObserverThread> thread_;
  std::function<void()> cancel_;
  std::shared_ptr<Continuation> producer_;  // of a derived call
  Process made_in_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool done_ = false;
  std::vector<std::function<void()>> tasks_;
};

/// The state of a Call<T>, and the end at which its result goes in.
template <class T>
class CallState final : public CallCore {
 public:
  using CallCore::CallCore;
  /// The first result counts; false when there was one. Any thread.
  bool complete(Result<T> result) {
    return finish([&] { result_.emplace(std::move(result)); });
  }
  /// Once done.
  const Result<T>& result() const { return *result_; }
  Result<T>& result() { return *result_; }

 private:
  std::optional<Result<T>> result_;
};

/// What a continuation gives: the type that its call brings.
template <class R>
using Brought = std::conditional_t<std::is_void_v<R>, Done, std::decay_t<R>>;

/// A handle of a call under way; copies are the same call. Every function from any thread, also inside observers and
/// continuations. Letting go of all handles does not cancel it. A default-made one may only be assigned to.
template <class T>
class Call {
 public:
  using Value = T;

  Call() = default;
  explicit Call(std::shared_ptr<CallState<T>> state) : state_(std::move(state)) {}
  /// One that has failed, or is done, from the start.
  Call(std::shared_ptr<ObserverThread> thread, Result<T> result)
      : state_(std::make_shared<CallState<T>>(std::move(thread))) {
    state_->complete(std::move(result));
  }

  /// Waits for the answer and returns it. Throws the Error where there is none: RequestError, Timeout, Disconnected,
  /// UsageError. The reference lives as long as a handle does.
  const T& get() const& {
    const Result<T>& done = result();
    if (!done) raise(done.error());
    return *done;
  }
  /// The same; moves the answer out where this is the only handle.
  T get() && {
    const T& value = std::as_const(*this).get();
    if (state_.use_count() != 1) return value;
    return std::move(*state_->result());
  }
  /// Waits for the answer or the error, and throws neither.
  const Result<T>& result() const {
    state_->wait_until(std::nullopt);
    return std::as_const(*state_).result();
  }
  /// Waits at most so long. True when there is a result. The call goes on otherwise; its own time limit is another one.
  bool wait(std::chrono::milliseconds at_most) const {
    return state_->wait_until(std::chrono::steady_clock::now() + at_most);
  }
  bool is_done() const { return state_->is_done(); }
  /// Gives it up: where TWS has a cancel for the request it is sent, where not, a late answer is dropped. Fails as
  /// Cancelled, unless it is done.
  void cancel() const { state_->cancel(); }

  /// Runs `continuation` on the observer thread once there is a result, also when there is one already. It takes either
  ///   (const Result<T>&)   the answer or the error, or
  ///   (const T&)           the answer; it is not run for an error, which goes on to the call that then() returns.
  /// One that takes anything gets the result.
  /// Returns a call that brings what it returns. An Error that it throws is that call's; so is any other exception, as
  /// UserCode. Cancelling the returned call cancels this one.
  template <class Continue>
  auto then(Continue continuation) const {
    constexpr bool takes_result = std::is_invocable_v<Continue&, const Result<T>&>;
    using Argument = std::conditional_t<takes_result, const Result<T>&, const T&>;
    using Next = Brought<std::invoke_result_t<Continue&, Argument>>;
    auto derived = std::make_shared<CallState<Next>>(state_->thread());
    auto producer = std::make_shared<CallCore::Continuation>();
    producer->source = state_;
    producer->run = [source = state_, derived, kept = std::make_shared<Continue>(std::move(continuation))] {
      const Result<T>& result = std::as_const(*source).result();
      if constexpr (!takes_result) {
        if (!result) {
          derived->complete(Unexpected(result.error()));
          return;
        }
        derived->complete(run<Next>(*kept, *result));
      } else {
        derived->complete(run<Next>(*kept, result));
      }
    };
    derived->produced_by(producer);
    derived->set_cancel([source = state_] { source->cancel(); });
    state_->on_done([producer] { producer->run_once(); });
    return Call<Next>(std::move(derived));
  }

 private:
  template <class Next, class Continue, class Argument>
  static Result<Next> run(Continue& continuation, const Argument& argument) {
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<Continue&, const Argument&>>) {
        continuation(argument);
        return Done{};
      } else {
        return continuation(argument);
      }
    } catch (const Error& error) {
      return Unexpected(error);
    } catch (const std::exception& problem) {
      return Unexpected(thrown(problem.what()));
    } catch (...) {
      return Unexpected(thrown("something that is no std::exception"));
    }
  }
  static Error thrown(const std::string& what) {
    return Error(Reason::UserCode, Concern::System, Severity::Reject, "a continuation threw: " + what);
  }

  std::shared_ptr<CallState<T>> state_;
};

}  // namespace ibkr::client
