// Decimal: a number with its exact decimal digits, as TWS sends sizes and quantities. 100 and 100.0 are equal in value
// but keep their own digits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ibkr::protocol {

/// mantissa × 10^-scale. At most 18 digits, scale 0..18.
class Decimal {
 public:
  constexpr Decimal() = default;
  constexpr Decimal(std::int64_t integer) : mantissa_(integer) {}
  /// mantissa × 10^-scale: Decimal::scaled(12345, 2) is 123.45.
  static constexpr Decimal scaled(std::int64_t mantissa, int scale) {
    Decimal d(mantissa);
    d.scale_ = scale;
    return d;
  }
  /// Reads "-123.450", also with an exponent. None where the text is not a number or has more than 18 digits.
  static std::optional<Decimal> parse(std::string_view text);
  /// The nearest decimal with `scale` digits after the point.
  static Decimal from_double(double value, int scale);

  std::int64_t mantissa() const { return mantissa_; }
  int scale() const { return scale_; }
  double to_double() const;
  std::string to_string() const;
  void append_to(std::string& out) const;
  /// Writes the digits, at most kMaxChars, and returns their end.
  char* to_chars(char* at) const;
  static constexpr std::size_t kMaxChars = 40;
  bool is_zero() const { return mantissa_ == 0; }

  /// The same digits: 100 and 100.0 differ.
  friend bool operator==(const Decimal&, const Decimal&) = default;
  /// -1, 0, 1 by value: 100 and 100.0 are equal.
  static int compare(const Decimal& a, const Decimal& b);
  friend Decimal operator+(const Decimal& a, const Decimal& b);
  friend Decimal operator-(const Decimal& a, const Decimal& b);

 private:
  std::int64_t mantissa_ = 0;
  std::int32_t scale_ = 0;
};

}  // namespace ibkr::protocol
