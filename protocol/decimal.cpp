#include "protocol/decimal.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <limits>

#include "protocol/numbers.h"
#include "protocol/unset.h"

namespace ibkr::protocol {
namespace {

constexpr int kMaxDigits = 18;         // of a mantissa; also the largest scale
constexpr int kMaxExponentDigits = 9;  // a decimal's place then fits 64 bits however many digits it has
__extension__ typedef __int128 Wide;   // 19 digits times 10^18

constexpr std::array<std::int64_t, kMaxDigits + 1> kPowers = [] {
  std::array<std::int64_t, kMaxDigits + 1> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();
constexpr std::int64_t power_of_ten(int exponent) { return kPowers[static_cast<std::size_t>(exponent)]; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A finite decimal taken apart: ± 0.digits × 10^place, the first digit not 0; no digits are zero.
struct Parts {
  bool negative = false;
  std::string digits;
  std::int64_t place = 0;

  /// Without zeros at either end, which say nothing.
  void trim() {
    const std::size_t leading = std::min(digits.find_first_not_of('0'), digits.size());
    digits.erase(0, leading);
    place -= static_cast<std::int64_t>(leading);
    while (digits.ends_with('0')) digits.pop_back();
    if (digits.empty()) place = 0;
  }
  /// Power of ten of the last digit.
  std::int64_t last() const { return place - static_cast<std::int64_t>(digits.size()); }
  /// The digits down to a power of ten that is not above last().
  std::string down_to(std::int64_t power) const {
    return digits + std::string(static_cast<std::size_t>(last() - power), '0');
  }
};

/// Takes a number's text apart; none where it is no finite number.
std::optional<Parts> parts_of(std::string_view text) {
  text = trimmed(text);
  Parts parts;
  const char* at = text.data();
  const char* const end = at + text.size();
  parts.negative = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;
  bool point = false;
  for (; at != end && *at != 'e' && *at != 'E'; ++at) {
    if (*at == '.' && !point) {
      point = true;
    } else if (is_digit(*at)) {
      parts.digits += *at;
      if (!point) ++parts.place;
    } else {
      return std::nullopt;
    }
  }
  if (parts.digits.empty()) return std::nullopt;
  if (at != end) {
    if (++at != end && *at == '+' && at + 1 != end && at[1] != '-') ++at;
    std::int64_t exponent = 0;
    const std::ptrdiff_t digits = end - at - (at != end && *at == '-');
    const auto [stop, error] = std::from_chars(at, end, exponent);
    if (error != std::errc() || stop != end || digits > kMaxExponentDigits) return std::nullopt;
    parts.place += exponent;
  }
  parts.trim();
  return parts;
}

/// In small letters.
std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// -1, 0, 1 for numbers taken apart.
int compare_parts(const Parts& a, const Parts& b) {
  const auto sign = [](const Parts& parts) { return parts.digits.empty() ? 0 : parts.negative ? -1 : 1; };
  if (sign(a) != sign(b)) return sign(a) < sign(b) ? -1 : 1;
  const int magnitude = a.place != b.place ? (a.place < b.place ? -1 : 1) : a.digits.compare(b.digits);
  return (magnitude < 0 ? -1 : magnitude > 0 ? 1 : 0) * (sign(a) < 0 ? -1 : 1);
}

/// left + right, digit by digit from the right; both of one length.
std::string add_digits(std::string left, const std::string& right) {
  int carry = 0;
  for (std::size_t i = left.size(); i-- > 0;) {
    const int sum = left[i] - '0' + right[i] - '0' + carry;
    left[i] = static_cast<char>('0' + sum % 10);
    carry = sum / 10;
  }
  return carry ? "1" + left : left;
}

/// left - right, where left is not the smaller one; both of one length.
std::string subtract_digits(std::string left, const std::string& right) {
  int borrow = 0;
  for (std::size_t i = left.size(); i-- > 0;) {
    const int difference = left[i] - right[i] - borrow;
    borrow = difference < 0;
    left[i] = static_cast<char>('0' + difference + 10 * borrow);
  }
  return left;
}

/// ± digits × 10^last, with all its digits where that is short enough, else with an exponent.
std::string plain_text(bool negative, std::string digits, std::int64_t last) {
  const std::string sign = negative ? "-" : "";
  if (last == 0) return sign + digits;
  const auto size = static_cast<std::int64_t>(digits.size());
  constexpr std::int64_t kMaxZeros = 40;
  if (last > kMaxZeros || -last > size + kMaxZeros) return sign + digits + "E" + std::to_string(last);
  if (last > 0) return sign + digits + std::string(static_cast<std::size_t>(last), '0');
  if (-last >= size) digits.insert(0, static_cast<std::size_t>(-last - size + 1), '0');
  digits.insert(digits.size() - static_cast<std::size_t>(-last), 1, '.');
  return sign + digits;
}

std::optional<Decimal> sum_of(const Parts& a, const Parts& b) {
  if (a.digits.empty() || b.digits.empty()) {
    const Parts& other = a.digits.empty() ? b : a;
    return other.digits.empty() ? Decimal() : Decimal::parse(plain_text(other.negative, other.digits, other.last()));
  }
  const std::int64_t last = std::min(a.last(), b.last());
  const std::int64_t size = std::max(a.place, b.place) - last;
  constexpr std::int64_t kForSignPointAndExponent = 50;
  if (size > static_cast<std::int64_t>(Decimal::kMaxText) - kForSignPointAndExponent) return std::nullopt;
  std::string left = a.down_to(last), right = b.down_to(last);
  left.insert(0, static_cast<std::size_t>(size) - left.size(), '0');
  right.insert(0, static_cast<std::size_t>(size) - right.size(), '0');
  std::string digits;
  bool negative = a.negative;
  if (a.negative == b.negative) {
    digits = add_digits(std::move(left), right);
  } else if (left >= right) {
    digits = subtract_digits(std::move(left), right);
  } else {
    digits = subtract_digits(std::move(right), left);
    negative = b.negative;
  }
  const std::size_t leading = digits.find_first_not_of('0');
  if (leading == std::string::npos) return Decimal();
  return Decimal::parse(plain_text(negative, digits.substr(leading), last));
}

}  // namespace

void Decimal::keep(std::string_view text) {
  text_ = new char[text.size()];
  std::ranges::copy(text, text_);
  length_ = static_cast<std::uint16_t>(text.size());
}

Decimal Decimal::spelled(Form form, std::string_view text) {
  Decimal d;
  d.keep(text);
  d.form_ = form;
  return d;
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  // Digits with at most one inner point and no needless sign or zero are what to_chars writes.
  const bool needless_zero = end - at > 1 && *at == '0' && at[1] != '.';
  const char* const first = at;
  std::int64_t mantissa = 0;
  int significant = 0, scale = 0;
  bool point = false;
  for (; at != end; ++at) {
    const auto digit = static_cast<unsigned>(*at - '0');
    if (digit <= 9) {
      if ((mantissa != 0 || digit != 0) && ++significant > kMaxDigits) break;
      mantissa = mantissa * 10 + digit;
      if (point && ++scale > kMaxDigits) break;
    } else if (*at == '.' && !point && at != first) {
      point = true;
    } else {
      break;
    }
  }
  const bool whole = at == end && at != first && !needless_zero && !(point && scale == 0);
  if (whole && !(negative && mantissa == 0)) return scaled(negative ? -mantissa : mantissa, scale);
  return parse_slowly(text);
}

std::optional<Decimal> Decimal::parse_slowly(std::string_view text) {
  if (text.size() > kMaxText) return std::nullopt;
  if (parts_of(text)) return spelled(Form::Spelled, text);
  const std::string_view signed_word = trimmed(text);
  const bool negative = signed_word.starts_with('-');
  const std::string word = lower(negative || signed_word.starts_with('+') ? signed_word.substr(1) : signed_word);
  if (word == "nan") return spelled(Form::NotANumber, text);
  if (word == "infinity" || word == "infinite" || word == "inf") {
    return spelled(negative ? Form::MinusInfinity : Form::Infinity, text);
  }
  return std::nullopt;
}

Decimal Decimal::from_double(double value, int scale) {
  const double scaled_value = value * static_cast<double>(power_of_ten(scale));
  if (std::abs(scaled_value) < static_cast<double>(power_of_ten(kMaxDigits))) {
    return scaled(std::llround(scaled_value), scale);
  }
  std::string text;
  append_double(text, value);
  return *parse(text);
}

bool Decimal::is_zero() const {
  return form_ == Form::Scaled ? mantissa_ == 0 : form_ == Form::Spelled && parts_of(kept_text())->digits.empty();
}

bool Decimal::is_spelled_unset_mark() const {
  struct Mark {
    double nearest;
    std::string_view digits;
    std::string_view as_double;  // its nearest double in full, and in as few digits as it needs
    std::string_view as_short_double;
  };
  static constexpr std::array<Mark, 4> kMarks = {{
      {0x1p63, "9223372036854775807", "9223372036854775808", "9223372036854776000"},
      {-0x1p63, "-9223372036854775808", "-9223372036854775808", "-9223372036854776000"},
      {0x1p127, "170141183460469231731687303715884105727", "170141183460469231731687303715884105728",
       "170141183460469230000000000000000000000"},
      {0x1.fffffffcp30, "2147483647", "2147483647", "2147483647"},
  }};
  const double nearest = to_double();
  if (means_unset(nearest)) return true;
  const auto mark = std::ranges::find(kMarks, nearest, &Mark::nearest);
  if (mark == kMarks.end()) return false;
  const auto is = [&](std::string_view digits) { return kept_text() == digits || *this == *parse(digits); };
  return is(mark->digits) || is(mark->as_double) || is(mark->as_short_double);
}

std::optional<std::int64_t> Decimal::to_int64() const {
  if (form_ == Form::Scaled && scale_ == 0) return mantissa_;
  const auto parts = parts_of(to_string());
  constexpr std::int64_t kMostDigits = 19;
  if (!parts || parts->last() < 0 || parts->place > kMostDigits) return std::nullopt;
  const std::string digits = (parts->negative ? "-0" : "0") + parts->down_to(0);
  std::int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return read.ec == std::errc() ? std::optional(value) : std::nullopt;
}

double Decimal::to_double() const {
  switch (form_) {
    case Form::Scaled: {
      constexpr std::int64_t kExact = std::int64_t{1} << 53;  // all whole numbers up to here are doubles
      if (mantissa_ <= kExact && mantissa_ >= -kExact) {
        return static_cast<double>(mantissa_) / static_cast<double>(power_of_ten(scale_));
      }
      break;
    }
    case Form::Spelled:
      break;
    case Form::Infinity:
      return HUGE_VAL;
    case Form::MinusInfinity:
      return -HUGE_VAL;
    case Form::NotANumber:
      return std::nan("");
  }
  double value = 0;
  (void)read_double(to_string(), value);
  return value;
}

std::string Decimal::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

void Decimal::append_to(std::string& out) const {
  if (form_ != Form::Scaled) {
    out += kept_text();
    return;
  }
  char buffer[kMaxChars];
  out.append(buffer, to_chars(buffer));
}

char* Decimal::to_chars(char* at) const {
  assert(form_ == Form::Scaled && scale_ <= kMaxDigits);
  if (scale_ == 0) return write_int64(at, mantissa_);
  char buffer[24] = {};  // g++ 14 does not see that to_chars writes what is copied
  const auto magnitude =
      mantissa_ < 0 ? 0 - static_cast<std::uint64_t>(mantissa_) : static_cast<std::uint64_t>(mantissa_);
  if (mantissa_ < 0) *at++ = '-';
  const auto digits = static_cast<std::size_t>(std::to_chars(buffer, buffer + sizeof buffer, magnitude).ptr - buffer);
  const std::size_t scale = scale_;
  const std::size_t whole = digits > scale ? digits - scale : 0;
  at = whole == 0 ? std::fill_n(at, 1, '0') : std::copy_n(buffer, whole, at);
  *at++ = '.';
  at = std::fill_n(at, whole == 0 ? scale - digits : 0, '0');
  return std::copy_n(buffer + whole, digits - whole, at);
}

int Decimal::compare(const Decimal& a, const Decimal& b) {
  if (a.form_ == Form::Scaled && b.form_ == Form::Scaled) {
    const int scale = std::max(a.scale_, b.scale_);
    const Wide left = static_cast<Wide>(a.mantissa_) * power_of_ten(scale - a.scale_);
    const Wide right = static_cast<Wide>(b.mantissa_) * power_of_ten(scale - b.scale_);
    return left < right ? -1 : left > right ? 1 : 0;
  }
  const auto order = [](const Decimal& d) {
    return d.is_nan() ? 2 : d.form_ == Form::Infinity ? 1 : d.form_ == Form::MinusInfinity ? -1 : 0;
  };
  if (order(a) != order(b)) return order(a) < order(b) ? -1 : 1;
  return order(a) != 0 ? 0 : compare_parts(*parts_of(a.to_string()), *parts_of(b.to_string()));
}

Decimal operator-(const Decimal& d) {
  switch (d.form_) {
    case Decimal::Form::Scaled:
      if (d.mantissa_ != std::numeric_limits<std::int64_t>::min()) return Decimal::scaled(-d.mantissa_, d.scale_);
      break;
    case Decimal::Form::Spelled:
      break;
    case Decimal::Form::Infinity:
      return Decimal::spelled(Decimal::Form::MinusInfinity, "-Infinity");
    case Decimal::Form::MinusInfinity:
      return Decimal::spelled(Decimal::Form::Infinity, "Infinity");
    case Decimal::Form::NotANumber:
      return d;
  }
  Parts parts = *parts_of(d.to_string());
  parts.negative = !parts.negative;
  return sum_of(parts, Parts()).value_or(d);  // it has no more digits than before
}

Decimal operator+(const Decimal& a, const Decimal& b) {
  using Form = Decimal::Form;
  if (a.form_ == Form::Scaled && b.form_ == Form::Scaled) {
    const int scale = std::max(a.scale_, b.scale_);
    const Wide sum = static_cast<Wide>(a.mantissa_) * power_of_ten(scale - a.scale_) +
                     static_cast<Wide>(b.mantissa_) * power_of_ten(scale - b.scale_);
    const Wide limit = power_of_ten(kMaxDigits);
    if (sum > -limit && sum < limit) return Decimal::scaled(static_cast<std::int64_t>(sum), scale);
  }
  const auto not_a_number = [] { return Decimal::spelled(Form::NotANumber, "NaN"); };
  if (!a.is_finite() || !b.is_finite()) {
    if (a.is_nan() || b.is_nan()) return not_a_number();
    if (a.is_infinite() && b.is_infinite() && a.form_ != b.form_) return not_a_number();
    return a.is_infinite() ? a : b;
  }
  return sum_of(*parts_of(a.to_string()), *parts_of(b.to_string())).value_or(not_a_number());
}

Decimal operator-(const Decimal& a, const Decimal& b) { return a + -b; }

}  // namespace ibkr::protocol
