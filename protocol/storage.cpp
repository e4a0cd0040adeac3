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
  switch (field.kind) {
    case Kind::Int32List:
      return member<std::vector<std::int32_t>>(field, object).size();
    case Kind::DoubleList:
      return member<std::vector<double>>(field, object).size();
    case Kind::StringList:
      return member<std::vector<std::string>>(field, object).size();
    case Kind::StructList:
      return field.type->ops->size(&member<char>(field, object));
    case Kind::Int32:
    case Kind::Int64:
    case Kind::Double:
    case Kind::Bool:
    case Kind::Decimal:
    case Kind::String:
    case Kind::Struct:
      break;
  }
  return 0;
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
