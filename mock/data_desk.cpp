#include "mock/data_desk.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "mock/order_checks.h"

namespace ibkr::mock {
namespace {

using protocol::Decimal;

// TWS's numbers of tick types.
constexpr std::int32_t kBidSize = 0, kBid = 1, kAsk = 2, kAskSize = 3, kLast = 4, kLastSize = 5, kHigh = 6, kLow = 7,
                       kVolume = 8, kClose = 9, kOpen = 14, kLastTimestamp = 45, kHalted = 49;
constexpr std::int32_t kLive = 1;
constexpr Seconds kBarSeconds = 5;

constexpr std::array<std::string_view, 5> kTickByTickTypes = {"", "Last", "AllLast", "BidAsk", "MidPoint"};

}  // namespace

DataDesk::DataDesk(Counter counter, Handlers& handlers) : counter_(counter) {
  serve<protocol::MarketDataRequest, protocol::CancelMarketData, protocol::MarketDataTypeRequest,
        protocol::TickByTickRequest, protocol::CancelTickByTick, protocol::RealTimeBarsRequest,
        protocol::CancelRealTimeBars>(handlers, *this);
}

void DataDesk::unknown(std::int32_t id) {
  counter_.out.error(id, 300, "Can't find EId with tickerId:" + std::to_string(id));
}

const Instrument* DataDesk::admit(std::int32_t id, const std::optional<protocol::Contract>& contract) {
  if (quotes_.count(id) + ticks_.count(id) + bars_.count(id) != 0) {
    counter_.out.error(id, 322, "Error processing request.-'bR' : cause - Duplicate ticker ID for API request");
    return nullptr;
  }
  const auto instrument = resolve(counter_.world.market, contract.value_or(protocol::Contract{}));
  if (instrument) return *instrument;
  counter_.out.error(id, instrument.error().code, instrument.error().text);
  return nullptr;
}

void DataDesk::price(std::int32_t id, std::int32_t type, double value, std::int64_t units) {
  protocol::TickPrice tick;
  tick.req_id = id;
  tick.tick_type = type;
  tick.price = value;
  tick.size = Decimal(units);
  tick.attr_mask = type == kBid || type == kAsk ? 1 : 0;  // can be hit automatically
  counter_.out.send(std::move(tick));
}

void DataDesk::size(std::int32_t id, std::int32_t type, std::int64_t value) {
  protocol::TickSize tick;
  tick.req_id = id;
  tick.tick_type = type;
  tick.size = Decimal(value);
  counter_.out.send(std::move(tick));
}

void DataDesk::last_timestamp(std::int32_t id, const Quote& quote) {
  protocol::TickString tick;
  tick.req_id = id;
  tick.tick_type = kLastTimestamp;
  tick.value = std::to_string(quote.last_time);
  counter_.out.send(std::move(tick));
}

void DataDesk::send_all(std::int32_t id, const Instrument& instrument, const Quote& quote) {
  protocol::MarketDataType type;
  type.req_id = id;
  type.market_data_type = kLive;
  counter_.out.send(std::move(type));
  protocol::TickReqParams params;
  params.req_id = id;
  params.min_tick = instrument.details.min_tick;
  params.bbo_exchange = "9c0001";
  params.snapshot_permissions = 3;
  counter_.out.send(std::move(params));

  price(id, kBid, quote.bid, quote.bid_size);
  price(id, kAsk, quote.ask, quote.ask_size);
  if (instrument.has_trades) {
    last_timestamp(id, quote);
    price(id, kLast, quote.last, quote.last_size);
    size(id, kVolume, quote.volume);
    price(id, kOpen, quote.open, 0);
  }
  price(id, kHigh, quote.high, 0);
  price(id, kLow, quote.low, 0);
  price(id, kClose, quote.close, 0);
  protocol::TickGeneric halted;
  halted.req_id = id;
  halted.tick_type = kHalted;
  halted.value = 0;
  counter_.out.send(std::move(halted));
}

void DataDesk::answer(const protocol::MarketDataRequest& request) {
  const std::int32_t id = request.req_id.value_or(0);
  const Instrument* instrument = admit(id, request.contract);
  if (instrument == nullptr) return;
  const Quote& quote = counter_.world.market.quote(*instrument);
  send_all(id, *instrument, quote);
  if (!request.snapshot.value_or(false) && !request.regulatory_snapshot.value_or(false)) {
    quotes_.emplace(id, QuoteStream{instrument, quote});
    return;
  }
  protocol::TickSnapshotEnd end;
  end.req_id = id;
  counter_.out.send(std::move(end));
}

void DataDesk::answer(const protocol::CancelMarketData& request) {
  const std::int32_t id = request.req_id.value_or(0);
  if (quotes_.erase(id) == 0) unknown(id);
}

/// The mock has live data for everything, so the choice changes nothing; TWS does not answer it either.
void DataDesk::answer(const protocol::MarketDataTypeRequest& request) {
  const std::int32_t type = request.market_data_type.value_or(0);
  if (type < 1 || type > 4)
    counter_.out.error(-1, 321, "Error validating request.-'ch' : cause - Invalid market data type");
}

void DataDesk::answer(const protocol::TickByTickRequest& request) {
  const std::int32_t id = request.req_id.value_or(0);
  const auto type = std::find(kTickByTickTypes.begin() + 1, kTickByTickTypes.end(), request.tick_type.value_or(""));
  if (type == kTickByTickTypes.end())
    return counter_.out.error(id, 321, "Error validating request.-'cm' : cause - Invalid tick-by-tick type");
  if (request.number_of_ticks.value_or(0) != 0) {
    return counter_.out.error(
        id, 322,
        "Error processing request.-'cm' : cause - The mock TWS has no past tick-by-tick data; ask for 0 ticks");
  }
  const Instrument* instrument = admit(id, request.contract);
  if (instrument == nullptr) return;
  const auto number = static_cast<std::int32_t>(type - kTickByTickTypes.begin());
  ticks_.emplace(id, TickStream{instrument, number, counter_.world.market.quote(*instrument)});
}

void DataDesk::answer(const protocol::CancelTickByTick& request) {
  const std::int32_t id = request.req_id.value_or(0);
  if (ticks_.erase(id) == 0) unknown(id);
}

void DataDesk::answer(const protocol::RealTimeBarsRequest& request) {
  const std::int32_t id = request.req_id.value_or(0);
  const Instrument* instrument = admit(id, request.contract);
  if (instrument == nullptr) return;
  bars_.emplace(id, BarStream{instrument, (counter_.world.market.now() / kBarSeconds + 1) * kBarSeconds});
}

void DataDesk::answer(const protocol::CancelRealTimeBars& request) {
  const std::int32_t id = request.req_id.value_or(0);
  if (bars_.erase(id) == 0) unknown(id);
}

void DataDesk::push_quote(std::int32_t id, QuoteStream& stream) {
  const Quote& now = counter_.world.market.quote(*stream.instrument);
  const Quote& was = stream.shown;
  if (now.bid != was.bid) {
    price(id, kBid, now.bid, now.bid_size);
  } else if (now.bid_size != was.bid_size) {
    size(id, kBidSize, now.bid_size);
  }
  if (now.ask != was.ask) {
    price(id, kAsk, now.ask, now.ask_size);
  } else if (now.ask_size != was.ask_size) {
    size(id, kAskSize, now.ask_size);
  }
  if (stream.instrument->has_trades && now.volume != was.volume) {
    last_timestamp(id, now);
    if (now.last != was.last) {
      price(id, kLast, now.last, now.last_size);
    } else {
      size(id, kLastSize, now.last_size);
    }
    size(id, kVolume, now.volume);
  }
  if (now.high != was.high) price(id, kHigh, now.high, 0);
  if (now.low != was.low) price(id, kLow, now.low, 0);
  stream.shown = now;
}

void DataDesk::push_tick(std::int32_t id, TickStream& stream) {
  const Quote& now = counter_.world.market.quote(*stream.instrument);
  protocol::TickByTickData tick;
  tick.req_id = id;
  tick.tick_type = stream.type;
  const bool traded = now.volume != stream.shown.volume;
  stream.shown = now;
  switch (stream.type) {
    case 1:
    case 2: {
      if (!traded) return;
      auto& last = tick.historical_tick_last.emplace();
      last.time = now.last_time;
      last.tick_attrib_last.emplace();
      last.price = now.last;
      last.size = Decimal(now.last_size);
      last.exchange = "ISLAND";
      last.special_conditions = "";
      break;
    }
    case 3: {
      auto& quote = tick.historical_tick_bid_ask.emplace();
      quote.time = counter_.world.market.now();
      quote.tick_attrib_bid_ask.emplace();
      quote.price_bid = now.bid;
      quote.price_ask = now.ask;
      quote.size_bid = Decimal(now.bid_size);
      quote.size_ask = Decimal(now.ask_size);
      break;
    }
    default: {
      auto& middle = tick.historical_tick_mid_point.emplace();
      middle.time = counter_.world.market.now();
      middle.price = now.mid();
      middle.size = Decimal(0);
    }
  }
  counter_.out.send(std::move(tick));
}

void DataDesk::push_bar(std::int32_t id, BarStream& stream) {
  const Market& market = counter_.world.market;
  if (market.now() < stream.next) return;
  const Seconds begins = stream.next - kBarSeconds;
  stream.next = (market.now() / kBarSeconds + 1) * kBarSeconds;
  protocol::RealTimeBarTick bar;
  bar.req_id = id;
  bar.time = begins;
  bar.open = market.price_at(*stream.instrument, begins);
  bar.close = market.quote(*stream.instrument).last;
  bar.high = std::max(*bar.open, *bar.close);
  bar.low = std::min(*bar.open, *bar.close);
  bar.volume = Decimal(market.volume_between(*stream.instrument, begins, begins + kBarSeconds));
  bar.wap = Decimal::from_double((*bar.open + *bar.close) / 2, 3);
  bar.count = 10;
  counter_.out.send(std::move(bar));
}

void DataDesk::lose_all() {
  quotes_.clear();
  ticks_.clear();
  bars_.clear();
}

void DataDesk::push() {
  for (auto& [id, stream] : quotes_) push_quote(id, stream);
  for (auto& [id, stream] : ticks_) push_tick(id, stream);
  for (auto& [id, stream] : bars_) push_bar(id, stream);
}

}  // namespace ibkr::mock
