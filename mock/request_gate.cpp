#include "mock/request_gate.h"

#include "protocol/identity.h"
#include "protocol/relations.h"

namespace ibkr::mock {

using protocol::Message;

namespace {

bool is_for_market_data(const Message& request) {
  return request.get_if<protocol::MarketDataRequest>() != nullptr ||
         request.get_if<protocol::TickByTickRequest>() != nullptr ||
         request.get_if<protocol::RealTimeBarsRequest>() != nullptr;
}

}  // namespace

bool RequestGate::admits(const Message& request) {
  return keeps_pace(request) && has_history(request) && has_data(request) && has_farm(request);
}

bool RequestGate::refuse(const Message& request, Refusal refusal) {
  out_.error(protocol::error_id(request), refusal.code, std::move(refusal.text));
  return false;
}

bool RequestGate::keeps_pace(const Message& request) {
  constexpr std::int32_t kMessageRate = 100;
  if (!faults_.is_under_way(FaultKind::Pacing)) return true;
  auto refusal = pacing_.check(request, faults_.now_ns());
  if (!refusal) return true;
  faults_.use(FaultKind::Pacing);
  if (refusal->code != kMessageRate) return refuse(request, std::move(*refusal));
  out_.error(-1, refusal->code, std::move(refusal->text));
  return false;
}

bool RequestGate::has_history(const Message& request) {
  if (request.get_if<protocol::HistoricalDataRequest>() == nullptr) return true;
  if (faults_.use(FaultKind::HistoryFarmBroken) == nullptr) return true;
  return refuse(request, {162,
                          "Historical Market Data Service error message:HMDS server disconnect occurred.  Attempting "
                          "reconnection..."});
}

/// Nothing answers a request for quotes while their farm is gone, not even an error.
bool RequestGate::has_farm(const Message& request) {
  constexpr std::size_t kMostWaiting = 1000;
  if (!faults_.is_under_way(FaultKind::LinkLost) && !faults_.is_under_way(FaultKind::DataFarmBroken)) return true;
  const auto* cancelled = protocol::cancelled_by(request);
  const bool was_waiting =
      std::erase_if(waiting_, [&](const Message& earlier) {
        return &earlier.type() == cancelled && protocol::error_id(earlier) == protocol::error_id(request);
      }) > 0;
  if (was_waiting) return false;
  if (!is_for_market_data(request)) return true;
  if (waiting_.size() < kMostWaiting) waiting_.push_back(request);
  return false;
}

bool RequestGate::has_data(const Message& request) {
  if (const auto* type = request.get_if<protocol::MarketDataTypeRequest>())
    delayed_.choose(type->market_data_type.value_or(1));
  if (const auto* cancel = request.get_if<protocol::CancelMarketData>()) delayed_.forget(cancel->req_id.value_or(0));
  if (const auto* quotes = request.get_if<protocol::MarketDataRequest>()) {
    const std::int32_t id = quotes->req_id.value_or(0);
    delayed_.forget(id);
    return faults_.use(FaultKind::DelayedData) == nullptr || delayed_.admit(id, out_);
  }
  const bool ticks = request.get_if<protocol::TickByTickRequest>() != nullptr;
  const bool bars = request.get_if<protocol::RealTimeBarsRequest>() != nullptr;
  if ((!ticks && !bars) || faults_.use(FaultKind::DelayedData) == nullptr) return true;
  if (ticks)
    return refuse(request, {10189, "Failed to request tick-by-tick data:No market data permissions for this contract"});
  return refuse(request, {420, "Invalid Real-time Query:No market data permissions for this contract"});
}

}  // namespace ibkr::mock
