// A bad day for tests: a mock with faults and a clock that the test moves, and what its clients ask.
#pragma once

#include <string>
#include <vector>

#include "tests/mock/client.h"

namespace ibkr::mock::test {

inline constexpr std::int64_t kSecond = 1000000000;
inline constexpr std::int64_t kManySteps = 20000000;  // of the market, which moves every millisecond

/// A mock with faults, whose clock the test moves.
struct Day {
  explicit Day(const std::vector<std::string>& faults, int server_version = 226)
      : mock(loop, server_version, 7, faults) {}
  void inject(const std::string& line) { mock.server.inject(fault(line)); }
  void pass(std::int64_t ns) { mock.server.advance_clock(ns); }
  net::Loop loop;
  Mock mock;
};

inline protocol::MarketDataRequest quotes(std::int32_t id) {
  protocol::MarketDataRequest request;
  request.req_id = id;
  request.contract = stock("AAPL");
  request.generic_tick_list = "";
  return request;
}

inline protocol::HistoricalDataRequest bars(std::int32_t id, const std::string& size, const std::string& end = "",
                                            bool live = false) {
  protocol::HistoricalDataRequest request;
  request.req_id = id;
  request.contract = stock("AAPL");
  request.end_date_time = end;
  request.bar_size_setting = size;
  request.duration = "3600 S";
  request.use_rth = true;
  request.what_to_show = "TRADES";
  request.format_date = 1;
  request.keep_up_to_date = live;
  return request;
}

/// In which the market moves.
inline void many_round_trips(Client& client) {
  const std::int64_t until = net::monotonic_ns() + kManySteps;
  while (net::monotonic_ns() < until) client.settle();
}

}  // namespace ibkr::mock::test
