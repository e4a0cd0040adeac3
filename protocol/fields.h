// Fields by role and path: the walks over a message that know no message by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/message.h"
#include "protocol/storage.h"

namespace ibkr::protocol {

/// One value of a message, for reading: a scalar field, which can be unset, or an element of a list of scalars, which
/// is always set. Valid as long as the message is, until its lists change.
class FieldView {
 public:
  /// `object` is the struct that holds the field; a list needs the number of the element, too.
  FieldView(const FieldInfo& info, const void* object, std::size_t element = 0)
      : info_(&info), object_(object), element_(element) {}
  const FieldInfo& info() const { return *info_; }
  /// What the value stands for where it is: role_of() of its field.
  Role role() const;
  bool is_set() const;
  /// Int32, Int64 and Bool as a number; none when unset or of another kind.
  std::optional<std::int64_t> integer() const;
  /// The text of a String; none when unset or of another kind.
  std::optional<std::string_view> text() const;
  /// Any value as people write it: numbers with their digits, booleans as true and false. "" when unset.
  std::string to_string() const;

 protected:
  std::size_t element() const { return element_; }

 private:
  const FieldInfo* info_;
  const void* object_;
  std::size_t element_;
};

/// The same for writing.
class FieldRef : public FieldView {
 public:
  FieldRef(const FieldInfo& info, void* object, std::size_t element = 0)
      : FieldView(info, object, element), object_(object) {}
  /// An element of a list, which cannot be unset, becomes 0 or "".
  void unset();
  /// Does nothing to a field that is no Int32, Int64 or Bool.
  void set_integer(std::int64_t value);
  /// Does nothing to a field that is no String.
  void set_text(std::string_view value);

 private:
  void* object_;
};

/// A scalar as people write it: numbers with their digits, booleans as true and false. "" when unset. `field` must be
/// a scalar. No number has blanks, which could be line ends.
std::string scalar_text(const FieldInfo& field, const void* object);

/// What the field's value stands for in this object: the field's role, unless what stands beside it says otherwise.
Role role_of(const FieldInfo& field, const void* object);

/// The walk itself, for whoever needs more than the functions below. It goes through a struct and all that is below it,
/// in the order of the description, and calls
///   visitor.value(field, object, element, path)   for every scalar field, set or unset, and every element of a list of
///                                                 scalars; `object` is the struct that holds the field
///   visitor.end(info, object, path)               for every struct, when its fields are done
/// Object is `const void`, or `void` for a visitor that changes values. Paths take time: without them each is "".
template <class Object, class Visitor>
class FieldWalk {
 public:
  FieldWalk(Visitor& visitor, bool want_paths) : visitor_(visitor), want_paths_(want_paths) {}

  void object(const StructInfo& info, Object* at) {
    const std::size_t length = path_.size();
    for (const FieldInfo& field : info.fields) {
      if (want_paths_) (path_ += length == 0 ? "" : ".") += field.name;
      one(field, at);
      path_.resize(length);
    }
    visitor_.end(info, at, std::string_view(path_));
  }

 private:
  void one(const FieldInfo& field, Object* at) {
    if (field.kind < Kind::Struct) {
      visitor_.value(field, at, 0, std::string_view(path_));
    } else if (field.kind == Kind::Struct) {
      if (Object* inner = part(field, at)) object(*field.type, inner);
    } else {
      elements(field, at);
    }
  }

  void elements(const FieldInfo& field, Object* at) {
    const std::size_t length = path_.size();
    for (std::size_t i = 0, size = list_size(field, at); i < size; ++i) {
      if (want_paths_) ((path_ += '[') += std::to_string(i)) += ']';
      if (field.kind == Kind::StructList) {
        object(*field.type, list_element(field, at, i));
      } else {
        visitor_.value(field, at, i, std::string_view(path_));
      }
      path_.resize(length);
    }
  }

  Visitor& visitor_;
  bool want_paths_;
  std::string path_;
};

/// Calls visit(FieldRef, std::string_view path) for every scalar field, set or unset, and for every element of a list
/// of scalars, in the message and in the parts that are there ("order.lmt_price", "conditions[0].price",
/// "accounts[1]"). Paths take time: pass want_paths = false where only the values matter. `visit` may change values,
/// but no list.
template <class Visit>
void for_each_field(Message& message, Visit&& visit, bool want_paths = true) {
  struct {
    Visit& visit;
    void value(const FieldInfo& field, void* object, std::size_t element, std::string_view path) {
      visit(FieldRef(field, object, element), path);
    }
    void end(const StructInfo&, void*, std::string_view) {}
  } visitor{visit};
  FieldWalk<void, decltype(visitor)>(visitor, want_paths).object(*message.type().body, message.body());
}

/// The same for reading: calls visit(FieldView, std::string_view path).
template <class Visit>
void for_each_field(const Message& message, Visit&& visit, bool want_paths = true) {
  struct {
    Visit& visit;
    void value(const FieldInfo& field, const void* object, std::size_t element, std::string_view path) {
      visit(FieldView(field, object, element), path);
    }
    void end(const StructInfo&, const void*, std::string_view) {}
  } visitor{visit};
  FieldWalk<const void, decltype(visitor)>(visitor, want_paths).object(*message.type().body, message.body());
}

/// True when the message has something that the description does not know: protobuf fields in any struct, texts that
/// no field can hold, texts after the last field.
bool has_unknown(const Message& message);
/// Takes all that out.
void drop_unknown(Message& message);

}  // namespace ibkr::protocol
