// Decimal: a number with its exact decimal digits, as TWS sends sizes and quantities. It is equal to every decimal of
// its value (100, 100.0 and 1e2) and keeps its own spelling.
//
// Nearly all sizes are a few digits: those are a mantissa and a scale in 16 bytes. Any other spelling that is a number
// (1e-05, +5, .5, the 55 digits of a binary fraction, NaN) is kept as a text of its own, on the heap.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ibkr::protocol {

/// A finite number, an infinity, or NaN. A value: copies are independent; not thread safe while it is changed.
class Decimal {
 public:
  constexpr Decimal() : mantissa_(0) {}
  constexpr Decimal(std::int64_t integer) : mantissa_(integer) {}
  /// mantissa × 10^-scale, scale 0..18: Decimal::scaled(12345, 2) is 123.45.
  static constexpr Decimal scaled(std::int64_t mantissa, int scale) {
    return Decimal(mantissa, static_cast<std::uint16_t>(scale));
  }
  /// Reads "-123.450", with or without sign, point and exponent, and "NaN", "Infinity", "Infinite", "inf" in any
  /// letter case; blanks around belong to the spelling. Nothing is rounded. None where the text is no number, is longer
  /// than kMaxText, or has an exponent of more than 9 digits.
  static std::optional<Decimal> parse(std::string_view text);
  static constexpr std::size_t kMaxText = 1000;
  /// The nearest decimal with `scale` digits after the point (0..18). What is too large for 18 digits, and what is not
  /// finite, is spelled as the double is.
  static Decimal from_double(double value, int scale);

  Decimal(const Decimal& other) : mantissa_(0) { copy(other); }
  Decimal(Decimal&& other) noexcept : mantissa_(0) { take(other); }
  Decimal& operator=(const Decimal& other) {
    if (this != &other) {
      drop();
      copy(other);
    }
    return *this;
  }
  Decimal& operator=(Decimal&& other) noexcept {
    if (this != &other) {
      drop();
      take(other);
    }
    return *this;
  }
  Decimal& operator=(std::int64_t integer) {
    drop();
    mantissa_ = integer;
    scale_ = 0;
    form_ = Form::Scaled;
    return *this;
  }
  constexpr ~Decimal() { drop(); }

  bool is_nan() const { return form_ == Form::NotANumber; }
  bool is_infinite() const { return form_ == Form::Infinity || form_ == Form::MinusInfinity; }
  bool is_finite() const { return !is_nan() && !is_infinite(); }
  bool is_zero() const;
  /// True for the numbers by which clients and TWS say that there is none, in any spelling: 2^31-1, 2^63-1, -2^63,
  /// 2^127-1, each of them as a double spells it (9.223372036854776E18), and what as a double is the largest one.
  bool is_unset_mark() const {
    constexpr std::int64_t kLeast = INT32_MAX;  // and the only one of so few digits
    return form_ == Form::Scaled ? mantissa_ >= kLeast && *this == Decimal(kLeast) : is_spelled_unset_mark();
  }
  /// The nearest double.
  double to_double() const;
  /// The same number; none where it has a fraction, or is out of the range.
  std::optional<std::int64_t> to_int64() const;
  /// As it was spelled; what was computed is spelled with all its digits.
  std::string to_string() const;
  void append_to(std::string& out) const;

  /// The text of a decimal that keeps one; empty for mantissa and scale, which to_chars spells. Lives as long as the
  /// decimal is not changed.
  std::string_view kept_text() const {
    return form_ == Form::Scaled ? std::string_view() : std::string_view(text_, length_);
  }
  /// Writes the digits of a decimal without kept text, at most kMaxChars, and returns their end.
  char* to_chars(char* at) const;
  static constexpr std::size_t kMaxChars = 40;

  /// By value, with NaN equal to itself and above all numbers, so that a message equals its copy and decimals sort.
  friend bool operator==(const Decimal& a, const Decimal& b) { return compare(a, b) == 0; }
  friend std::weak_ordering operator<=>(const Decimal& a, const Decimal& b) { return compare(a, b) <=> 0; }
  /// The same as -1, 0 or 1.
  static int compare(const Decimal& a, const Decimal& b);

  /// Exact. NaN where the digits would take more than kMaxText characters, of opposite infinities, and of NaN.
  friend Decimal operator+(const Decimal& a, const Decimal& b);
  friend Decimal operator-(const Decimal& a, const Decimal& b);
  friend Decimal operator-(const Decimal& d);

 private:
  enum class Form : std::uint8_t {
    Scaled,         ///< mantissa_ × 10^-scale_, spelled without exponent and needless signs and zeros
    Spelled,        ///< a finite number, as text_ says
    Infinity,       ///< and these three, as text_ spells them
    MinusInfinity,  //
    NotANumber,     //
  };

  constexpr Decimal(std::int64_t mantissa, std::uint16_t scale) : mantissa_(mantissa), scale_(scale) {}
  bool is_spelled_unset_mark() const;
  static std::optional<Decimal> parse_slowly(std::string_view text);
  static Decimal spelled(Form form, std::string_view text);
  constexpr void drop() {
    if (form_ != Form::Scaled) delete[] text_;
  }
  void copy(const Decimal& other) {
    form_ = other.form_;
    if (form_ == Form::Scaled) {
      mantissa_ = other.mantissa_;
      scale_ = other.scale_;
    } else {
      keep({other.text_, other.length_});
    }
  }
  /// Leaves the other one as 0.
  void take(Decimal& other) noexcept {
    form_ = std::exchange(other.form_, Form::Scaled);
    if (form_ == Form::Scaled) {
      mantissa_ = other.mantissa_;
      scale_ = other.scale_;
    } else {
      text_ = other.text_;
      length_ = other.length_;
      other.mantissa_ = other.scale_ = 0;
    }
  }
  void keep(std::string_view text);

  union {
    std::int64_t mantissa_;
    char* text_;  // owned
  };
  union {
    std::uint16_t scale_ = 0;
    std::uint16_t length_;
  };
  Form form_ = Form::Scaled;
};

static_assert(sizeof(Decimal) == 16);

}  // namespace ibkr::protocol
