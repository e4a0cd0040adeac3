// HistoryDesk: one client's bars, schedules, head timestamps and histograms.
#pragma once

#include "mock/desk.h"
#include "mock/history.h"

namespace ibkr::mock {

class HistoryDesk {
 public:
  HistoryDesk(Counter counter, Handlers& handlers);

  void answer(const protocol::HistoricalDataRequest& request);
  void answer(const protocol::CancelHistoricalData& request);
  void answer(const protocol::HeadTimestampRequest& request);
  void answer(const protocol::CancelHeadTimestamp&) {}
  void answer(const protocol::HistogramDataRequest& request);
  void answer(const protocol::CancelHistogramData&) {}

  /// Pushes the bars that are being made. Call after each step of the market.
  void push();
  /// The farm is gone: the bars that are being made end, and the client is told for each.
  void lose_live();

 private:
  struct LiveBars {
    const Instrument* instrument;
    HistoryQuery query;
    Seconds next;
  };
  void send_bars(std::int32_t id, const Instrument& instrument, const HistoryQuery& query);
  void send_schedule(std::int32_t id, const Instrument& instrument, const HistoryQuery& query);

  Counter counter_;
  Subscriptions<LiveBars> live_;
};

}  // namespace ibkr::mock
