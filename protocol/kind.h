// From a field's kind to the C++ type that holds it: one switch for all walks that need no other.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "protocol/decimal.h"
#include "protocol/schema.h"

namespace ibkr::protocol {

/// Stands for a struct, and for a list of structs: their types are known by their tables only.
struct AnyStruct {};
struct AnyStructList {};

/// True for the types of one value: numbers, booleans, decimals and texts.
template <class T>
inline constexpr bool kIsScalar =
    std::is_arithmetic_v<T> || std::is_same_v<T, Decimal> || std::is_same_v<T, std::string>;

/// Equal values of one of these types. Decimals are equal by value, and a NaN equals a NaN.
template <class T>
bool same_value(const T& left, const T& right) {
  if constexpr (std::is_same_v<T, double>) {
    return left == right || (std::isnan(left) && std::isnan(right));
  } else {
    return left == right;
  }
}

/// Calls visit(std::type_identity<T>()) with the type that holds a field of this kind: a scalar, a std::vector of
/// scalars, AnyStruct or AnyStructList. A visitor that leaves a kind out does not compile.
template <class Visit>
decltype(auto) visit_kind(Kind kind, Visit&& visit) {
  switch (kind) {
    case Kind::Int32:
      return visit(std::type_identity<std::int32_t>());
    case Kind::Int64:
      return visit(std::type_identity<std::int64_t>());
    case Kind::Double:
      return visit(std::type_identity<double>());
    case Kind::Bool:
      return visit(std::type_identity<bool>());
    case Kind::Decimal:
      return visit(std::type_identity<Decimal>());
    case Kind::String:
      return visit(std::type_identity<std::string>());
    case Kind::Struct:
      return visit(std::type_identity<AnyStruct>());
    case Kind::Int32List:
      return visit(std::type_identity<std::vector<std::int32_t>>());
    case Kind::DoubleList:
      return visit(std::type_identity<std::vector<double>>());
    case Kind::StringList:
      return visit(std::type_identity<std::vector<std::string>>());
    case Kind::StructList:
      break;
  }
  return visit(std::type_identity<AnyStructList>());
}

}  // namespace ibkr::protocol
