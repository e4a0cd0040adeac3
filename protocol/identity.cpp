#include "protocol/identity.h"

#include <algorithm>
#include <string>

#include "protocol/fields.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

/// The value at the first path with the role that leads to one.
template <class Read>
auto first(const Message& message, Role role, const Read& read)
    -> decltype(read(std::declval<const FieldInfo&>(), nullptr)) {
  for (const IdPath& path : message.type().ids) {
    if (path.role != role || path.in_list) continue;
    const void* object = message.body();
    for (const FieldInfo* step : path.steps.first(path.steps.size() - 1)) object = part(*step, object);
    if (const auto value = read(*path.steps.back(), object)) return value;
  }
  return std::nullopt;
}

}  // namespace

bool has_role(const MessageInfo& type, Role role) {
  return std::ranges::any_of(type.ids, [&](const IdPath& path) { return path.role == role && !path.in_list; });
}

std::optional<std::int64_t> integer_with_role(const Message& message, Role role) {
  return first(message, role, [](const FieldInfo& field, const void* object) -> std::optional<std::int64_t> {
    if (field.kind == Kind::Int32) {
      const auto* value = value_of<std::int32_t>(field, object);
      return value ? std::optional<std::int64_t>(*value) : std::nullopt;
    }
    const auto* value = field.kind == Kind::Int64 ? value_of<std::int64_t>(field, object) : nullptr;
    return value ? std::optional(*value) : std::nullopt;
  });
}

void set_integer_with_role(Message& message, Role role, std::int64_t value) {
  for (const IdPath& path : message.type().ids) {
    if (path.role != role || path.in_list || path.steps.size() != 1) continue;
    return FieldRef(*path.steps.front(), message.body()).set_integer(value);
  }
}

std::optional<std::string_view> text_with_role(const Message& message, Role role) {
  return first(message, role, [](const FieldInfo& field, const void* object) -> std::optional<std::string_view> {
    const auto* value = field.kind == Kind::String ? value_of<std::string>(field, object) : nullptr;
    return value ? std::optional<std::string_view>(*value) : std::nullopt;
  });
}

std::int32_t error_id(const Message& request) {
  auto id = integer_with_role(request, Role::RequestId);
  if (!id) id = integer_with_role(request, Role::OrderId);
  return static_cast<std::int32_t>(id.value_or(-1));
}

std::string key_of(const Message& message) {
  for (const IdPath& path : message.type().ids) {
    const FieldInfo& field = *path.steps.back();
    if (!field.key || path.steps.size() != 1) continue;
    if (const auto* number = field.kind == Kind::Int32 ? value_of<std::int32_t>(field, message.body()) : nullptr) {
      return std::to_string(*number);
    }
    if (const auto* text = field.kind == Kind::String ? value_of<std::string>(field, message.body()) : nullptr) {
      return *text;
    }
  }
  return "";
}

}  // namespace ibkr::protocol
