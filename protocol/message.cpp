#include "protocol/message.h"

#include "protocol/decimal.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

template <class T>
void copy_value(const FieldInfo& field, void* to, const void* from) {
  if (is_set(field, from)) set<T>(field, to) = member<T>(field, from);
}

template <class T>
void copy_list(const FieldInfo& field, void* to, const void* from) {
  member<std::vector<T>>(field, to) = member<std::vector<T>>(field, from);
}

void copy_field(const FieldInfo& field, void* to, const void* from);

/// Copies into an empty struct. A walk over the table: instantiating every struct's copy took longer to compile than
/// the rest of this library.
void copy_struct(const StructInfo& info, void* to, const void* from) {
  for (const FieldInfo& field : info.fields) copy_field(field, to, from);
  unknown_fields(info, to) = unknown_fields(info, from);
}

void copy_field(const FieldInfo& field, void* to, const void* from) {
  switch (field.kind) {
    case Kind::Int32:
      return copy_value<std::int32_t>(field, to, from);
    case Kind::Int64:
      return copy_value<std::int64_t>(field, to, from);
    case Kind::Double:
      return copy_value<double>(field, to, from);
    case Kind::Bool:
      return copy_value<bool>(field, to, from);
    case Kind::Decimal:
      return copy_value<Decimal>(field, to, from);
    case Kind::String:
      return copy_value<std::string>(field, to, from);
    case Kind::Int32List:
      return copy_list<std::int32_t>(field, to, from);
    case Kind::DoubleList:
      return copy_list<double>(field, to, from);
    case Kind::StringList:
      return copy_list<std::string>(field, to, from);
    case Kind::Struct:
      if (is_set(field, from)) copy_struct(*field.type, make_part(field, to), part(field, from));
      return;
    case Kind::StructList: {
      const void* list = &member<char>(field, from);
      for (std::size_t i = 0; i < field.type->ops->size(list); ++i) {
        void* element = field.type->ops->append(&member<char>(field, to));
        copy_struct(*field.type, element, field.type->ops->at(list, i));
      }
      return;
    }
  }
}

}  // namespace

void Message::clear() {
  if (large_) {
    type_->body->ops->destroy(body_);
    body_ = type_->body->ops->create();
    large_ = false;
  } else {
    protocol::clear(*type_->body, body_);
  }
  residue.clear();
}

Message& Message::operator=(const Message& other) {
  if (this == &other) return *this;
  if (type_ == other.type_ && body_ != nullptr) {
    clear();
  } else {
    if (body_) type_->body->ops->destroy(body_);
    type_ = other.type_;
    body_ = type_->body->ops->create();
  }
  copy_struct(*type_->body, body_, other.body_);
  residue = other.residue;
  return *this;
}

}  // namespace ibkr::protocol
