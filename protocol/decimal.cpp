#include "protocol/decimal.h"
#include "protocol/numbers.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

namespace ibkr::protocol {
namespace {

constexpr int kMaxDigits = 18;
__extension__ typedef __int128 Wide;  // 18 digits times 10^18

constexpr std::int64_t power_of_ten(int exponent) {
  std::int64_t power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

/// Both mantissas at the larger of the two scales.
void align(const Decimal& a, const Decimal& b, Wide& left, Wide& right) {
  const int scale = std::max(a.scale(), b.scale());
  left = static_cast<Wide>(a.mantissa()) * power_of_ten(scale - a.scale());
  right = static_cast<Wide>(b.mantissa()) * power_of_ten(scale - b.scale());
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;
  std::int64_t mantissa = 0;
  int digits = 0, significant = 0, scale = 0;
  bool point = false;
  for (; at != end && *at != 'e' && *at != 'E'; ++at) {
    if (*at == '.' && !point) {
      point = true;
      continue;
    }
    if (*at < '0' || *at > '9') return std::nullopt;
    ++digits;
    if (mantissa != 0 || *at != '0') ++significant;
    if (significant > kMaxDigits) return std::nullopt;
    mantissa = mantissa * 10 + (*at - '0');
    if (point && ++scale > kMaxDigits) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  if (at != end) {
    if (++at != end && *at == '+') ++at;
    int exponent = 0;
    const auto [stop, error] = std::from_chars(at, end, exponent);
    if (error != std::errc() || stop != end || exponent > kMaxDigits || exponent < -kMaxDigits) return std::nullopt;
    scale -= exponent;
    for (; scale < 0; ++scale) {
      if (++significant > kMaxDigits && mantissa != 0) return std::nullopt;
      mantissa *= 10;
    }
    if (scale > kMaxDigits) return std::nullopt;
  }
  return scaled(negative ? -mantissa : mantissa, scale);
}

Decimal Decimal::from_double(double value, int scale) {
  return scaled(std::llround(value * static_cast<double>(power_of_ten(scale))), scale);
}

double Decimal::to_double() const { return static_cast<double>(mantissa_) / static_cast<double>(power_of_ten(scale_)); }

std::string Decimal::to_string() const {
  std::string text;
  append_to(text);
  return text;
}

void Decimal::append_to(std::string& out) const {
  char buffer[kMaxChars];
  out.append(buffer, to_chars(buffer));
}

char* Decimal::to_chars(char* at) const {
  assert(scale_ >= 0 && scale_ <= kMaxDigits);
  if (scale_ == 0) return write_int64(at, mantissa_);
  char buffer[24] = {};  // g++ 14 does not see that to_chars writes what is copied
  const auto magnitude =
      mantissa_ < 0 ? 0 - static_cast<std::uint64_t>(mantissa_) : static_cast<std::uint64_t>(mantissa_);
  if (mantissa_ < 0) *at++ = '-';
  const auto digits = static_cast<std::size_t>(std::to_chars(buffer, buffer + sizeof buffer, magnitude).ptr - buffer);
  const auto scale = static_cast<std::size_t>(scale_);
  const std::size_t whole = digits > scale ? digits - scale : 0;
  at = whole == 0 ? std::fill_n(at, 1, '0') : std::copy_n(buffer, whole, at);
  *at++ = '.';
  at = std::fill_n(at, whole == 0 ? scale - digits : 0, '0');
  return std::copy_n(buffer + whole, digits - whole, at);
}

int Decimal::compare(const Decimal& a, const Decimal& b) {
  Wide left, right;
  align(a, b, left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

Decimal operator+(const Decimal& a, const Decimal& b) {
  Wide left, right;
  align(a, b, left, right);
  return Decimal::scaled(static_cast<std::int64_t>(left + right), std::max(a.scale_, b.scale_));
}

Decimal operator-(const Decimal& a, const Decimal& b) {
  Wide left, right;
  align(a, b, left, right);
  return Decimal::scaled(static_cast<std::int64_t>(left - right), std::max(a.scale_, b.scale_));
}

}  // namespace ibkr::protocol
