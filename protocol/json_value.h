// A JSON text as a tree, read for json.h: numbers keep their digits, and strings every byte (\udc80..\udcff escapes
// stand for bytes that are not UTF-8), which the libraries do not do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"

namespace ibkr::protocol {

struct JsonMember;

struct JsonValue {
  enum class Type { Null, Bool, Number, String, Array, Object };
  Type type = Type::Null;
  bool boolean = false;
  std::string text;                 ///< of a String; the digits of a Number
  std::vector<JsonValue> elements;  ///< of an Array
  std::vector<JsonMember> members;  ///< of an Object, in order

  /// The member with that key, or null.
  const JsonValue* find(std::string_view key) const;
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

/// Reads one value that takes the whole text. Fails with the reason and the byte where; at most 32 levels deep.
Expected<JsonValue, std::string> parse_json(std::string_view text);

}  // namespace ibkr::protocol
