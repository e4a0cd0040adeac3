// Pacing: the limits that TWS and its historical farms put on one client's requests, kept to the letter.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "mock/history.h"
#include "protocol/message.h"

namespace ibkr::mock {

/// One client's requests. Refused ones count as messages, but not as queries.
class Pacing {
 public:
  /// Looks at a request made at `now_ns`, which never goes back. Refuses with
  ///   100  more than 50 messages within a second
  ///   162  bars of 30 seconds or less: the same query within 15 seconds; a sixth for one contract, exchange and kind
  ///   of
  ///        price within 2 seconds; more than 60 within 10 minutes, where BID_ASK counts twice
  ///   420  more than 60 requests for 5-second bars within 10 minutes
  std::optional<Refusal> check(const protocol::Message& request, std::int64_t now_ns);
  /// The message rate was passed three times: TWS closes the connection.
  bool is_too_much() const { return strikes_ >= 3; }

 private:
  struct Query {
    std::int64_t at_ns;
    std::size_t weight;
    std::string whole;   // all that it asks, without its id
    std::string series;  // its contract and kind of price
  };
  std::optional<Refusal> check_history(const protocol::HistoricalDataRequest& request, std::int64_t now_ns);
  std::optional<Refusal> check_bars(std::int64_t now_ns);

  std::deque<std::int64_t> messages_;  // of the last second
  std::deque<Query> queries_;          // of the last 10 minutes
  std::deque<std::int64_t> bars_;      // of the last 10 minutes
  int strikes_ = 0;
};

}  // namespace ibkr::mock
