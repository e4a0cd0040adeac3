#include "mock/history_desk.h"

#include "mock/order_checks.h"

namespace ibkr::mock {
namespace {

using protocol::Decimal;

constexpr Seconds kUpdateEvery = 5;  // as a Gateway does, every 4 to 6 s
constexpr int kEndIsItsOwnMessage = 196;
constexpr Seconds kFirstTrade = 1074868200;  // a Friday of 2004, 9:30 in New York
constexpr const char* kFirstTradeUtc = "20040123-14:30:00";

}  // namespace

HistoryDesk::HistoryDesk(Counter counter, Handlers& handlers) : counter_(counter) {
  serve<protocol::HistoricalDataRequest, protocol::CancelHistoricalData, protocol::HeadTimestampRequest,
        protocol::CancelHeadTimestamp, protocol::HistogramDataRequest, protocol::CancelHistogramData>(handlers, *this);
}

void HistoryDesk::answer(const protocol::HistoricalDataRequest& request) {
  const std::int32_t id = request.req_id.value_or(0);
  const Market& market = counter_.world.market;
  if (live_.count(id) != 0) {
    return counter_.out.error(
        id, 322, "Error processing request.-'bN' : cause - Duplicate ticker ID for API historical data query");
  }
  const auto instrument = resolve(market, request.contract.value_or(protocol::Contract{}));
  if (!instrument) return counter_.out.error(id, instrument.error().code, instrument.error().text);
  const auto query = read_history_request(request, **instrument, market.now());
  if (!query) return counter_.out.error(id, query.error().code, query.error().text);
  if (query->show == Show::Schedule) return send_schedule(id, **instrument, *query);
  send_bars(id, **instrument, *query);
  if (request.keep_up_to_date.value_or(false))
    live_.emplace(id, LiveBars{*instrument, *query, market.now() + kUpdateEvery});
}

void HistoryDesk::send_bars(std::int32_t id, const Instrument& instrument, const HistoryQuery& query) {
  const auto bars = bars_of(counter_.world.market, instrument, query);
  if (!bars) return counter_.out.error(id, bars.error().code, bars.error().text);
  const int version = counter_.out.server_version();
  protocol::HistoricalData data;
  data.req_id = id;
  for (const Bar& bar : *bars) data.historical_data_bars.push_back(to_message(bar, query, version));
  protocol::HistoricalDataEnd end;
  end.req_id = id;
  end.start_date_str = history_time(query.from, version);
  end.end_date_str = history_time(query.to, version);
  if (version < kEndIsItsOwnMessage) {
    data.start_date = end.start_date_str;
    data.end_date = end.end_date_str;
  }
  counter_.out.send(std::move(data));
  counter_.out.send(std::move(end));  // left out where the version does not have it
}

void HistoryDesk::send_schedule(std::int32_t id, const Instrument& instrument, const HistoryQuery& query) {
  const auto sessions = sessions_of(instrument, query);
  protocol::HistoricalSchedule out;
  out.req_id = id;
  out.start_date_time = eastern_dashed(sessions.empty() ? query.from : sessions.front().opens);
  out.end_date_time = eastern_dashed(sessions.empty() ? query.to : sessions.back().closes);
  out.time_zone = kZone;
  for (const TradingSession& session : sessions) {
    protocol::HistoricalSession row;
    row.start_date_time = eastern_dashed(session.opens);
    row.end_date_time = eastern_dashed(session.closes);
    row.ref_date = eastern_date(session.day);
    out.historical_sessions.push_back(std::move(row));
  }
  counter_.out.send(std::move(out));
}

void HistoryDesk::answer(const protocol::CancelHistoricalData& request) {
  const std::int32_t id = request.req_id.value_or(0);
  if (live_.erase(id) == 0)
    return counter_.out.error(id, 366, "No historical data query found for ticker id:" + std::to_string(id));
  counter_.out.error(
      id, 162,
      "Historical Market Data Service error message:API historical data query cancelled: " + std::to_string(id));
}

void HistoryDesk::answer(const protocol::HeadTimestampRequest& request) {
  const std::int32_t id = request.req_id.value_or(0);
  const auto instrument = resolve(counter_.world.market, request.contract.value_or(protocol::Contract{}));
  if (!instrument) return counter_.out.error(id, instrument.error().code, instrument.error().text);
  protocol::HeadTimestamp out;
  out.req_id = id;
  out.head_timestamp = request.format_date.value_or(1) == 2 ? std::to_string(kFirstTrade) : kFirstTradeUtc;
  counter_.out.send(std::move(out));
}

void HistoryDesk::answer(const protocol::HistogramDataRequest& request) {
  constexpr int kLevels = 10;
  constexpr int kMiddleLevel = kLevels / 2;
  const std::int32_t id = request.req_id.value_or(0);
  const Market& market = counter_.world.market;
  const auto instrument = resolve(market, request.contract.value_or(protocol::Contract{}));
  if (!instrument) return counter_.out.error(id, instrument.error().code, instrument.error().text);
  protocol::HistogramData out;
  out.req_id = id;
  const double middle = market.quote(**instrument).mid();
  for (int i = 0; i < kLevels; ++i) {
    protocol::HistogramDataEntry entry;
    entry.price = on_tick(**instrument, middle + (i - kMiddleLevel) * (*instrument)->tick);
    entry.size = Decimal((*instrument)->lot * (kLevels - i));
    out.histogram_data_entries.push_back(std::move(entry));
  }
  counter_.out.send(std::move(out));
}

void HistoryDesk::lose_live() {
  for (const auto& [id, live] : live_) counter_.out.error(id, 10182, "Failed to request live updates (disconnected).");
  live_.clear();
}

void HistoryDesk::push() {
  const Market& market = counter_.world.market;
  for (auto& [id, live] : live_) {
    if (market.now() < live.next) continue;
    live.next = market.now() + kUpdateEvery;
    protocol::HistoricalDataUpdate update;
    update.req_id = id;
    update.historical_data_bar =
        to_message(current_bar(market, *live.instrument, live.query), live.query, counter_.out.server_version());
    counter_.out.send(std::move(update));
  }
}

}  // namespace ibkr::mock
