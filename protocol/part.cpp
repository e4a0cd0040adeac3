// Walks over the tables: instantiating every struct's copy took longer to compile than the rest of this library.
#include "protocol/part.h"

#include <algorithm>

#include "protocol/kind.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

/// Copies into an empty struct.
void copy_fields(const StructInfo& info, void* to, const void* from);

void copy_field(const FieldInfo& field, void* to, const void* from) {
  visit_kind(field.kind, [&]<class T>(std::type_identity<T>) {
    if constexpr (kIsScalar<T>) {
      if (is_set(field, from)) set<T>(field, to) = member<T>(field, from);
    } else if constexpr (std::is_same_v<T, AnyStruct>) {
      if (is_set(field, from)) copy_fields(*field.type, make_part(field, to), part(field, from));
    } else if constexpr (std::is_same_v<T, AnyStructList>) {
      const StructOps& ops = *field.type->ops;
      const void* list = &member<char>(field, from);
      for (std::size_t i = 0; i < ops.size(list); ++i) {
        copy_fields(*field.type, ops.append(&member<char>(field, to)), ops.at(list, i));
      }
    } else {
      member<T>(field, to) = member<T>(field, from);
    }
  });
}

void copy_fields(const StructInfo& info, void* to, const void* from) {
  for (const FieldInfo& field : info.fields) copy_field(field, to, from);
  unknown_fields(info, to) = unknown_fields(info, from);
}

bool equal_fields(const FieldInfo& field, const void* left, const void* right) {
  return visit_kind(field.kind, [&]<class T>(std::type_identity<T>) -> bool {
    if constexpr (kIsScalar<T>) {
      if (is_set(field, left) != is_set(field, right)) return false;
      return !is_set(field, left) || same_value(member<T>(field, left), member<T>(field, right));
    } else if constexpr (std::is_same_v<T, AnyStruct>) {
      if (is_set(field, left) != is_set(field, right)) return false;
      return !is_set(field, left) || equal(*field.type, part(field, left), part(field, right));
    } else if constexpr (std::is_same_v<T, AnyStructList>) {
      const StructOps& ops = *field.type->ops;
      const void* a = &member<char>(field, left);
      const void* b = &member<char>(field, right);
      if (ops.size(a) != ops.size(b)) return false;
      for (std::size_t i = 0; i < ops.size(a); ++i) {
        if (!equal(*field.type, ops.at(a, i), ops.at(b, i))) return false;
      }
      return true;
    } else {
      return std::ranges::equal(member<T>(field, left), member<T>(field, right),
                                [](const auto& a, const auto& b) { return same_value(a, b); });
    }
  });
}

}  // namespace

void copy(const StructInfo& info, void* to, const void* from) {
  if (to == from) return;
  clear(info, to);
  copy_fields(info, to, from);
}

bool equal(const StructInfo& info, const void* left, const void* right) {
  return std::ranges::all_of(info.fields, [&](const FieldInfo& field) { return equal_fields(field, left, right); }) &&
         unknown_fields(info, left) == unknown_fields(info, right);
}

}  // namespace ibkr::protocol
