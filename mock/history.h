// Historical bars of the mock market: reads a request as TWS does, and cuts the market's past into bars.
#pragma once

#include <string>
#include <vector>

#include "base/expected.h"
#include "mock/market.h"
#include "protocol/messages.h"

namespace ibkr::mock {

/// An error frame's code and text.
struct Refusal {
  std::int32_t code = 0;
  std::string text;
};

/// How prices of the past are shown.
enum class Show { Trades, Midpoint, Bid, Ask, BidAsk, Schedule };

/// What a HistoricalDataRequest asks for.
struct HistoryQuery {
  Seconds from = 0;  ///< wall clock arithmetic, as TWS answers it; sessions that begin earlier may be part of it
  Seconds to = 0;
  Seconds bar = 0;  ///< seconds of a bar; kDay, 7 * kDay and 30 * kDay mean a session, a week and a month
  Show show = Show::Trades;
  bool regular_hours = false;
  bool epoch = false;          ///< formatDate 2
  std::int64_t sessions = 0;   ///< "N D": the last N sessions; else 0
  Seconds traded_seconds = 0;  ///< "N S": that much time of trading; else 0
};

/// One trading session.
struct TradingSession {
  Seconds opens = 0;
  Seconds closes = 0;
  Seconds day = 0;  ///< midnight in New York of the day that it counts for
};

/// One bar.
struct Bar {
  Seconds begins = 0;
  Seconds day = 0;  ///< of its session
  double open = 0, high = 0, low = 0, close = 0, wap = 0;
  std::int64_t volume = 0;
  std::int32_t count = 0;
};

/// Reads duration, bar size, end and kind of price. Refuses with TWS's codes: 321 for what cannot be read, 162 for what
/// HMDS would not serve, 10314 for an end in another form.
Expected<HistoryQuery, Refusal> read_history_request(const protocol::HistoricalDataRequest& request,
                                                     const Instrument& instrument, Seconds now);

/// The sessions that the query covers, oldest first.
std::vector<TradingSession> sessions_of(const Instrument& instrument, const HistoryQuery& query);

/// The bars, oldest first. Refuses (162) when there would be too many.
Expected<std::vector<Bar>, Refusal> bars_of(const Market& market, const Instrument& instrument,
                                            const HistoryQuery& query);

/// The bar that is being made now.
Bar current_bar(const Market& market, const Instrument& instrument, const HistoryQuery& query);

/// As TWS sends it at a server version.
protocol::HistoricalDataBar to_message(const Bar& bar, const HistoryQuery& query, int server_version);
/// A moment as bars and their range are written at a server version.
std::string history_time(Seconds when, int server_version);

}  // namespace ibkr::mock
