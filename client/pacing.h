// Pacing: how many messages may leave in any second.
#pragma once

#include <cstdint>
#include <deque>

namespace ibkr::client {

/// A window of one second: at most so many messages lie in it, wherever it begins. That is what TWS counts; a bucket
/// that fills up evenly would let twice as many pass in its first second. Not thread safe.
class Pacing {
 public:
  /// 0: no limit.
  explicit Pacing(std::size_t per_second) : per_second_(per_second) {}

  void set_rate(std::size_t per_second) { per_second_ = per_second; }
  /// True when a message may leave now, which is then counted.
  bool take(std::int64_t now_ns);
  /// When the next one may leave, after take() said no.
  std::int64_t next_ns() const;
  /// Nothing has left yet: a new connection.
  void reset() { sent_ns_.clear(); }

 private:
  static constexpr std::int64_t kSecond = 1'000'000'000;
  std::size_t per_second_;
  std::deque<std::int64_t> sent_ns_;  // of the last second, oldest first
};

}  // namespace ibkr::client
