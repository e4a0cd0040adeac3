#include "mock/history.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace ibkr::mock {
namespace {

using protocol::Decimal;

constexpr std::int64_t kMostBars = 20000;
constexpr Seconds kWeek = 7 * kDay;
constexpr Seconds kMonth = 30 * kDay;

constexpr std::pair<std::string_view, Seconds> kBarSizes[] = {
    {"1 secs", 1},          {"5 secs", 5},          {"10 secs", 10},        {"15 secs", 15},   {"30 secs", 30},
    {"1 min", 60},          {"2 mins", 120},        {"3 mins", 180},        {"5 mins", 300},   {"10 mins", 600},
    {"15 mins", 900},       {"20 mins", 1200},      {"30 mins", 1800},      {"1 hour", kHour}, {"2 hours", 2 * kHour},
    {"3 hours", 3 * kHour}, {"4 hours", 4 * kHour}, {"8 hours", 8 * kHour}, {"1 day", kDay},   {"1 week", kWeek},
    {"1 month", kMonth},    {"1 sec", 1},           {"1 W", kWeek},         {"1 M", kMonth},   {"1W", kWeek},
    {"1M", kMonth},         {"1 hours", kHour},     {"1 mins", 60},         {"1 days", kDay},
};
constexpr std::size_t kNamedInError = 21;  // the spellings after these are taken too, and not advertised

constexpr std::pair<std::string_view, Show> kShows[] = {
    {"TRADES", Show::Trades},    {"ADJUSTED_LAST", Show::Trades},
    {"AGGTRADES", Show::Trades}, {"MIDPOINT", Show::Midpoint},
    {"BID", Show::Bid},          {"ASK", Show::Ask},
    {"BID_ASK", Show::BidAsk},   {"SCHEDULE", Show::Schedule},
};

template <class Pairs>
auto lookup(const Pairs& pairs, std::string_view name) {
  const auto found =
      std::find_if(std::begin(pairs), std::end(pairs), [&](const auto& pair) { return pair.first == name; });
  return found == std::end(pairs) ? std::nullopt : std::optional(found->second);
}

Unexpected<Refusal> invalid(const std::string& cause) {
  return Unexpected(Refusal{321, "Error validating request.-'bN' : cause - " + cause});
}

Unexpected<Refusal> unavailable(const std::string& cause) {
  return Unexpected(Refusal{162, "Historical Market Data Service error message:" + cause});
}

std::string legal_bar_sizes() {
  std::string text;
  for (std::size_t i = 0; i < kNamedInError; ++i) text.append(i == 0 ? "" : ", ").append(kBarSizes[i].first);
  return text;
}

/// Sets the query's start from "3 D"; false where it has another form.
bool read_duration(std::string_view text, HistoryQuery& query) {
  std::int64_t amount = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (error != std::errc() || amount <= 0 || amount > 100000) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.size() != 1) return false;
  switch (text.front()) {
    case 'S':
      query.traded_seconds = amount;
      query.from = query.to - amount;
      return amount <= kDay;
    case 'D':
      query.sessions = amount;
      query.from = query.to - amount * kDay;
      return amount <= 365;
    case 'W':
      query.from = query.to - amount * kWeek;
      return amount <= 520;
    case 'M':
      query.from = query.to - amount * kMonth;
      return amount <= 120;
    case 'Y':
      query.from = query.to - amount * 365 * kDay;
      return amount <= 20;
    default:
      return false;
  }
}

/// Bars begin at round times of the day: the first of a session that opens at 9:30 ends at 10:00 when they are hours.
/// The sum with a day keeps sessions that open in the evening before away from division below zero.
Seconds next_bar(const TradingSession& session, Seconds when, Seconds bar) {
  const Seconds grid = session.day - kDay;
  return grid + ((when - grid) / bar + 1) * bar;
}

/// The price to show, away from the traded one by half a spread where it is a quote.
double shown(const Market& market, const Instrument& instrument, Seconds when, Show show) {
  const double price = market.price_at(instrument, when);
  switch (show) {
    case Show::Trades:
    case Show::Bid:
    case Show::BidAsk:
    case Show::Schedule:
      return price;
    case Show::Midpoint:
      return price + instrument.tick / 2;
    case Show::Ask:
      return price + instrument.tick;
  }
  return price;
}

Bar make_bar(const Market& market, const Instrument& instrument, const HistoryQuery& query, Seconds begins,
             Seconds ends) {
  constexpr int kSamples = 8;
  Bar bar;
  bar.begins = begins;
  bar.open = bar.high = bar.low = shown(market, instrument, begins, query.show);
  double sum = bar.open;
  for (int i = 1; i <= kSamples; ++i) {
    bar.close = shown(market, instrument, begins + (ends - begins) * i / kSamples, query.show);
    bar.high = std::max(bar.high, bar.close);
    bar.low = std::min(bar.low, bar.close);
    sum += bar.close;
  }
  bar.wap = sum / (kSamples + 1);
  bar.volume = market.volume_between(instrument, begins, std::max(ends, begins + 1));
  bar.count = static_cast<std::int32_t>(std::min<std::int64_t>(bar.volume / instrument.lot, 1000000)) + 1;
  return bar;
}

void add(Bar& sum, const Bar& next) {
  sum.high = std::max(sum.high, next.high);
  sum.low = std::min(sum.low, next.low);
  sum.close = next.close;
  sum.wap = (sum.wap + next.wap) / 2;
  sum.volume += next.volume;
  sum.count += next.count;
}

/// Sessions with the same key make one bar.
std::int64_t group_of(const TradingSession& session, Seconds bar) {
  if (bar == kDay) return session.day;
  if (bar == kWeek) return (session.day + 3 * kDay) / kWeek;
  const std::string date = eastern_date(session.day);
  std::int64_t month = 0;
  std::from_chars(date.data(), date.data() + 6, month);
  return month;
}

std::optional<TradingSession> session_on(const Instrument& instrument, Seconds midnight, bool regular) {
  const int weekday = eastern_weekday(midnight);
  if (weekday == 0 || weekday == 6) return std::nullopt;
  const Hours hours = trading_hours(instrument, regular);
  return TradingSession{midnight + hours.opens, midnight + hours.closes, midnight};
}

}  // namespace

Expected<HistoryQuery, Refusal> read_history_request(const protocol::HistoricalDataRequest& request,
                                                     const Instrument& instrument, Seconds now) {
  HistoryQuery query;
  query.regular_hours = request.use_rth.value_or(false);
  query.epoch = request.format_date.value_or(1) == 2;
  const std::string end = request.end_date_time.value_or("");
  const auto to = end.empty() ? std::optional(now) : parse_time(end);
  if (!to) {
    return Unexpected(Refusal{10314, "The end \"" + end +
                                         "\" is no date and time; write 20261123 16:00:00 US/Eastern, or "
                                         "20261123-21:00:00 for UTC"});
  }
  query.to = std::min(*to, now);
  if (!end.empty() && request.keep_up_to_date.value_or(false)) return invalid("End time not allowed with keepUpToDate");
  const auto bar = lookup(kBarSizes, request.bar_size_setting.value_or(""));
  if (!bar) return invalid("Historical data bar size setting is invalid. Legal ones are: " + legal_bar_sizes());
  query.bar = *bar;
  const auto show = lookup(kShows, request.what_to_show.value_or(""));
  if (!show) return invalid("What to show field is missing or incorrect.");
  query.show = *show;
  if (!read_duration(request.duration.value_or(""), query)) {
    return invalid(
        "Historical data request for durations longer than 86400 seconds or 365 days must be made in larger "
        "units; the format is integer{SPACE}unit (S|D|W|M|Y).");
  }
  if (query.show == Show::Trades && !instrument.has_trades) {
    return unavailable("No historical data query found for " + *instrument.contract.local_symbol + "@" +
                       *instrument.contract.exchange + " Last");
  }
  return query;
}

std::vector<TradingSession> sessions_of(const Instrument& instrument, const HistoryQuery& query) {
  std::vector<TradingSession> found;
  Seconds traded = 0;
  // From tomorrow on, because a future's day begins in the evening before it.
  for (Seconds noon = eastern_midnight(query.to) + kDay + 12 * kHour;; noon -= kDay) {
    const Seconds midnight = eastern_midnight(noon);
    const auto session = session_on(instrument, midnight, query.regular_hours);
    if (query.sessions != 0 && static_cast<std::int64_t>(found.size()) == query.sessions) break;
    if (query.traded_seconds != 0 && traded >= query.traded_seconds) break;
    if (query.sessions == 0 && query.traded_seconds == 0 && midnight < eastern_midnight(query.from)) break;
    if (!session || session->opens >= query.to) continue;
    traded += std::min(session->closes, query.to) - session->opens;
    found.push_back(*session);
  }
  if (query.traded_seconds != 0) found.back().opens += traded - query.traded_seconds;
  std::reverse(found.begin(), found.end());
  return found;
}

Expected<std::vector<Bar>, Refusal> bars_of(const Market& market, const Instrument& instrument,
                                            const HistoryQuery& query) {
  std::vector<Bar> bars;
  std::int64_t last_group = std::numeric_limits<std::int64_t>::min();
  for (const TradingSession& session : sessions_of(instrument, query)) {
    const Seconds ends = std::min(session.closes, query.to);
    if (query.bar >= kDay) {
      Bar bar = make_bar(market, instrument, query, session.opens, ends);
      bar.day = session.day;
      const std::int64_t group = group_of(session, query.bar);
      if (group == last_group) {
        add(bars.back(), bar);
      } else {
        bars.push_back(bar);
      }
      last_group = group;
      continue;
    }
    if (static_cast<std::int64_t>(bars.size()) + (ends - session.opens) / query.bar > kMostBars)
      return unavailable("Time length exceed max.");
    for (Seconds at = session.opens; at < ends;) {
      const Seconds next = std::min(next_bar(session, at, query.bar), ends);
      bars.push_back(make_bar(market, instrument, query, at, next));
      bars.back().day = session.day;
      at = next;
    }
  }
  return bars;
}

Bar current_bar(const Market& market, const Instrument& instrument, const HistoryQuery& query) {
  const Seconds midnight = eastern_midnight(market.now());
  const Seconds begins = query.bar >= kDay ? midnight : midnight + (market.now() - midnight) / query.bar * query.bar;
  Bar bar = make_bar(market, instrument, query, begins, market.now());
  bar.day = midnight;
  return bar;
}

std::string history_time(Seconds when, int server_version) {
  constexpr int kTimesHaveZones = 174;
  return server_version >= kTimesHaveZones ? eastern_time(when) : eastern_time_without_zone(when);
}

protocol::HistoricalDataBar to_message(const Bar& bar, const HistoryQuery& query, int server_version) {
  protocol::HistoricalDataBar out;
  out.date = query.bar >= kDay ? eastern_date(bar.day)
             : query.epoch     ? std::to_string(bar.begins)
                               : history_time(bar.begins, server_version);
  out.open = bar.open;
  out.high = bar.high;
  out.low = bar.low;
  out.close = bar.close;
  const bool trades = query.show == Show::Trades;
  out.volume = trades ? Decimal(bar.volume) : Decimal(-1);
  out.wap = trades ? Decimal::from_double(bar.wap, 3) : Decimal(-1);
  out.bar_count = trades ? bar.count : -1;
  out.has_gaps = "false";
  return out;
}

}  // namespace ibkr::mock
