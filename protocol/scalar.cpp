#include "protocol/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "protocol/decimal.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

constexpr double kUnsetDouble = std::numeric_limits<double>::max();
constexpr std::int64_t kUnsetInt32 = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kUnsetInt64 = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view kUnsetDoubleText = "1.7976931348623157e+308";  // the official Python client's spelling
constexpr std::string_view kUnsetDecimalText = "170141183460469231731687303715884105727";
constexpr std::array<std::string_view, 5> kUnsetDecimals = {"2147483647", "9223372036854775807", "-9223372036854775808",
                                                            "1.7976931348623157E308", kUnsetDecimalText};

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// "00" to "99".
constexpr std::array<char, 200> kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = static_cast<char>('0' + (i % 2 == 0 ? i / 20 : i / 2 % 10));
  return pairs;
}();

char* write_pair(char* at, std::uint32_t value) {
  std::memcpy(at, &kDigitPairs[2 * value], 2);
  return at + 2;
}

/// A number below 10,000 without needless zeros; most are so short that finding the digits is most of the work.
char* write_short(char* at, std::uint32_t value) {
  const std::uint32_t high = value / 100;
  const std::uint32_t first = high != 0 ? high : value;
  if (first < 10)
    *at++ = static_cast<char>('0' + first);
  else
    at = write_pair(at, first);
  return high != 0 ? write_pair(at, value % 100) : at;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Writes a value that has at most 15 digits, 6 of them after the point, and returns the end; null for any other. Such
/// a decimal belongs to one double only: where a number of decimals divides back to the value, the shortest spelling is
/// that without the zeros at its end. Most prices have two.
char* write_short_double(char* at, double value) {
  const double magnitude = std::abs(value);
  if (magnitude >= 1e9 || (magnitude < 1e-4 && magnitude != 0)) return nullptr;
  const auto whole = static_cast<std::uint32_t>(magnitude);
  std::uint32_t fraction = 0;
  int decimals = 1;
  if (static_cast<double>(whole) != magnitude) {
    const auto decimals_are = [&](int tried, std::uint32_t power) {
      const auto mantissa = static_cast<std::uint64_t>(magnitude * power + 0.5);
      fraction = static_cast<std::uint32_t>(mantissa - std::uint64_t{whole} * power);
      decimals = tried;
      return static_cast<double>(mantissa) / power == magnitude;
    };
    if (!decimals_are(2, 100) && !decimals_are(6, 1'000'000)) return nullptr;
    for (; decimals > 1 && fraction % 10 == 0; fraction /= 10) --decimals;
  }
  if (std::signbit(value)) *at++ = '-';
  at = write_int64(at, whole);
  *at++ = '.';
  if (decimals == 2) return write_pair(at, fraction);
  for (int i = decimals; i-- > 0; fraction /= 10) at[i] = static_cast<char>('0' + fraction % 10);
  return at + decimals;
}

/// Any spelling of a double, compared with ours afterwards.
Reading read_double_slowly(std::string_view text, double& value) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits.front() == '+') return Reading::Bad;
  if (digits == "Infinite") digits = "Infinity";  // as ib_async spells it
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end != digits.data() + digits.size()) return Reading::Bad;
  if (error == std::errc::result_out_of_range) {  // 1e999 or 1e-999: nearest that a double can hold
    value = std::strtod(std::string(digits).c_str(), nullptr);
  } else if (error != std::errc()) {
    return Reading::Bad;
  }
  std::string ours;
  append_double(ours, value);
  return ours == text ? Reading::Exact : Reading::Other;
}

bool escapes(Spelling spelling, int server_version) {
  constexpr int kAsciiServerVersion = 153;  // from here on TWS sends 7-bit text
  return spelling == Spelling::EscapedAlways ||
         (spelling == Spelling::Escaped && server_version >= kAsciiServerVersion);
}

Reading read_integer(Spelling spelling, std::string_view text, bool wide, std::optional<std::int64_t>& value) {
  value.reset();
  if (text.empty()) return spelling == Spelling::Blank ? Reading::Exact : Reading::Other;
  std::int64_t number = 0;
  const Reading reading = read_int64(text, number);
  if (reading == Reading::Bad) return reading;
  if (number == (wide ? kUnsetInt64 : kUnsetInt32)) {
    return spelling == Spelling::Sentinel && reading == Reading::Exact ? Reading::Exact : Reading::Other;
  }
  if (!wide && (number > kUnsetInt32 || number < std::numeric_limits<std::int32_t>::min())) return Reading::Bad;
  value = number;
  return reading;
}

void append_whole(std::string& out, double value) {
  constexpr double kExact = 1e15;  // all whole numbers below are doubles
  if (value != std::trunc(value) || std::abs(value) >= kExact) return append_double(out, value);
  append_int64(out, static_cast<std::int64_t>(value));
}

Reading read_number(Spelling spelling, std::string_view text, std::optional<double>& value) {
  value.reset();
  if (text.empty()) {
    return spelling == Spelling::Blank || spelling == Spelling::Whole ? Reading::Exact : Reading::Other;
  }
  double number = 0;
  const Reading reading = read_double(text, number);
  if (reading == Reading::Bad) return reading;
  if (number == kUnsetDouble) {
    return spelling == Spelling::Sentinel && text == kUnsetDoubleText ? Reading::Exact : Reading::Other;
  }
  value = number;
  if (spelling != Spelling::Whole) return reading;
  std::string ours;
  append_whole(ours, number);
  return ours == text ? Reading::Exact : Reading::Other;
}

Reading read_decimal(Spelling spelling, std::string_view text, std::optional<Decimal>& value) {
  value.reset();
  if (text.empty()) return spelling == Spelling::Blank ? Reading::Exact : Reading::Other;
  for (const std::string_view unset : kUnsetDecimals) {
    if (text == unset) {
      return spelling == Spelling::Sentinel && text == kUnsetDecimalText ? Reading::Exact : Reading::Other;
    }
  }
  const auto parsed = Decimal::parse(text);
  if (!parsed) return Reading::Bad;
  value = *parsed;
  // Digits with at most one inner point and no needless sign or zero are what to_string writes.
  const std::string_view digits = text.front() == '-' ? text.substr(1) : text;
  const bool plain = text.find_first_of("eE+") == std::string_view::npos && is_digit(digits.front()) &&
                     is_digit(text.back()) && (digits.size() == 1 || digits[0] != '0' || digits[1] == '.') &&
                     !(text.front() == '-' && parsed->is_zero());
  return plain ? Reading::Exact : Reading::Other;
}

Reading read_bool(Spelling spelling, std::string_view text, std::optional<bool>& value) {
  if (spelling == Spelling::TrueFalse || spelling == Spelling::AndOr) {
    const bool words = spelling == Spelling::TrueFalse;
    value = text == (words ? "true" : "a");
    return *value || text == (words ? "false" : "o") ? Reading::Exact : Reading::Other;
  }
  value.reset();
  if (text.size() == 1 && (text[0] == '0' || text[0] == '1')) {
    value = text[0] == '1';
    return Reading::Exact;
  }
  if (text.empty()) return Reading::Other;
  std::int64_t number = 0;
  if (text == "true" || text == "false") {
    value = text == "true";
  } else if (read_int64(text, number) != Reading::Bad) {
    value = number != 0;
  } else {
    return Reading::Bad;
  }
  return Reading::Other;
}

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

Reading read_string(Spelling spelling, int server_version, std::string_view text, std::optional<std::string>& value) {
  if (text.empty()) {
    value.reset();
    return Reading::Exact;
  }
  if (!escapes(spelling, server_version) || (is_ascii(text) && text.find('\\') == std::string_view::npos)) {
    value.emplace(text);
    return Reading::Exact;
  }
  value = unescape_unicode(text);
  return escape_unicode(*value) == text ? Reading::Exact : Reading::Other;
}

Reading read_value(Spelling spelling, int, std::string_view text, std::optional<std::int32_t>& value) {
  std::optional<std::int64_t> number;
  const Reading reading = read_integer(spelling, text, false, number);
  value = number ? std::optional(static_cast<std::int32_t>(*number)) : std::nullopt;
  return reading;
}
Reading read_value(Spelling spelling, int, std::string_view text, std::optional<std::int64_t>& value) {
  return read_integer(spelling, text, true, value);
}
Reading read_value(Spelling spelling, int, std::string_view text, std::optional<double>& value) {
  return read_number(spelling, text, value);
}
Reading read_value(Spelling spelling, int, std::string_view text, std::optional<Decimal>& value) {
  return read_decimal(spelling, text, value);
}
Reading read_value(Spelling spelling, int, std::string_view text, std::optional<bool>& value) {
  return read_bool(spelling, text, value);
}
Reading read_value(Spelling spelling, int server_version, std::string_view text, std::optional<std::string>& value) {
  return read_string(spelling, server_version, text, value);
}

/// Calls `use` with an unset std::optional of a scalar's type; `otherwise` is the answer for what is no scalar.
template <class Use, class Result>
Result as_optional(Kind kind, Use&& use, Result otherwise) {
  switch (kind) {
    case Kind::Int32:
      return use(std::optional<std::int32_t>());
    case Kind::Int64:
      return use(std::optional<std::int64_t>());
    case Kind::Double:
      return use(std::optional<double>());
    case Kind::Decimal:
      return use(std::optional<Decimal>());
    case Kind::Bool:
      return use(std::optional<bool>());
    case Kind::String:
      return use(std::optional<std::string>());
    case Kind::Struct:
    case Kind::Int32List:
    case Kind::DoubleList:
    case Kind::StringList:
    case Kind::StructList:
      break;
  }
  return otherwise;
}

void append_text(std::string& out, std::string_view text, bool escaped) {
  if (escaped && !is_ascii(text))
    out += escape_unicode(text);
  else
    out += text;
}

template <class T>
bool equal(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, double>) {
    if (std::isnan(a) && std::isnan(b)) return true;
  }
  return a == b;
}

}  // namespace

Reading read_int64(std::string_view text, std::int64_t& value) {
  if (read_digits(text, value)) return Reading::Exact;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) {
    const std::string_view digits = text.front() == '-' ? text.substr(1) : text;
    return digits.front() == '0' && text.size() > 1 ? Reading::Other : Reading::Exact;
  }
  // "+5", and "5.0" or "5E0" from clients that keep whole numbers in doubles
  double number = 0;
  if (text.empty() || read_double(text, number) == Reading::Bad) return Reading::Bad;
  if (number != std::trunc(number) || std::abs(number) >= 9.2e18) return Reading::Bad;
  value = static_cast<std::int64_t>(number);
  return Reading::Other;
}

Reading read_double(std::string_view text, double& value) {
  // Up to 15 digits with an optional point, whole part first: exact by one division (Clinger).
  constexpr std::size_t kLongest = 17;  // sign, 15 digits, point
  if (text.empty() || text.size() > kLongest) return read_double_slowly(text, value);
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = *at == '-';
  if (negative) ++at;
  const char* const whole = at;
  const char* point = end;
  std::int64_t mantissa = 0;
  for (; at != end; ++at) {
    const auto digit = static_cast<unsigned>(*at - '0');
    if (digit <= 9)
      mantissa = mantissa * 10 + digit;
    else if (*at == '.' && point == end)
      point = at;
    else
      return read_double_slowly(text, value);
  }
  const auto whole_digits = point - whole;
  const auto fraction_digits = point == end ? 0 : end - point - 1;
  if (whole_digits == 0 || whole_digits + fraction_digits > 15) return read_double_slowly(text, value);
  value = static_cast<double>(mantissa) / kPowersOfTen[static_cast<std::size_t>(fraction_digits)];
  if (negative) value = -value;
  const bool tidy_whole = whole_digits == 1 || *whole != '0';
  const bool tidy_fraction = fraction_digits == 1 || (fraction_digits > 1 && end[-1] != '0');
  const bool no_exponent = mantissa == 0 || value >= 1e-4 || value <= -1e-4;
  return tidy_whole && tidy_fraction && no_exponent ? Reading::Exact : Reading::Other;
}

char* write_int64(char* at, std::int64_t value) {
  if (static_cast<std::uint64_t>(value) < 10'000) return write_short(at, static_cast<std::uint32_t>(value));
  return std::to_chars(at, at + kMaxInt64Chars, value).ptr;
}

char* write_double(char* at, double value) {
  const auto word = [at](std::string_view text) { return text.copy(at, text.size()) + at; };
  if (std::isnan(value)) return word("NaN");
  if (std::isinf(value)) return word(value < 0 ? "-Infinity" : "Infinity");
  if (char* const end = write_short_double(at, value)) return end;
  const bool scientific = std::abs(value) < 1e-4 || std::abs(value) >= 1e16;
  const auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
  char* end = std::to_chars(at, at + kMaxDoubleChars, value, format).ptr;
  if (!scientific && std::memchr(at, '.', static_cast<std::size_t>(end - at)) == nullptr) {
    *end++ = '.';
    *end++ = '0';
  }
  return end;
}

void append_int64(std::string& out, std::int64_t value) {
  char buffer[kMaxInt64Chars];
  out.append(buffer, write_int64(buffer, value));
}

void append_double(std::string& out, double value) {
  char buffer[kMaxDoubleChars];
  out.append(buffer, write_double(buffer, value));
}

Reading read_scalar(const FieldInfo& field, Spelling spelling, int server_version, std::string_view text,
                    void* object) {
  const auto read = [&]<class T>(std::optional<T> value) {
    const Reading reading = read_value(spelling, server_version, text, value);
    if (value)
      set<T>(field, object) = *std::move(value);
    else
      unset(field, object);
    return reading;
  };
  return as_optional(field.kind, read, Reading::Bad);
}

void append_scalar(std::string& out, const FieldInfo& field, Spelling spelling, int server_version,
                   const void* object) {
  switch (field.kind) {
    case Kind::Int32:
      if (const auto* value = value_of<std::int32_t>(field, object)) return append_int64(out, *value);
      if (spelling == Spelling::Sentinel) append_int64(out, kUnsetInt32);
      if (spelling == Spelling::Plain) out += '0';
      return;
    case Kind::Int64:
      if (const auto* value = value_of<std::int64_t>(field, object)) return append_int64(out, *value);
      if (spelling == Spelling::Sentinel) append_int64(out, kUnsetInt64);
      if (spelling == Spelling::Plain) out += '0';
      return;
    case Kind::Double:
      if (const auto* value = value_of<double>(field, object)) {
        return spelling == Spelling::Whole ? append_whole(out, *value) : append_double(out, *value);
      }
      if (spelling == Spelling::Sentinel) out += kUnsetDoubleText;
      if (spelling == Spelling::Plain) out += "0.0";
      return;
    case Kind::Decimal:
      if (const auto* value = value_of<Decimal>(field, object)) return value->append_to(out);
      if (spelling == Spelling::Sentinel) out += kUnsetDecimalText;
      if (spelling == Spelling::Plain) out += '0';
      return;
    case Kind::Bool: {
      const auto* set_value = value_of<bool>(field, object);
      const bool value = set_value != nullptr && *set_value;
      if (spelling == Spelling::TrueFalse)
        out += value ? "true" : "false";
      else if (spelling == Spelling::AndOr)
        out += value ? 'a' : 'o';
      else
        out += value ? '1' : '0';
      return;
    }
    case Kind::String:
      if (const auto* value = value_of<std::string>(field, object))
        append_text(out, *value, escapes(spelling, server_version));
      return;
    case Kind::Struct:
    case Kind::Int32List:
    case Kind::DoubleList:
    case Kind::StringList:
    case Kind::StructList:
      return;
  }
}

bool means_the_same(const FieldInfo& field, Spelling spelling, int server_version, std::string_view text,
                    const void* object) {
  const auto same = [&]<class T>(std::optional<T> read) {
    if (read_value(spelling, server_version, text, read) == Reading::Bad) return false;
    const T* value = value_of<T>(field, object);
    return read && value ? equal(*read, *value) : !read && !value;
  };
  return as_optional(field.kind, same, false);
}

std::size_t decode_utf8(std::string_view text, std::uint32_t& code_point) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    code_point = first;
    return 1;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || first > 0xF4 || text.size() < length) return 0;
  code_point = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code_point = code_point << 6 | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && code_point < 0x800) || (length == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
  return overlong || surrogate || code_point > 0x10FFFF ? 0 : length;
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::string unescape_unicode(std::string_view text) {
  const auto unit_at = [&](std::size_t at) -> std::optional<std::uint32_t> {
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
    std::uint32_t unit = 0;
    const char* const end = text.data() + at + 6;
    const auto [stop, error] = std::from_chars(text.data() + at + 2, end, unit, 16);
    return stop == end && error == std::errc() ? std::optional(unit) : std::nullopt;
  };
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    auto unit = unit_at(at);
    const bool high = unit && *unit >= 0xD800 && *unit < 0xDC00;
    const auto low = high ? unit_at(at + 6) : std::nullopt;
    if (low && *low >= 0xDC00 && *low < 0xE000) {
      append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
      at += 12;
    } else if (unit && (*unit < 0xD800 || *unit >= 0xE000)) {
      append_utf8(out, *unit);
      at += 6;
    } else {
      out += text[at++];
    }
  }
  return out;
}

std::string escape_unicode(std::string_view text) {
  std::string out;
  const auto put_unit = [&](std::uint32_t unit) {
    constexpr char kHex[] = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 0xF];
  };
  for (std::size_t at = 0; at < text.size();) {
    std::uint32_t c = 0;
    const std::size_t length = decode_utf8(text.substr(at), c);
    if (length <= 1) {
      out += text[at++];
      continue;
    }
    if (c >= 0x10000) {
      put_unit(0xD800 + ((c - 0x10000) >> 10));
      put_unit(0xDC00 + ((c - 0x10000) & 0x3FF));
    } else {
      put_unit(c);
    }
    at += length;
  }
  return out;
}

}  // namespace ibkr::protocol
