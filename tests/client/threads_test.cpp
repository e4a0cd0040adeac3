// Without these: a program with several threads, or with calls inside its callbacks, hangs or crashes.
#include <doctest/doctest.h>

#include <random>

#include "served.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

namespace {

constexpr int kThreads = 8;
constexpr int kCalls = 1000;

using Details = Answer<protocol::ContractDataRequest>;

}  // namespace

TEST_CASE("8 threads of 1,000 calls, with calls nested in callbacks, time-outs and cancels: every call ends") {
  Mock mock;
  IBKRClient client(options_for(mock.port()));
  client.connect();
  std::atomic<int> ended = 0, answered = 0, nested = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      std::minstd_rand chance(static_cast<unsigned>(number + 1));
      for (int i = 0; i < kCalls; ++i) {
        switch (chance() % 8) {
          case 0: {  // a call within a callback, and one within that
            const auto outer = client.send(details_of("AAPL")).then([&](const Details& first) {
              const auto inner = client.send(details_of("MSFT")).then([&](const Details& second) {
                return second.size() + client.send(details_of("AAPL")).get().size();
              });
              return first.size() + inner.get();
            });
            if (outer.get() == 3) ++nested;
            break;
          }
          case 1: {  // out of time, or not
            const auto result = client.send(details_of("AAPL"), {.limit = 1ms}).result();
            CHECK((result || result.error().reason == Reason::TimedOut));
            break;
          }
          case 2: {
            const auto call = client.send(details_of("AAPL"));
            call.cancel();
            const auto& result = call.result();
            CHECK((result || result.error().reason == Reason::Cancelled));
            break;
          }
          case 3: {
            protocol::MarketDataRequest quotes;
            quotes.contract = stock("AAPL");
            const auto stream = client.send(quotes);
            if (chance() % 2 == 0) CHECK(stream.next(kPatience).has_value());
            break;
          }
          default:
            if (client.send(details_of("AAPL")).get().size() == 1) ++answered;
        }
        ++ended;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(ended == kThreads * kCalls);
  CHECK(answered > kThreads * kCalls / 3);
  CHECK(nested > kThreads * kCalls / 16);
  CHECK(client.counters().under_way == 0);
}

TEST_CASE("close() while calls are under way, from a thread and from an observer: nothing hangs") {
  for (int round = 0; round < 20; ++round) {
    Mock mock;
    auto client = std::make_unique<IBKRClient>(options_for(mock.port()));
    client->connect();
    std::atomic<int> ended = 0, continued = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        while (client->state() != State::Closed) {
          const auto call = client->send(details_of("AAPL"));
          call.then([&](const Result<Details>&) { ++continued; });
          call.result();
          ++ended;
        }
      });
    }
    while (ended < 20) std::this_thread::yield();
    if (round % 2 == 0) {
      client->close();
    } else {
      client->send(details_of("AAPL")).then([&](const Result<Details>&) { client->close(); }).result();
    }
    for (auto& thread : threads) thread.join();
    client.reset();
    CHECK(continued == ended);
  }
}

TEST_CASE("a client may be destroyed inside its own observer, and handles outlive it") {
  Mock mock;
  auto client = std::make_shared<IBKRClient>(options_for(mock.port()));
  client->connect();
  const auto stream = client->send(protocol::PositionsRequest{});
  const auto call = client->send(details_of("AAPL"));
  std::promise<void> gone;
  auto& last = *client;
  last.send(protocol::CurrentTimeRequest{}).then([held = std::move(client), &gone](const auto&) mutable {
    held.reset();
    gone.set_value();
  });
  gone.get_future().wait();
  call.result();
  call.cancel();
  stream.cancel();
  while (stream.next(kPatience)) {
  }
}

TEST_CASE("observers come and go while events flow, and wait for calls inside") {
  Mock mock;
  IBKRClient client(options_for(mock.port()));
  client.connect();
  protocol::MarketDataRequest quotes;
  quotes.contract = stock("AAPL");
  const auto stream = client.send(quotes);
  std::atomic<int> events = 0, asked = 0;
  stream.observe([&](const auto&) {
    if (++events % 100 == 1) asked += client.send(details_of("AAPL")).get().size() == 1 ? 1 : 0;
  });
  for (int i = 0; i < 200; ++i) {
    const auto id = client.on<protocol::TickPrice>([&](const protocol::TickPrice&) { ++events; });
    if (i % 2 == 0) std::this_thread::yield();
    CHECK(client.remove(id));
  }
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (asked < 3 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(asked >= 3);
}
