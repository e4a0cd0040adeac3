// The conditions of a text layout, which the decoder, the encoder and the random maker share.
#pragma once

#include <array>

#include "protocol/schema.h"

namespace ibkr::protocol {

/// What a layout's conditions look at while it runs.
struct TextScope {
  int server_version = 0;
  int message_version = 1 << 30;  ///< a message without a version field counts as the newest
  std::array<const void*, kMaxTextSlots> objects{};  ///< by slot; null where the struct is not there
};

/// True when the op's since and until admit the server version.
inline bool applies(const TextOp& op, int server_version) {
  return server_version >= op.since && (op.until == 0 || server_version < op.until);
}

bool holds(const Condition& condition, const TextScope& scope);

inline bool hold(std::span<const Condition> conditions, const TextScope& scope) {
  for (const Condition& condition : conditions) {
    if (!holds(condition, scope)) return false;
  }
  return true;
}

}  // namespace ibkr::protocol
