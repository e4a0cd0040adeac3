// Whole numbers and doubles ⇄ their digits, as text fields and JSON have them.
//
// Our spelling of a double is the shortest that reads back the same, with ".0" on whole numbers and an exponent below
// 1e-4 and from 1e16 on: what the official Python client writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ibkr::protocol {

/// What reading a text gave.
enum class Reading : std::uint8_t {
  Exact,  ///< a value (or unset) that we would write as just this text
  Other,  ///< a value (or unset) that we would write another way
  Bad,    ///< no value of this kind
};

/// All that a double has exactly.
inline constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

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

/// The same from `at` to a NUL, in one pass; returns the NUL, or null where the field is otherwise.
inline const char* digits_before_nul(const char* at, std::int64_t& value) {
  const char* const start = at;
  if (*at == '0' && at[1] != '\0') return nullptr;
  std::int64_t number = 0;
  for (unsigned digit; (digit = static_cast<unsigned>(*at - '0')) <= 9; ++at) {
    if (at - start == 15) return nullptr;
    number = number * 10 + digit;
  }
  value = number;
  return *at == '\0' ? at : nullptr;
}

/// The same for digits with a point among them, as we spell doubles: at most 15 are exact by one division (Clinger).
inline const char* decimal_before_nul(const char* at, double& value) {
  const bool negative = *at == '-';
  if (negative) ++at;
  const char* const start = at;
  std::int64_t number = 0;
  unsigned digit;
  for (; (digit = static_cast<unsigned>(*at - '0')) <= 9; ++at) {
    if (at - start == 15) return nullptr;
    number = number * 10 + digit;
  }
  const char* const point = at;
  if (*point != '.' || point == start || (*start == '0' && point - start > 1)) return nullptr;
  for (++at; (digit = static_cast<unsigned>(*at - '0')) <= 9; ++at) {
    if (at - start == 16) return nullptr;
    number = number * 10 + digit;
  }
  const auto decimals = static_cast<std::size_t>(at - point - 1);
  if (*at != '\0' || decimals == 0 || (decimals > 1 && at[-1] == '0')) return nullptr;
  const double magnitude = static_cast<double>(number) / kPowersOfTen[decimals];
  if (decimals > 4 && magnitude < 1e-4 && number != 0) return nullptr;  // spelled with an exponent
  value = negative ? -magnitude : magnitude;
  return at;
}

/// A text without the blanks around it, which most clients' parsers pass over.
inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

/// True for a text that says no number at all.
inline bool is_blank(std::string_view text) { return trimmed(text).empty(); }

/// Any spelling: a sign, needless zeros, an exponent, blanks around. A whole number may be spelled as a double is, and
/// is exact however long it is. A double beyond the range becomes infinity or zero, but for the largest one rounded
/// up to fewer digits, as clients spell their mark for unset ("1.79769313486232E+308"): that reads as the largest one.
Reading read_int64(std::string_view text, std::int64_t& value);
Reading read_double(std::string_view text, double& value);
/// 1 and 0, any other number for true, and the words true and false in any letter case. Exact for 1 and 0 only.
Reading read_flag(std::string_view text, bool& value);
void append_int64(std::string& out, std::int64_t value);
void append_double(std::string& out, double value);
/// The same to a place with room for kMax… characters; returns the end.
char* write_int64(char* at, std::int64_t value);
char* write_double(char* at, double value);
inline constexpr std::size_t kMaxInt64Chars = 24;
inline constexpr std::size_t kMaxDoubleChars = 40;

}  // namespace ibkr::protocol
