// Where a struct keeps a field, for interpreters: they have a struct's address and its tables (schema.h), not its type.
//
// `field` is anything that knows the field's offset and bit: a FieldInfo or a TextOp. A ProtoField, whose bit is its
// place in its table, knows the offset, which is enough for member(). `object` is the address of the struct that holds
// the field.
#pragma once

#include <cstdint>
#include <string>

#include "protocol/schema.h"

namespace ibkr::protocol {

/// The words that say which fields are set.
inline const std::uint64_t* presence(const void* object) { return static_cast<const std::uint64_t*>(object); }
inline std::uint64_t* presence(void* object) { return static_cast<std::uint64_t*>(object); }

template <class F>
bool is_set(const F& field, const void* object) {
  return (presence(object)[field.bit / 64] >> field.bit % 64 & 1) != 0;
}
template <class F>
void unset(const F& field, void* object) {
  presence(object)[field.bit / 64] &= ~(std::uint64_t{1} << field.bit % 64);
}

/// A list, or the place of a value that may be unset.
template <class T, class F>
T& member(const F& field, void* object) {
  return *reinterpret_cast<T*>(static_cast<char*>(object) + field.offset);
}
template <class T, class F>
const T& member(const F& field, const void* object) {
  return *reinterpret_cast<const T*>(static_cast<const char*>(object) + field.offset);
}

/// The value, or null when it is unset or there is no object.
template <class T, class F>
const T* value_of(const F& field, const void* object) {
  return object != nullptr && is_set(field, object) ? &member<T>(field, object) : nullptr;
}
/// Sets a field; what it holds then is for the caller to write.
template <class T, class F>
T& set(const F& field, void* object) {
  presence(object)[field.bit / 64] |= std::uint64_t{1} << field.bit % 64;
  return member<T>(field, object);
}

/// Protobuf fields that the description does not know, as they came.
inline std::string& unknown_fields(const StructInfo& info, void* object) {
  return *reinterpret_cast<std::string*>(static_cast<char*>(object) + info.unknown_offset);
}
inline const std::string& unknown_fields(const StructInfo& info, const void* object) {
  return *reinterpret_cast<const std::string*>(static_cast<const char*>(object) + info.unknown_offset);
}

/// Unsets every field and empties every list. Memory of texts is kept for the next values.
void clear(const StructInfo& info, void* object);

/// Unsets a field, or empties a list.
void drop(const FieldInfo& field, void* object);
/// How many elements a list has; 0 for what is no list.
std::size_t list_size(const FieldInfo& field, const void* object);

/// The struct in a field of kind Struct, or null when it is unset or there is no object.
inline const void* part(const FieldInfo& field, const void* object) { return value_of<char>(field, object); }
inline void* part(const FieldInfo& field, void* object) {
  return is_set(field, object) ? &member<char>(field, object) : nullptr;
}
/// The same, set to an empty one when it is unset.
inline void* make_part(const FieldInfo& field, void* object) {
  if (!is_set(field, object)) clear(*field.type, &set<char>(field, object));
  return &member<char>(field, object);
}

/// The element with this number of a list of structs.
inline const void* list_element(const FieldInfo& field, const void* object, std::size_t number) {
  return field.type->ops->at(&member<char>(field, object), number);
}
inline void* list_element(const FieldInfo& field, void* object, std::size_t number) {
  return field.type->ops->element(&member<char>(field, object), number);
}

}  // namespace ibkr::protocol
