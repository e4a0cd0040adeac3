#include "protocol/empty_end.h"

#include <algorithm>
#include <string>

#include "protocol/relations.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

template <class T>
void copy(const FieldInfo& from, const Message& request, const FieldInfo& to, Message& answer) {
  if (const T* value = value_of<T>(from, request.body())) set<T>(to, answer.body()) = *value;
}

/// Ids have one name in a request and in its answers; keys may have two.
bool ties(const FieldInfo& asked, const FieldInfo& answered) {
  if (asked.kind != answered.kind) return false;
  return asked.name == answered.name || (asked.key && answered.key);
}

void copy_what_ties(const Message& request, Message& answer) {
  const auto& asked = request.type().body->fields;
  for (const FieldInfo& field : answer.type().body->fields) {
    const auto same = std::ranges::find_if(asked, [&](const FieldInfo& other) { return ties(other, field); });
    if (same == asked.end()) continue;
    if (field.kind == Kind::Int32) copy<std::int32_t>(*same, request, field, answer);
    if (field.kind == Kind::String) copy<std::string>(*same, request, field, answer);
  }
}

}  // namespace

std::optional<Message> empty_end(const Message& request, int server_version) {
  const auto ends = ends_of(request, server_version);
  if (ends.empty() || ends.front()->pushed) return std::nullopt;
  Message end(*ends.front());
  copy_what_ties(request, end);
  return end;
}

}  // namespace ibkr::protocol
