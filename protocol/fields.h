// Fields by role, name and path: the walks over a message that know no message by name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/message.h"

namespace ibkr::protocol {

/// A set or unset scalar field inside some struct. Lives as long as the message, until its lists change.
class FieldRef {
 public:
  /// `object` is the struct that holds the field.
  FieldRef(const FieldInfo& info, void* object) : info_(&info), object_(object) {}
  const FieldInfo& info() const { return *info_; }
  bool is_set() const;
  void unset();
  /// Int32, Int64 and Bool as a number; none when unset or of another kind.
  std::optional<std::int64_t> integer() const;
  void set_integer(std::int64_t value);
  /// Text of a String; none when unset or of another kind.
  std::optional<std::string_view> text() const;
  void set_text(std::string_view value);
  /// Any scalar as people write it: numbers with their digits, booleans as true and false. "" when unset.
  std::string to_string() const;

 private:
  const FieldInfo* info_;
  void* object_;
};

/// A scalar as people write it: numbers with their digits, booleans as true and false. "" when unset. `field` must be
/// a scalar.
std::string scalar_text(const FieldInfo& field, const void* object);

/// Calls `visit` for every scalar field (set or not) of the message and of the structs and lists that are there, with
/// its path ("order.lmt_price", "conditions[0].price"). Paths cost; pass want_paths = false where only refs count.
void for_each_field(Message& message, const std::function<void(FieldRef, std::string_view path)>& visit,
                    bool want_paths = true);

/// What the field's value stands for in this object: the field's role, unless what stands beside it says otherwise.
Role role_of(const FieldInfo& field, const void* object);

}  // namespace ibkr::protocol
