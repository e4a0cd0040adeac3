#include "protocol/fields.h"

#include <algorithm>

#include "protocol/decimal.h"
#include "protocol/scalar.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

bool is_scalar(Kind kind) {
  switch (kind) {
    case Kind::Int32:
    case Kind::Int64:
    case Kind::Double:
    case Kind::Bool:
    case Kind::Decimal:
    case Kind::String:
      return true;
    case Kind::Struct:
    case Kind::Int32List:
    case Kind::DoubleList:
    case Kind::StringList:
    case Kind::StructList:
      return false;
  }
  return false;
}

std::optional<std::int64_t> integer_in(const FieldInfo& field, const void* object) {
  if (!is_set(field, object)) return std::nullopt;
  switch (field.kind) {
    case Kind::Int32:
      return member<std::int32_t>(field, object);
    case Kind::Int64:
      return member<std::int64_t>(field, object);
    case Kind::Bool:
      return member<bool>(field, object);
    case Kind::Double:
    case Kind::Decimal:
    case Kind::String:
    case Kind::Struct:
    case Kind::Int32List:
    case Kind::DoubleList:
    case Kind::StringList:
    case Kind::StructList:
      break;
  }
  return std::nullopt;
}

struct Walk {
  const std::function<void(FieldRef, std::string_view)>& visit;
  bool want_paths;
  std::string path;

  void object(const StructInfo& info, void* at) {
    const std::size_t length = path.size();
    for (const FieldInfo& field : info.fields) {
      if (want_paths) (path += length == 0 ? "" : ".") += field.name;
      one(field, at);
      path.resize(length);
    }
  }

  void one(const FieldInfo& field, void* at) {
    if (is_scalar(field.kind)) return visit(FieldRef(field, at), path);
    if (field.kind == Kind::Struct) {
      if (const void* inner = part(field, at)) object(*field.type, const_cast<void*>(inner));
    } else if (field.kind == Kind::StructList) {
      const void* where = &member<char>(field, at);
      const std::size_t size = field.type->ops->size(where);
      const std::size_t length = path.size();
      for (std::size_t i = 0; i < size; ++i) {
        if (want_paths) path += "[" + std::to_string(i) + "]";
        object(*field.type, const_cast<void*>(field.type->ops->at(where, i)));
        path.resize(length);
      }
    }
  }
};

}  // namespace

std::string scalar_text(const FieldInfo& field, const void* object) {
  if (field.kind == Kind::Bool) {
    const bool* value = value_of<bool>(field, object);
    return !value ? "" : *value ? "true" : "false";
  }
  std::string text;
  append_scalar(text, field, Spelling::Blank, 0, object);
  return text;
}

bool FieldRef::is_set() const { return protocol::is_set(*info_, object_); }

void FieldRef::unset() { protocol::unset(*info_, object_); }

std::optional<std::int64_t> FieldRef::integer() const { return integer_in(*info_, object_); }

void FieldRef::set_integer(std::int64_t value) {
  if (info_->kind == Kind::Int32) set<std::int32_t>(*info_, object_) = static_cast<std::int32_t>(value);
  if (info_->kind == Kind::Int64) set<std::int64_t>(*info_, object_) = value;
  if (info_->kind == Kind::Bool) set<bool>(*info_, object_) = value != 0;
}

std::optional<std::string_view> FieldRef::text() const {
  if (info_->kind != Kind::String) return std::nullopt;
  const auto* value = value_of<std::string>(*info_, object_);
  return value ? std::optional<std::string_view>(*value) : std::nullopt;
}

void FieldRef::set_text(std::string_view value) {
  if (info_->kind == Kind::String) set<std::string>(*info_, object_) = value;
}

std::string FieldRef::to_string() const { return scalar_text(*info_, object_); }

void for_each_field(Message& message, const std::function<void(FieldRef, std::string_view)>& visit, bool want_paths) {
  Walk{visit, want_paths, {}}.object(*message.type().body, message.body());
}

Role role_of(const FieldInfo& field, const void* object) {
  if (field.beside == nullptr) return field.role;
  const auto* text = value_of<std::string>(*field.beside->field, object);
  const auto& values = field.beside->values;
  return text != nullptr && std::find(values.begin(), values.end(), *text) != values.end() ? field.role : Role::None;
}

}  // namespace ibkr::protocol
