#include "protocol/statements.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/decimal.h"
#include "protocol/fields.h"
#include "protocol/kind.h"
#include "protocol/numbers.h"
#include "protocol/protobuf_wire.h"
#include "protocol/storage.h"
#include "protocol/text_conditions.h"

namespace ibkr::protocol {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Any spelling of a number as its digits without needless zeros: "-12.5", and with an exponent where that is shorter
/// than zeros. What is no number stays as it is.
void append_plain(std::string& out, std::string_view number) {
  constexpr std::int64_t kMostZeros = 20;
  std::string_view rest = number;
  const bool negative = !rest.empty() && rest[0] == '-';
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  std::string digits;
  std::int64_t exponent = 0;
  bool point = false, any = false;
  while (!rest.empty() && (is_digit(rest[0]) || (rest[0] == '.' && !point))) {
    if (rest[0] == '.') {
      point = true;
    } else {
      any = true;
      if (!digits.empty() || rest[0] != '0') digits += rest[0];
      if (point) --exponent;
    }
    rest.remove_prefix(1);
  }
  if (any && !rest.empty() && (rest[0] == 'e' || rest[0] == 'E')) {
    std::int64_t power = 0;
    if (read_int64(rest.substr(rest.size() > 1 && rest[1] == '+' ? 2 : 1), power) != Reading::Bad) {
      exponent += power;
      rest = {};
    }
  }
  if (!any || !rest.empty()) {
    out += number;
    return;
  }
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (digits.empty()) {
    out += '0';
    return;
  }
  if (negative) out += '-';
  const auto size = static_cast<std::int64_t>(digits.size());
  if (exponent > kMostZeros || exponent + size < -kMostZeros) {
    out += digits + "e";
    append_int64(out, exponent);
  } else if (exponent >= 0) {
    out.append(digits).append(static_cast<std::size_t>(exponent), '0');
  } else if (exponent + size > 0) {
    out.append(digits, 0, static_cast<std::size_t>(exponent + size));
    out.append(".").append(digits, static_cast<std::size_t>(exponent + size));
  } else {
    out.append("0.").append(static_cast<std::size_t>(-exponent - size), '0').append(digits);
  }
}

/// Takes a varint off the front of `bytes`; false where there is none.
bool take_varint(std::string_view& bytes, std::uint64_t& value) {
  value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

class Statements {
 public:
  Statements(void (*visit)(void*, const Statement&), void* context) : visit_(visit), context_(context) {}

  void message(const Message& message) {
    object(*message.type().body, message.body());
    for (const Verbatim& kept : message.residue.verbatim) {
      if (kept.kept != Kept::Content) continue;
      path_ = "verbatim[" + std::to_string(kept.index) + "]";
      say(kept.text, Role::None, nullptr);
    }
    for (std::size_t i = 0; i < message.residue.trailing.size(); ++i) {
      path_ = "trailing[" + std::to_string(i) + "]";
      say(message.residue.trailing[i], Role::None, nullptr);
    }
  }

 private:
  void say(std::string_view value, Role role, const FieldInfo* field) {
    visit_(context_, Statement{path_, value, role, field});
  }

  void object(const StructInfo& info, const void* at) {
    const std::size_t length = path_.size();
    for (const FieldInfo& field : info.fields) {
      if (length != 0) path_ += '.';
      path_ += field.name;
      one(field, at);
      path_.resize(length);
    }
    if (const std::string& unknown = unknown_fields(info, at); !unknown.empty()) {
      path_ += length == 0 ? "unknown_fields" : ".unknown_fields";
      unknown_content(unknown);
      path_.resize(length);
    }
  }

  void one(const FieldInfo& field, const void* at) {
    if (!std::ranges::all_of(field.conditions, [at](const Condition& c) { return holds(c, 0, 0, at); })) return;
    visit_kind(field.kind, [&]<class T>(std::type_identity<T>) {
      if constexpr (kIsScalar<T>) {
        if (const T* value = value_of<T>(field, at)) one_value(*value, field, at);
      } else if constexpr (std::is_same_v<T, AnyStruct>) {
        if (const void* inner = part(field, at)) object(*field.type, inner);
      } else if constexpr (std::is_same_v<T, AnyStructList>) {
        structs(field, &member<char>(field, at));
      } else {
        list(field, at, member<T>(field, at));
      }
    });
  }

  void one_value(std::int32_t value, const FieldInfo& field, const void* at) { integer(value, field, at); }
  void one_value(std::int64_t value, const FieldInfo& field, const void* at) { integer(value, field, at); }
  void one_value(bool value, const FieldInfo& field, const void* at) { scalar(value ? "true" : "false", field, at); }
  void one_value(double value, const FieldInfo& field, const void* at) { number(spelled(value), field, at); }
  void one_value(const Decimal& value, const FieldInfo& field, const void* at) { number(spelled(value), field, at); }
  void one_value(const std::string& value, const FieldInfo& field, const void* at) {
    if (!value.empty()) scalar(value, field, at);
  }

  void structs(const FieldInfo& field, const void* elements) {
    const std::size_t size = field.type->ops->size(elements);
    count(size, field);
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t length = enter(i);
      object(*field.type, field.type->ops->at(elements, i));
      path_.resize(length);
    }
  }

  void scalar(std::string_view value, const FieldInfo& field, const void* at) {
    if (value != field.silent) say(value, role_of(field, at), &field);
  }

  void integer(std::int64_t value, const FieldInfo& field, const void* at) {
    value_.clear();
    append_int64(value_, value);
    scalar(value_, field, at);
  }

  void number(std::string_view spelling, const FieldInfo& field, const void* at) {
    value_.clear();
    append_plain(value_, spelling);
    scalar(value_, field, at);
  }

  static std::string spelled(const Decimal& value) {
    if (value.is_nan()) return "nan";
    if (value.is_infinite()) return value < Decimal(0) ? "-inf" : "inf";
    return std::string(trimmed(value.to_string()));
  }
  static std::string spelled(double value) {
    std::string text;
    append_double(text, value);
    return text;
  }
  static std::string element(std::int32_t value) { return std::to_string(value); }
  static std::string element(double value) {
    std::string text;
    append_plain(text, spelled(value));
    return text;
  }
  static const std::string& element(const std::string& value) { return value; }

  template <class T>
  void list(const FieldInfo& field, const void* at, const std::vector<T>& elements) {
    count(elements.size(), field);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const std::size_t length = enter(i);
      say(element(elements[i]), role_of(field, at), &field);
      path_.resize(length);
    }
  }

  void count(std::size_t size, const FieldInfo& field) {
    if (size == 0) return;
    const std::size_t length = path_.size();
    path_ += ".size";
    say(std::to_string(size), Role::None, &field);
    path_.resize(length);
  }

  /// Returns the length of the path before the index.
  std::size_t enter(std::size_t index) {
    const std::size_t length = path_.size();
    path_ += '[';
    append_int64(path_, static_cast<std::int64_t>(index));
    path_ += ']';
    return length;
  }

  /// Protobuf fields by number; from the first byte that is none, the rest as it is.
  void unknown_content(std::string_view bytes) {
    const std::size_t length = path_.size();
    while (!bytes.empty()) {
      std::string_view rest = bytes;
      std::uint64_t key = 0;
      std::string value;
      if (!take_varint(rest, key) || !take_value(rest, key & 7, value)) return say(bytes, Role::None, nullptr);
      path_ += '.' + std::to_string(key >> 3);
      say(value, Role::None, nullptr);
      path_.resize(length);
      bytes = rest;
    }
  }

  static bool take_value(std::string_view& bytes, std::uint64_t wire_type, std::string& value) {
    std::uint64_t number = 0;
    if (wire_type == kVarint) {
      if (!take_varint(bytes, number)) return false;
      value = std::to_string(number);
      return true;
    }
    if (wire_type == kBytes) {
      if (!take_varint(bytes, number)) return false;
    } else if (wire_type == kFixed64) {
      number = 8;
    } else if (wire_type == kFixed32) {
      number = 4;
    } else {
      return false;
    }
    if (number > bytes.size()) return false;
    value = bytes.substr(0, number);
    bytes.remove_prefix(number);
    return true;
  }

  void (*visit_)(void*, const Statement&);
  void* context_;
  std::string path_;
  std::string value_;
};

}  // namespace

void for_each_statement(const Message& message, void (*visit)(void*, const Statement&), void* context) {
  Statements(visit, context).message(message);
}

}  // namespace ibkr::protocol
