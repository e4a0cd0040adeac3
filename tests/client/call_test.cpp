// Without these: a program that waits inside its own callbacks hangs, or a continuation runs on a thread where the
// program does not expect it.
#include "client/call.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

using namespace ibkr;
using namespace ibkr::client;
using namespace std::chrono_literals;

namespace {

Error refused() { return Error(Reason::Rejected, Concern::Request, Severity::Reject, "no such thing"); }

struct Made {
  std::shared_ptr<ObserverThread> thread = std::make_shared<ObserverThread>();
  std::shared_ptr<CallState<int>> state = std::make_shared<CallState<int>>(thread);
  Call<int> call{state};
};

}  // namespace

TEST_CASE("a call gives its answer to every thread that waits, and the first result counts") {
  Made made;
  std::atomic<int> sum = 0;
  std::vector<std::thread> waiting;
  for (int i = 0; i < 4; ++i) waiting.emplace_back([&] { sum += made.call.get(); });
  CHECK_FALSE(made.call.wait(1ms));
  CHECK(made.state->complete(7));
  CHECK_FALSE(made.state->complete(8));
  for (auto& thread : waiting) thread.join();
  CHECK(sum == 28);
  CHECK(made.call.wait(0ms));
}

TEST_CASE("an error is thrown as the subclass of its reason") {
  Made made;
  made.state->complete(Unexpected(refused()));
  CHECK_THROWS_AS(made.call.get(), RequestError);
  CHECK(made.call.result().error().text == "no such thing");
  const Call<int> late(made.thread, Unexpected(Error(Reason::TimedOut, Concern::Request, Severity::Reject, "late")));
  CHECK_THROWS_AS(late.get(), Timeout);
  const Call<int> lost(made.thread, Unexpected(Error(Reason::Lost, Concern::Connection, Severity::Fatal, "lost")));
  CHECK_THROWS_AS(lost.get(), Disconnected);
}

TEST_CASE("continuations run on the observer thread, and what they return goes on") {
  Made made;
  const auto text = made.call.then([&](const int& value) {
    CHECK(made.thread->is_current());
    return std::to_string(value);
  });
  const auto length = text.then([](const Result<std::string>& result) { return result->size(); });
  made.state->complete(1234);
  CHECK(length.get() == 4);
  CHECK(made.call.then([](const int& value) { return value + 1; }).get() == 1235);
}

TEST_CASE("an error passes by continuations that take an answer; what one throws is the next call's error") {
  Made made;
  bool ran = false;
  const auto skipped = made.call.then([&](const int&) { ran = true; });
  const auto mended = skipped.then([](const Result<Done>& result) { return result ? 0 : 5; });
  made.state->complete(Unexpected(refused()));
  CHECK(mended.get() == 5);
  CHECK_FALSE(ran);
  const auto thrown = mended.then([](const int&) -> int { throw std::runtime_error("a bug"); });
  CHECK(thrown.result().error().reason == Reason::UserCode);
  CHECK(thrown.result().error().text.find("a bug") != std::string::npos);
}

TEST_CASE("a continuation can wait: for a call, and for what its own thread has to make") {
  Made made;
  auto inner = std::make_shared<CallState<int>>(made.thread);
  const auto outer = made.call.then([&](const int& value) {
    const auto first = Call<int>(inner).then([](const int& other) { return other * 2; });
    const auto second = first.then([](const int& other) { return other + 1; });
    return value + second.get();
  });
  made.state->complete(100);
  inner->complete(10);
  CHECK(outer.get() == 121);
}

TEST_CASE("a continuation that waits for itself is told so instead of hanging") {
  Made made;
  Call<int> itself;
  std::atomic<bool> assigned = false;
  itself = made.call.then([&](const int& value) {
    while (!assigned) std::this_thread::yield();
    return value + itself.get();
  });
  assigned = true;
  made.state->complete(1);
  CHECK(itself.result().error().reason == Reason::Misuse);
}

TEST_CASE("the observer thread may be destroyed by its own task") {
  Made made;
  auto dying = std::make_shared<ObserverThread>();
  auto& thread = *dying;
  thread.post([held = std::move(dying), state = made.state]() mutable {
    held.reset();
    state->complete(1);
  });
  CHECK(made.call.get() == 1);
}

TEST_CASE("what is posted to an observer thread that has ended still runs") {
  auto state = std::make_shared<CallState<int>>(std::make_shared<ObserverThread>());
  state->thread()->stop();
  const Call<int> call(state);
  const auto derived = call.then([](const int& value) { return value + 1; });
  state->complete(1);
  CHECK(derived.get() == 2);
}

TEST_CASE("a forked child is refused instead of waiting for threads that it does not have") {
  Made made;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      made.call.get();
    } catch (const UsageError&) {
      _exit(0);
    } catch (...) {
    }
    _exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
