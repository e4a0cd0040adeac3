// Field: a member of a generated struct. It is set or unset, and is used like a std::optional.
//
// The struct keeps two things apart: the values of its fields, and the bits that say which of them are set. The bits
// stand in the struct's first words, one for each field:
//
//   struct TickPrice {  present │ req_id │ tick_type │ price │ …  }      bit 0: req_id, bit 1: tick_type, …
//
// An interpreter reads or clears all bits of a word in one instruction. So it finds the set fields of a struct quickly,
// and empties a struct quickly, even where the struct has 200 fields.
//
// The price is that a field works only inside its struct, because it looks for its bit at the struct's beginning. A
// struct can be copied and moved; a field alone cannot.
//
// A Field is for code that knows the struct's type. An interpreter has tables instead of types and uses storage.h.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace ibkr::protocol {

/// True for a std::optional and for a field.
template <class T>
concept Optional = requires(const T& value) {
  value.has_value();
};

/// True for a type whose values can be compared with those of T. Optionals are compared in another way.
template <class U, class T>
concept ValueLike = !Optional<U> && requires(const T& value, const U& other) {
  value == other;
};

/// A field of the struct `Owner`. Its value, of type `T`, is a scalar or another struct. `Bit` is the number of its
/// bit. It is no more thread safe than its struct.
template <class T, class Owner, unsigned Bit>
class Field {
 public:
  Field() {}  // the value of an unset field is never read

  /// True when the field is set.
  bool has_value() const { return (word() & kMask) != 0; }
  explicit operator bool() const { return has_value(); }

  /// The value. Reading an unset field is a bug.
  const T& operator*() const {
    assert(has_value());
    return value_;
  }
  T& operator*() {
    assert(has_value());
    return value_;
  }
  const T* operator->() const { return &**this; }
  T* operator->() { return &**this; }
  const T& value() const { return **this; }
  /// The value, or `otherwise` when it is unset.
  template <class U>
  T value_or(U&& otherwise) const {
    return has_value() ? value_ : static_cast<T>(std::forward<U>(otherwise));
  }
  operator std::optional<T>() const { return has_value() ? std::optional<T>(value_) : std::nullopt; }

  template <class U, class = std::enable_if_t<std::is_assignable_v<T&, U&&>>>
  Field& operator=(U&& value) {
    value_ = std::forward<U>(value);
    word() |= kMask;
    return *this;
  }
  Field& operator=(const std::optional<T>& other) { return assign(other); }
  template <class OtherOwner, unsigned OtherBit>
  Field& operator=(const Field<T, OtherOwner, OtherBit>& other) {
    return assign(other);
  }
  Field& operator=(const Field& other) { return assign(other); }
  Field& operator=(Field&& other) noexcept { return other ? *this = std::move(other.value_) : *this = std::nullopt; }
  Field& operator=(std::nullopt_t) {
    reset();
    return *this;
  }
  void reset() { word() &= ~kMask; }
  /// Sets it to a new T.
  template <class... Arguments>
  T& emplace(Arguments&&... arguments) {
    return *(*this = T(std::forward<Arguments>(arguments)...));
  }

  bool operator==(std::nullopt_t) const { return !has_value(); }
  bool operator==(const std::optional<T>& other) const { return std::optional<T>(*this) == other; }
  template <class OtherOwner, unsigned OtherBit>
  bool operator==(const Field<T, OtherOwner, OtherBit>& other) const {
    return has_value() == other.has_value() && (!has_value() || value_ == *other);
  }
  template <ValueLike<T> U>
  bool operator==(const U& other) const {
    return has_value() && value_ == other;
  }

 private:
  friend Owner;  // copies its fields after its words
  Field(const Field& other) {
    if (other) value_ = other.value_;
  }
  Field(Field&& other) noexcept {
    if (other) value_ = std::move(other.value_);
  }

  template <class Other>
  Field& assign(const Other& other) {
    return other ? *this = *other : *this = std::nullopt;
  }

  static constexpr std::uint64_t kMask = std::uint64_t{1} << Bit % 64;
  const std::uint64_t& word() const {
    const char* const owner = reinterpret_cast<const char*>(this) - Owner::offset_of(Bit);
    return reinterpret_cast<const std::uint64_t*>(owner)[Bit / 64];
  }
  std::uint64_t& word() { return const_cast<std::uint64_t&>(std::as_const(*this).word()); }

  T value_;
};

}  // namespace ibkr::protocol
