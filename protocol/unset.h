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

/// The largest double, and what is left of it after printf's %g, which writes six digits.
inline constexpr double kLeastUnsetDouble = 1.79769e308;
inline bool means_unset(double value) { return value >= kLeastUnsetDouble && value <= kUnsetDouble; }
inline bool means_unset(const Decimal& value) { return value.is_unset_mark(); }

}  // namespace ibkr::protocol
