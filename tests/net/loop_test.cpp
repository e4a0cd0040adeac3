// If this fails, Ctrl-C does not seal the journal, other threads cannot reach the loop, or replayed frames come in the
// wrong order.
#include <doctest/doctest.h>

#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/loop.h"
#include "net/timer.h"

using ibkr::net::Loop;
using ibkr::net::monotonic_ns;
using ibkr::net::Timer;

TEST_CASE("tasks posted by another thread run on the loop's thread, in order") {
  Loop loop;
  std::vector<int> order;
  std::thread::id ran_on;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) loop.post([&order, i] { order.push_back(i); });
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  other.join();
  CHECK(ran_on == std::this_thread::get_id());
  REQUIRE(order.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("a task that was never run is destroyed with the loop") {
  auto owned = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([owned] {});
  }
  CHECK(owned.use_count() == 1);
}

TEST_CASE("a signal reaches its handler") {
  Loop loop;
  int seen = 0;
  loop.on_signal(SIGUSR1, [&] {
    if (++seen == 2) {
      loop.stop();
    } else {
      raise(SIGUSR1);
    }
  });
  raise(SIGUSR1);
  loop.run();
  CHECK(seen == 2);
}

TEST_CASE("timers fire in the order of their deadlines, whatever the order of arming") {
  Loop loop;
  std::string order;
  const auto now = monotonic_ns();
  Timer late(loop, [&] {
    order += 'c';
    loop.stop();
  });
  Timer early(loop, [&] { order += 'a'; });
  Timer middle(loop, [&] { order += 'b'; });
  late.arm_at(now + 3'000'000);
  middle.arm_at(now + 2'000'000);
  early.arm_at(now + 1'000'000);
  loop.run();
  CHECK(order == "abc");
  CHECK(monotonic_ns() >= now + 3'000'000);
}

TEST_CASE("a deadline that has passed fires from the loop, not from arm_at") {
  Loop loop;
  bool fired = false;
  Timer timer(loop, [&] {
    fired = true;
    loop.stop();
  });
  timer.arm_at(-5);
  CHECK_FALSE(fired);
  loop.run();
  CHECK(fired);
  CHECK_FALSE(timer.armed());
}

TEST_CASE("a repeating timer repeats until it is cancelled, also inside its callback") {
  Loop loop;
  int ticks = 0;
  std::unique_ptr<Timer> after;
  Timer* self = nullptr;
  Timer timer(loop, [&] {
    if (++ticks == 3) self->cancel();
  });
  self = &timer;
  timer.arm_every(100'000);
  Timer end(loop, [&] { loop.stop(); });
  while (timer.armed()) loop.run_once();
  end.arm_after(1'000'000);
  loop.run();
  CHECK(ticks == 3);
}

TEST_CASE("a timer may be re-armed or destroyed inside its own callback") {
  Loop loop;
  int fired = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&] {
    if (++fired == 1) {
      timer->arm_after(0);
    } else {
      timer.reset();
      loop.stop();
    }
  });
  timer->arm_after(0);
  loop.run();
  CHECK(fired == 2);
}

TEST_CASE("a cancelled timer stays silent though its time had come") {
  Loop loop;
  bool fired = false;
  Timer victim(loop, [&] { fired = true; });
  Timer canceller(loop, [&] { loop.stop(); });
  victim.arm_after(0);
  canceller.arm_after(1'000'000);
  victim.cancel();
  loop.run();
  CHECK_FALSE(fired);
}

TEST_CASE("a timer's callback may cancel another one that is due") {
  Loop loop;
  std::string order;
  Timer victim(loop, [&] { order += 'v'; });
  Timer last(loop, [&] {
    order += 'l';
    loop.stop();
  });
  Timer canceller(loop, [&] {
    order += 'c';
    victim.cancel();
  });
  canceller.arm_at(1);
  victim.arm_at(2);
  last.arm_at(3);
  loop.run();
  CHECK(order == "cl");
}

TEST_CASE("a thousand timers need one descriptor") {
  Loop loop;
  int fired = 0;
  std::vector<std::unique_ptr<Timer>> timers;
  const int before = dup(0);
  for (int i = 0; i < 1000; ++i) {
    timers.push_back(std::make_unique<Timer>(loop, [&] { ++fired; }));
    timers.back()->arm_after(i);
  }
  const int after = dup(0);
  close(before);
  close(after);
  CHECK(after == before + 1);
  while (fired < 1000) loop.run_once();
  CHECK(fired == 1000);
}
