#include "protocol/ties.h"

#include <algorithm>
#include <string>

#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

template <class T>
void copy(const FieldInfo& from, const Message& request, const FieldInfo& to, Message& about) {
  if (const T* value = value_of<T>(from, request.body())) set<T>(to, about.body()) = *value;
}

/// Ids have one name in a request and in its answers; keys may have two.
bool ties(const FieldInfo& asked, const FieldInfo& other) {
  if (asked.kind != other.kind) return false;
  return asked.name == other.name || (asked.key && other.key);
}

}  // namespace

void copy_ties(const Message& request, Message& about) {
  const auto& asked = request.type().body->fields;
  for (const FieldInfo& field : about.type().body->fields) {
    const auto same = std::ranges::find_if(asked, [&](const FieldInfo& other) { return ties(other, field); });
    if (same == asked.end()) continue;
    if (field.kind == Kind::Int32) copy<std::int32_t>(*same, request, field, about);
    if (field.kind == Kind::String) copy<std::string>(*same, request, field, about);
  }
}

}  // namespace ibkr::protocol
