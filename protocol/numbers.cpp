#include "protocol/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "protocol/decimal.h"

namespace ibkr::protocol {
namespace {

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
  if (first < 10) {
    *at++ = static_cast<char>('0' + first);
  } else {
    at = write_pair(at, first);
  }
  return high != 0 ? write_pair(at, value % 100) : at;
}

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
      const double rounded_up = magnitude * power + 0.5;
      const auto mantissa = static_cast<std::uint64_t>(rounded_up);
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

/// What the digits of a number beyond the range of doubles read as. from_chars, because strtod obeys the locale.
double beyond_range(std::string_view digits) {
  constexpr long double kLargestRoundedUp = 1.7977e308L;
  long double wide = 0;  // where it is wider than a double, it holds what was rounded up
  if (std::from_chars(digits.data(), digits.data() + digits.size(), wide).ec == std::errc()) {
    if (wide > 1 && wide < kLargestRoundedUp) return std::numeric_limits<double>::max();
    return static_cast<double>(wide);
  }
  const auto exponent = digits.find_first_of("eE");
  const auto negative = digits.starts_with('-');
  const bool small = exponent == digits.npos ? digits.substr(negative).starts_with("0.")
                                             : digits.substr(exponent + 1).starts_with('-');
  return (small ? 0.0 : HUGE_VAL) * (negative ? -1 : 1);
}

/// Any spelling of a double, compared with ours afterwards.
Reading read_double_slowly(std::string_view text, double& value) {
  std::string_view digits = trimmed(text);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || digits.front() == '+') return Reading::Bad;
  if (digits == "Infinite") digits = "Infinity";  // as ib_async spells it
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end != digits.data() + digits.size()) return Reading::Bad;
  if (error == std::errc::result_out_of_range) {
    value = beyond_range(digits);
  } else if (error != std::errc()) {
    return Reading::Bad;
  }
  std::string ours;
  append_double(ours, value);
  return ours == text ? Reading::Exact : Reading::Other;
}

}  // namespace

Reading read_int64(std::string_view text, std::int64_t& value) {
  if (read_digits(text, value)) return Reading::Exact;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) {
    const std::string_view digits = text.front() == '-' ? text.substr(1) : text;
    return digits.front() == '0' && text.size() > 1 ? Reading::Other : Reading::Exact;
  }
  // "+5", " 5", and "5.0" or "5E0" from clients that keep whole numbers in doubles
  const auto number = Decimal::parse(text);
  const auto whole = number ? number->to_int64() : std::nullopt;
  if (!whole) return Reading::Bad;
  value = *whole;
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
    if (digit <= 9) {
      mantissa = mantissa * 10 + digit;
    } else if (*at == '.' && point == end) {
      point = at;
    } else {
      return read_double_slowly(text, value);
    }
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

Reading read_flag(std::string_view text, bool& value) {
  const auto is = [word = trimmed(text)](std::string_view spelled) {
    return std::ranges::equal(word, spelled, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  };
  std::int64_t number = 0;
  if (is("true") || is("false")) {
    value = is("true");
    return Reading::Other;
  }
  if (read_int64(text, number) == Reading::Bad) return Reading::Bad;
  value = number != 0;
  return text == "0" || text == "1" ? Reading::Exact : Reading::Other;
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

}  // namespace ibkr::protocol
