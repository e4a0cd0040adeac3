// Ids: what numbers requests and orders get. Requests and orders share the numbers that errors carry, so that they come
// from two ends of the range.
#pragma once

#include <atomic>
#include <cstdint>

namespace ibkr::client {

/// Thread safe. No id is given twice, also over connections.
class Ids {
 public:
  std::int32_t next_request() { return next_request_.fetch_add(1, std::memory_order_relaxed); }
  std::int32_t next_order() { return next_order_.fetch_add(1, std::memory_order_relaxed); }
  /// TWS has said that order ids below are used.
  void raise_orders(std::int32_t floor) {
    std::int32_t next = next_order_.load();
    while (next < floor && !next_order_.compare_exchange_weak(next, floor)) {
    }
  }

 private:
  static constexpr std::int32_t kFirstRequest = 1 << 30;
  std::atomic<std::int32_t> next_request_ = kFirstRequest;
  std::atomic<std::int32_t> next_order_ = 1;
};

}  // namespace ibkr::client
