// Numbers that clients and TWS write where they mean no number, alike on both wires.
#pragma once

#include <cstdint>
#include <limits>

#include "protocol/decimal.h"
#include "protocol/schema.h"

namespace ibkr::protocol {

inline constexpr double kUnsetDouble = std::numeric_limits<double>::max();
inline constexpr std::int32_t kUnsetInt32 = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int64_t kUnsetInt64 = std::numeric_limits<std::int64_t>::max();

/// False for ids that the app chooses, which may be the largest number there is.
constexpr bool has_unset_mark(Role role) {
  return role != Role::RequestId && role != Role::OrderId && role != Role::RequestOrOrderId && role != Role::ClientId;
}

inline bool means_unset(double value) { return value == kUnsetDouble; }
inline bool means_unset(const Decimal& value) { return value.is_unset_mark(); }

}  // namespace ibkr::protocol
