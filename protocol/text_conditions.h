// The conditions of a text layout, which the decoder, the encoder and the random maker share.
#pragma once

#include <algorithm>
#include <array>

#include "protocol/schema.h"

namespace ibkr::protocol {

/// What a layout's conditions look at while it runs.
struct TextScope {
  int server_version;
  int message_version = 1 << 30;  ///< a message without a version field counts as the newest
  /// By slot; null where the struct is not there. The encoder's are not written through.
  std::array<void*, kMaxTextSlots> objects;

  TextScope(int version, std::size_t slots, void* body) : server_version(version) {
    std::fill_n(objects.begin(), slots, nullptr);
    objects[0] = body;
  }
};

/// True when the op's since and until admit the server version.
inline bool applies(const TextOp& op, int server_version) {
  return server_version >= op.since && (op.until == 0 || server_version < op.until);
}

bool holds(const Condition& condition, const TextScope& scope);

inline bool hold(std::span<const Condition> conditions, const TextScope& scope) {
  for (const Condition& condition : conditions) {
    if (condition.code == ConditionCode::MessageVersion &&
        condition.compare == Compare::GreaterEqual) {  // the usual one
      if (scope.message_version < static_cast<int>(condition.number)) return false;
    } else if (!holds(condition, scope)) {
      return false;
    }
  }
  return true;
}

}  // namespace ibkr::protocol
