#include "protocol/fields.h"

#include <algorithm>
#include <cmath>

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

/// A scalar as people write it, "" when unset.
std::string scalar_text(const FieldInfo& field, const void* object) {
  if (field.kind == Kind::Bool) {
    const bool* value = value_of<bool>(field, object);
    return !value ? "" : *value ? "true" : "false";
  }
  std::string text;
  append_scalar(text, field, Spelling::Blank, 0, object);
  return text;
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

struct Comparison {
  bool unset_is_default;
  const FieldFilter& include;
  std::size_t limit;
  std::vector<Difference> differences;
  std::string path;

  /// Either object may be null: its fields count as unset.
  void objects(const StructInfo& info, const void* left, const void* right) {
    const std::size_t length = path.size();
    for (const FieldInfo& field : info.fields) {
      if (differences.size() >= limit) return;
      if (include && !include(field)) continue;
      (path += length == 0 ? "" : ".") += field.name;
      fields(field, left, right);
      path.resize(length);
    }
  }

  void fields(const FieldInfo& field, const void* left, const void* right) {
    const auto place = [&](const void* object) {
      return object ? static_cast<const char*>(object) + field.offset : nullptr;
    };
    switch (field.kind) {
      case Kind::Struct: {
        const void* a = part(field, left);
        const void* b = part(field, right);
        if (a || b) objects(*field.type, a, b);
        return;
      }
      case Kind::StructList:
        return lists(field, place(left), place(right));
      case Kind::Int32List:
        return scalars<std::int32_t>(field, place(left), place(right));
      case Kind::DoubleList:
        return scalars<double>(field, place(left), place(right));
      case Kind::StringList:
        return scalars<std::string>(field, place(left), place(right));
      case Kind::Int32:
      case Kind::Int64:
      case Kind::Double:
      case Kind::Bool:
      case Kind::Decimal:
      case Kind::String:
        break;
    }
    const std::string a = left ? scalar_text(field, left) : "";
    const std::string b = right ? scalar_text(field, right) : "";
    if (a != b && !equal(field, a, b)) differences.push_back({path, a, b, &field});
  }

  bool equal(const FieldInfo& field, const std::string& a, const std::string& b) const {
    if (unset_is_default && (a.empty() || b.empty())) {
      const std::string& other = a.empty() ? b : a;
      if (field.kind == Kind::Bool) return other == "false";
      double number = 1;
      return field.kind != Kind::String && read_double(other, number) != Reading::Bad && number == 0;
    }
    if (field.kind != Kind::Decimal) return false;
    const auto left = Decimal::parse(a), right = Decimal::parse(b);
    return left && right && Decimal::compare(*left, *right) == 0;
  }

  void lists(const FieldInfo& field, const void* left, const void* right) {
    const StructOps& ops = *field.type->ops;
    const std::size_t a = left ? ops.size(left) : 0, b = right ? ops.size(right) : 0;
    if (a != b) differences.push_back({path + ".size", std::to_string(a), std::to_string(b), &field});
    const std::size_t length = path.size();
    for (std::size_t i = 0; i < std::min(a, b) && differences.size() < limit; ++i) {
      path += "[" + std::to_string(i) + "]";
      objects(*field.type, ops.at(left, i), ops.at(right, i));
      path.resize(length);
    }
  }

  template <class T>
  void scalars(const FieldInfo& field, const void* left, const void* right) {
    static const std::vector<T> none;
    const auto& a = left ? *static_cast<const std::vector<T>*>(left) : none;
    const auto& b = right ? *static_cast<const std::vector<T>*>(right) : none;
    if (a == b) return;
    const auto joined = [](const std::vector<T>& list) {
      std::string text;
      for (const T& element : list) {
        if (!text.empty()) text += ",";
        if constexpr (std::is_same_v<T, std::string>) {
          text += element;
        } else if constexpr (std::is_same_v<T, double>) {
          append_double(text, element);
        } else {
          append_int64(text, element);
        }
      }
      return text;
    };
    differences.push_back({path, joined(a), joined(b), &field});
  }
};

}  // namespace

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

std::optional<std::int64_t> integer_with_role(const Message& message, Role role) {
  const StructInfo& body = *message.type().body;
  for (const FieldInfo& field : body.fields) {
    if (field.role == role) {
      if (const auto value = integer_in(field, message.body())) return value;
    }
  }
  for (const FieldInfo& field : body.fields) {
    if (field.kind != Kind::Struct) continue;
    const void* inner = part(field, message.body());
    if (inner == nullptr) continue;
    for (const FieldInfo& below : field.type->fields) {
      if (below.role != role) continue;
      if (const auto value = integer_in(below, inner)) return value;
    }
  }
  return std::nullopt;
}

bool has_role(const MessageInfo& type, Role role) {
  for (const FieldInfo& field : type.body->fields) {
    if (field.role == role) return true;
  }
  return false;
}

std::vector<Difference> compare(const Message& left, const Message& right, bool unset_is_default,
                                const FieldFilter& include, std::size_t limit) {
  Comparison comparison{unset_is_default, include, limit, {}, {}};
  if (&left.type() != &right.type()) {
    return {{"name", std::string(left.name()), std::string(right.name())}};
  }
  comparison.objects(*left.type().body, left.body(), right.body());
  return std::move(comparison.differences);
}

}  // namespace ibkr::protocol
