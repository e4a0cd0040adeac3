// The conditions of a text layout, which the decoder, the encoder and the random maker share.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "protocol/schema.h"

namespace ibkr::protocol {

/// What a layout's conditions look at while it runs. `Object` is void where the layout fills the message, const void
/// where it reads it.
template <class Object>
struct TextScope {
  int server_version;
  int message_version = 1 << 30;               ///< a message without a version field counts as the newest
  std::array<Object*, kMaxTextSlots> objects;  ///< by slot; null where the struct is not there

  TextScope(int version, std::size_t slots, Object* body) : server_version(version) {
    objects[0] = body;
    if (slots > 1) std::fill_n(objects.begin() + 1, slots - 1, nullptr);
  }

  /// What text says of the message's own version; numbers beyond an int are as new, or as old, as can be.
  void set_message_version(std::int64_t number) {
    message_version = static_cast<int>(std::clamp<std::int64_t>(number, 0, std::numeric_limits<int>::max()));
  }

  /// Moves a repeat's slot to an element; structs below it start absent again.
  void enter(std::span<const TextSlot> slots, std::size_t slot, Object* element) {
    objects[slot] = element;
    for (std::size_t below = slot + 1; below < slots.size(); ++below) {
      const std::size_t parent = slots[below].parent;
      if (parent >= slot && (parent == slot || objects[parent] == nullptr)) objects[below] = nullptr;
    }
  }
};

/// True when the op's since and until admit the server version.
inline bool applies(const TextOp& op, int server_version) {
  return server_version >= op.since && (op.until == 0 || server_version < op.until);
}

/// `object` is the struct that the condition looks into, null where it is not there. Conditions only read.
bool holds(const Condition& condition, int server_version, int message_version, const void* object);

template <class Object>
inline bool hold(std::span<const Condition> conditions, const TextScope<Object>& scope) {
  return std::ranges::all_of(conditions, [&](const Condition& condition) {
    return holds(condition, scope.server_version, scope.message_version, scope.objects[condition.slot]);
  });
}

/// True when the body of an If is to be run.
template <class Object>
inline bool enters(const TextOp& op, const TextScope<Object>& scope) {
  return op.number != kConditions ? scope.message_version >= op.number : hold(op.detail->conditions, scope);
}

}  // namespace ibkr::protocol
