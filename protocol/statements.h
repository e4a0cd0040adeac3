// Statements: what a message says, one value at a time, in one spelling for equal values. What says nothing is left
// out: unset fields, what says no more than unset does (zero, false and "" unless the description names another value),
// and the parameters of a feature that is off. Unknown content is said too. Two messages of one type that say the same
// are the same request, however their clients spelled it.
#pragma once

#include <string_view>
#include <type_traits>

#include "protocol/message.h"

namespace ibkr::protocol {

/// One value of a message. Valid during the call that gets it.
struct Statement {
  /// "order.lmt_price", "conditions[1].price"; "conditions.size" counts a list's elements. What the description does
  /// not know: "order.unknown_fields.200" by protobuf's number, "trailing[0]" behind the last field of a text,
  /// "verbatim[12]" in a place of a text that no field has.
  std::string_view path;
  /// As people write it, whole numbers without a point: "100" for 100, 100.0 and 1e2. Unknown content is raw bytes.
  std::string_view value;
  Role role = Role::None;            ///< with what stands beside the field taken into account
  const FieldInfo* field = nullptr;  ///< null where the description does not know it
};

/// Calls `visit` for each statement, in the order of the description, unknown content of a struct behind its fields.
void for_each_statement(const Message& message, void (*visit)(void* context, const Statement&), void* context);
template <class Visit>
void for_each_statement(const Message& message, Visit&& visit) {
  using Visitor = std::remove_reference_t<Visit>;
  for_each_statement(
      message, [](void* context, const Statement& said) { (*static_cast<Visitor*>(context))(said); }, &visit);
}

}  // namespace ibkr::protocol
