// DataDesk: one client's quotes, snapshots, tick-by-tick streams and 5-second bars.
#pragma once

#include "mock/desk.h"

namespace ibkr::mock {

class DataDesk {
 public:
  DataDesk(Counter counter, Handlers& handlers);

  void answer(const protocol::MarketDataRequest& request);
  void answer(const protocol::CancelMarketData& request);
  void answer(const protocol::MarketDataTypeRequest& request);
  void answer(const protocol::TickByTickRequest& request);
  void answer(const protocol::CancelTickByTick& request);
  void answer(const protocol::RealTimeBarsRequest& request);
  void answer(const protocol::CancelRealTimeBars& request);

  /// Pushes what has changed since the last call. Call after each step of the market.
  void push();
  /// TWS has lost all subscriptions, and says nothing of it for each.
  void lose_all();

 private:
  struct QuoteStream {
    const Instrument* instrument;
    Quote shown;  ///< what the client has seen
  };
  struct TickStream {
    const Instrument* instrument;
    std::int32_t type;  ///< 1 Last, 2 AllLast, 3 BidAsk, 4 MidPoint
    Quote shown;
  };
  struct BarStream {
    const Instrument* instrument;
    Seconds next;  ///< when the next bar is complete
  };
  /// The instrument that the request means; when there is none, or the id is taken, the client has been told.
  const Instrument* admit(std::int32_t id, const std::optional<protocol::Contract>& contract);
  void send_all(std::int32_t id, const Instrument& instrument, const Quote& quote);
  void push_quote(std::int32_t id, QuoteStream& stream);
  void push_tick(std::int32_t id, TickStream& stream);
  void push_bar(std::int32_t id, BarStream& stream);
  void unknown(std::int32_t id);

  void price(std::int32_t id, std::int32_t type, double value, std::int64_t size);
  void size(std::int32_t id, std::int32_t type, std::int64_t value);
  void last_timestamp(std::int32_t id, const Quote& quote);

  Counter counter_;
  Subscriptions<QuoteStream> quotes_;
  Subscriptions<TickStream> ticks_;
  Subscriptions<BarStream> bars_;
};

}  // namespace ibkr::mock
