#include "mock/pacing.h"

#include "protocol/catalogue.h"
#include "protocol/codec.h"

namespace ibkr::mock {
namespace {

constexpr std::int64_t kSecond = 1000000000;
constexpr std::size_t kMessagesPerSecond = 50;
constexpr std::size_t kQueries = 60;
constexpr std::int64_t kQueryWindow = 600 * kSecond;
constexpr std::int64_t kSameQuery = 15 * kSecond;
constexpr std::int64_t kSameSeries = 2 * kSecond;
constexpr std::size_t kQueriesOfSeries = 5;

void forget_before(std::deque<std::int64_t>& moments, std::int64_t when) {
  while (!moments.empty() && moments.front() <= when) moments.pop_front();
}

/// A request's bytes, to compare it by.
std::string written(protocol::HistoricalDataRequest request) {
  request.req_id = 0;
  std::string payload;
  (void)protocol::encode(protocol::Message(std::move(request)), protocol::kMaxServerVersion, payload);
  return payload;
}

std::string series_of(const protocol::HistoricalDataRequest& request) {
  protocol::HistoricalDataRequest series;
  series.contract = request.contract;
  series.what_to_show = request.what_to_show;
  return written(std::move(series));
}

Refusal violation() {
  return {162, "Historical Market Data Service error message:Historical data request pacing violation"};
}

}  // namespace

std::optional<Refusal> Pacing::check(const protocol::Message& request, std::int64_t now_ns) {
  forget_before(messages_, now_ns - kSecond);
  messages_.push_back(now_ns);
  if (const std::size_t received = messages_.size(); received > kMessagesPerSecond) {
    messages_.pop_back();
    ++strikes_;
    return Refusal{100, "Max rate of messages per second has been exceeded:max=50 rec=" + std::to_string(received) +
                            " (" + std::to_string(strikes_) + ")"};
  }
  if (const auto* history = request.get_if<protocol::HistoricalDataRequest>()) return check_history(*history, now_ns);
  if (request.get_if<protocol::RealTimeBarsRequest>() != nullptr) return check_bars(now_ns);
  return std::nullopt;
}

std::optional<Refusal> Pacing::check_history(const protocol::HistoricalDataRequest& request, std::int64_t now_ns) {
  if (request.bar_size_setting.value_or("").find("sec") == std::string::npos) return std::nullopt;  // up to 30 secs
  while (!queries_.empty() && queries_.front().at_ns <= now_ns - kQueryWindow) queries_.pop_front();
  Query query{now_ns, request.what_to_show == "BID_ASK" ? 2U : 1U, written(request), series_of(request)};
  std::size_t weight = query.weight;
  std::size_t of_series = 0;
  for (const Query& earlier : queries_) {
    weight += earlier.weight;
    if (earlier.whole == query.whole && earlier.at_ns > now_ns - kSameQuery) return violation();
    if (earlier.series == query.series && earlier.at_ns > now_ns - kSameSeries) ++of_series;
  }
  if (of_series >= kQueriesOfSeries || weight > kQueries) return violation();
  queries_.push_back(std::move(query));
  return std::nullopt;
}

std::optional<Refusal> Pacing::check_bars(std::int64_t now_ns) {
  forget_before(bars_, now_ns - kQueryWindow);
  if (bars_.size() >= kQueries) return Refusal{420, "Invalid Real-time Query:Historical data request pacing violation"};
  bars_.push_back(now_ns);
  return std::nullopt;
}

}  // namespace ibkr::mock
