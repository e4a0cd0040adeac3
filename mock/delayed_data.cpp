#include "mock/delayed_data.h"

#include <algorithm>

#include "protocol/identity.h"

namespace ibkr::mock {
namespace {

constexpr std::int32_t kDelayed = 3;

struct Pair {
  std::int32_t live, delayed;
};
// Of the ticks that the mock sends.
constexpr Pair kTicks[] = {{1, 66}, {2, 67}, {4, 68}, {0, 69},  {3, 70},  {5, 71}, {6, 72},
                           {7, 73}, {8, 74}, {9, 75}, {14, 76}, {45, 88}, {49, 90}};

template <class Tick>
std::optional<protocol::Message> delayed_tick(const protocol::Message& message) {
  const Tick* live = message.get_if<Tick>();
  if (live == nullptr) return std::nullopt;
  Tick delayed = *live;
  const auto pair = std::ranges::find(kTicks, delayed.tick_type.value_or(-1), &Pair::live);
  if (pair != std::end(kTicks)) delayed.tick_type = pair->delayed;
  return protocol::Message(std::move(delayed));
}

}  // namespace

bool DelayedData::admit(std::int32_t request_id, Outbox& out) {
  if (type_ < kDelayed) {
    out.error(request_id, 354,
              "Requested market data is not subscribed.Delayed market data is available.Error&BEST/STK/Top");
    return false;
  }
  delayed_.insert(request_id);
  out.error(request_id, 10167, "Requested market data is not subscribed. Displaying delayed market data.");
  return true;
}

std::optional<protocol::Message> DelayedData::reworded(const protocol::Message& message) const {
  if (delayed_.empty()) return std::nullopt;
  const auto id = protocol::integer_with_role(message, protocol::Role::RequestId);
  if (!id || delayed_.count(static_cast<std::int32_t>(*id)) == 0) return std::nullopt;
  if (const auto* live = message.get_if<protocol::MarketDataType>()) {
    protocol::MarketDataType delayed = *live;
    delayed.market_data_type = type_;
    return protocol::Message(std::move(delayed));
  }
  if (auto price = delayed_tick<protocol::TickPrice>(message)) return price;
  if (auto size = delayed_tick<protocol::TickSize>(message)) return size;
  if (auto text = delayed_tick<protocol::TickString>(message)) return text;
  return delayed_tick<protocol::TickGeneric>(message);
}

}  // namespace ibkr::mock
