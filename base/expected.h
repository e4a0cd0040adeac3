// Expected<T, E>: a value, or the reason why there is none. It has std::expected's names (C++23) for what this program
// uses of it, so that the change to the standard's will be a change of one include.
//
// Used for input that is not ours: frames, journals, JSON, replies. Our own bugs are assertions, not errors.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

namespace ibkr {

/// Wraps an error so that `return Unexpected(e);` makes a failed Expected of any value type.
template <class E>
class Unexpected {
 public:
  explicit Unexpected(E error) : error_(std::move(error)) {}
  E& error() & { return error_; }
  const E& error() const& { return error_; }
  E&& error() && { return std::move(error_); }

 private:
  E error_;
};

/// Either a T or an E. Reading the wrong one is a bug of the caller and throws std::bad_variant_access.
template <class T, class E>
class [[nodiscard]] Expected {
 public:
  using value_type = T;
  using error_type = E;

  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Expected(Unexpected<E> failure) : state_(std::in_place_index<1>, std::move(failure).error()) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  /// The value, or `otherwise` where there is none.
  template <class U>
  T value_or(U&& otherwise) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(otherwise));
  }
  template <class U>
  T value_or(U&& otherwise) && {
    return has_value() ? std::move(*this).value() : static_cast<T>(std::forward<U>(otherwise));
  }

  E& error() & { return std::get<1>(state_); }
  const E& error() const& { return std::get<1>(state_); }
  E&& error() && { return std::get<1>(std::move(state_)); }

  /// What `next` makes of the value, itself an Expected with the same error; or this error.
  template <class Next>
  auto and_then(Next&& next) && -> std::invoke_result_t<Next, T&&> {
    if (!has_value()) return Unexpected<E>(std::move(*this).error());
    return std::forward<Next>(next)(std::move(*this).value());
  }
  /// The value as `change` makes it; or this error.
  template <class Change>
  auto transform(Change&& change) && -> Expected<std::invoke_result_t<Change, T&&>, E> {
    if (!has_value()) return Unexpected<E>(std::move(*this).error());
    return std::forward<Change>(change)(std::move(*this).value());
  }
  /// This value; or the error as `change` makes it.
  template <class Change>
  auto transform_error(Change&& change) && -> Expected<T, std::invoke_result_t<Change, E&&>> {
    if (has_value()) return std::move(*this).value();
    return Unexpected(std::forward<Change>(change)(std::move(*this).error()));
  }

 private:
  std::variant<T, E> state_;
};

/// Success without a value, or an E. Success, which is what comes a million times a second, is one word. Reading the
/// error of a success is a bug of the caller and throws std::bad_variant_access, as above.
template <class E>
class [[nodiscard]] Expected<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  Expected() = default;
  Expected(Unexpected<E> failure) : error_(std::make_unique<E>(std::move(failure).error())) {}

  bool has_value() const { return error_ == nullptr; }
  explicit operator bool() const { return has_value(); }
  E& error() & { return error_ ? *error_ : throw std::bad_variant_access(); }
  const E& error() const& { return error_ ? *error_ : throw std::bad_variant_access(); }
  E&& error() && { return std::move(error_ ? *error_ : throw std::bad_variant_access()); }

 private:
  std::unique_ptr<E> error_;
};

}  // namespace ibkr
