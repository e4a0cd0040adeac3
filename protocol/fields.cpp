#include "protocol/fields.h"

#include <algorithm>
#include <concepts>

#include "protocol/kind.h"
#include "protocol/numbers.h"
#include "protocol/scalar.h"

namespace ibkr::protocol {
namespace {

/// True for what integer() and set_integer() deal with.
template <class T>
constexpr bool kIsInteger = std::integral<T>;

/// Calls use(value) with the place of the value, of its own type. The field must be set.
template <class Object, class Use>
decltype(auto) with_value(const FieldInfo& field, Object* object, std::size_t element, Use&& use) {
  return visit_kind(field.kind, [&]<class T>(std::type_identity<T>) {
    if constexpr (kIsScalar<T>) {
      return use(member<T>(field, object));
    } else if constexpr (std::is_same_v<T, AnyStruct> || std::is_same_v<T, AnyStructList>) {
      return use(nullptr);
    } else {
      return use(member<T>(field, object)[element]);
    }
  });
}

bool is_content(const Verbatim& kept) { return kept.kept == Kept::Content; }

}  // namespace

std::string scalar_text(const FieldInfo& field, const void* object) {
  if (field.kind == Kind::Bool) {
    const bool* value = value_of<bool>(field, object);
    return !value ? "" : *value ? "true" : "false";
  }
  std::string text;
  append_scalar(text, field, Spelling::Blank, 0, object);
  return field.kind == Kind::Decimal ? std::string(trimmed(text)) : text;
}

Role role_of(const FieldInfo& field, const void* object) {
  if (field.beside == nullptr) return field.role;
  const auto* text = value_of<std::string>(*field.beside->field, object);
  const auto& values = field.beside->values;
  return text != nullptr && std::find(values.begin(), values.end(), *text) != values.end() ? field.role : Role::None;
}

Role FieldView::role() const { return role_of(*info_, object_); }

bool FieldView::is_set() const { return info_->kind >= Kind::Int32List || protocol::is_set(*info_, object_); }

std::optional<std::int64_t> FieldView::integer() const {
  if (!is_set()) return std::nullopt;
  return with_value(*info_, object_, element_, []<class T>(const T& value) -> std::optional<std::int64_t> {
    if constexpr (kIsInteger<T>) {
      return value;
    } else {
      return std::nullopt;
    }
  });
}

std::optional<std::string_view> FieldView::text() const {
  if (!is_set()) return std::nullopt;
  return with_value(*info_, object_, element_, []<class T>(const T& value) -> std::optional<std::string_view> {
    if constexpr (std::is_same_v<T, std::string>) {
      return value;
    } else {
      return std::nullopt;
    }
  });
}

std::string FieldView::to_string() const {
  if (info_->kind < Kind::Struct) return scalar_text(*info_, object_);
  return with_value(*info_, object_, element_, []<class T>(const T& value) {
    std::string text;
    if constexpr (kIsInteger<T>) append_int64(text, value);
    if constexpr (std::is_same_v<T, double>) append_double(text, value);
    if constexpr (std::is_same_v<T, std::string>) text = value;
    return text;
  });
}

void FieldRef::unset() {
  if (info().kind < Kind::Int32List) return protocol::unset(info(), object_);
  with_value(info(), object_, element(), []<class T>(T&& value) {
    if constexpr (std::is_lvalue_reference_v<T>) value = std::remove_reference_t<T>();
  });
}

void FieldRef::set_integer(std::int64_t value) {
  with_value(info(), object_, element(), [&]<class T>(T&& place) {
    using Value = std::remove_reference_t<T>;
    if constexpr (kIsInteger<Value>) {
      if (info().kind < Kind::Struct) {
        set<Value>(info(), object_) = static_cast<Value>(value);
      } else {
        place = static_cast<Value>(value);
      }
    }
  });
}

void FieldRef::set_text(std::string_view value) {
  if (info().kind == Kind::String) set<std::string>(info(), object_) = value;
  if (info().kind == Kind::StringList) member<std::vector<std::string>>(info(), object_)[element()] = value;
}

bool has_unknown(const Message& message) {
  struct {
    bool found = false;
    void value(const FieldInfo&, const void*, std::size_t, std::string_view) {}
    void end(const StructInfo& info, const void* object, std::string_view) {
      found = found || !unknown_fields(info, object).empty();
    }
  } unknown;
  FieldWalk<const void, decltype(unknown)>(unknown, false).object(*message.type().body, message.body());
  return unknown.found || !message.residue.trailing.empty() ||
         std::ranges::any_of(message.residue.verbatim, is_content);
}

void drop_unknown(Message& message) {
  struct {
    void value(const FieldInfo&, void*, std::size_t, std::string_view) {}
    void end(const StructInfo& info, void* object, std::string_view) { unknown_fields(info, object).clear(); }
  } dropping;
  FieldWalk<void, decltype(dropping)>(dropping, false).object(*message.type().body, message.body());
  message.residue.trailing.clear();
  std::erase_if(message.residue.verbatim, is_content);
}

}  // namespace ibkr::protocol
