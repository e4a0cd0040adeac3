// One scalar ⇄ its text. The numbers' spelling, and the rules for unset, that text fields and JSON share.
//
// Our spelling of a double is the shortest that reads back the same, with ".0" on whole numbers and an exponent below
// 1e-4 and from 1e16 on: what the official Python client writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/schema.h"

namespace ibkr::protocol {

/// What reading a text gave.
enum class Reading : std::uint8_t {
  Exact,  ///< a value (or unset) that we would write as just this text
  Other,  ///< a value (or unset) that we would write another way
  Bad,    ///< no value of this kind
};

/// The usual whole number: up to 15 digits, no sign, no needless zero. False leaves `value` as it was.
inline bool read_digits(std::string_view text, std::int64_t& value) {
  if (text.empty() || text.size() > 15 || (text[0] == '0' && text.size() > 1)) return false;
  std::int64_t number = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned>(c - '0');
    if (digit > 9) return false;
    number = number * 10 + digit;
  }
  value = number;
  return true;
}
Reading read_int64(std::string_view text, std::int64_t& value);
Reading read_double(std::string_view text, double& value);
void append_int64(std::string& out, std::int64_t value);
void append_double(std::string& out, double value);
/// The same to a place with room for kMax… characters; returns the end.
char* write_int64(char* at, std::int64_t value);
char* write_double(char* at, double value);
inline constexpr std::size_t kMaxInt64Chars = 24;
inline constexpr std::size_t kMaxDoubleChars = 40;

/// Reads a text field into the member at `object` (a struct that holds `field`). Empty and sentinel texts unset it.
Reading read_scalar(const FieldInfo& field, Spelling spelling, int server_version, std::string_view text, void* object);
/// Appends a field's text. `object` may be null: unset.
void append_scalar(std::string& out, const FieldInfo& field, Spelling spelling, int server_version, const void* object);
/// True when `text` reads as the field's present value.
bool means_the_same(const FieldInfo& field, Spelling spelling, int server_version, std::string_view text,
                    const void* object);

/// \uXXXX escapes → UTF-8. Other backslashes stay.
std::string unescape_unicode(std::string_view text);
/// Characters outside ASCII → \uXXXX (UTF-16 pairs above U+FFFF). Bytes that are not UTF-8 stay.
std::string escape_unicode(std::string_view text);
/// Decodes one UTF-8 character; returns its length, or 0 where there is none.
std::size_t decode_utf8(std::string_view text, std::uint32_t& code_point);
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace ibkr::protocol
