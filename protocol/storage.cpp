#include "protocol/storage.h"

#include "protocol/kind.h"

namespace ibkr::protocol {
namespace {

void clear_list(const FieldInfo& field, void* object) {
  visit_kind(field.kind, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, AnyStructList>) {
      field.type->ops->clear(&member<char>(field, object));
    } else if constexpr (!kIsScalar<T> && !std::is_same_v<T, AnyStruct>) {
      member<T>(field, object).clear();
    }
  });
}

}  // namespace

std::size_t list_size(const FieldInfo& field, const void* object) {
  return visit_kind(field.kind, [&]<class T>(std::type_identity<T>) -> std::size_t {
    if constexpr (std::is_same_v<T, AnyStructList>) {
      return field.type->ops->size(&member<char>(field, object));
    } else if constexpr (kIsScalar<T> || std::is_same_v<T, AnyStruct>) {
      return 0;
    } else {
      return member<T>(field, object).size();
    }
  });
}

void drop(const FieldInfo& field, void* object) {
  if (field.kind >= Kind::Int32List) {
    clear_list(field, object);
  } else {
    unset(field, object);
  }
}

void clear(const StructInfo& info, void* object) {
  for (std::size_t word = 0; word < info.asked.size(); ++word) presence(object)[word] = 0;
  for (const std::uint16_t list : info.lists) clear_list(info.fields[list], object);
  unknown_fields(info, object).clear();
}

}  // namespace ibkr::protocol
