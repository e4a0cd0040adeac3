#include "protocol/text_conditions.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "protocol/decimal.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

template <class T>
bool compared(Compare how, const T& left, const T& right) {
  switch (how) {
    case Compare::Equal:
      return left == right;
    case Compare::NotEqual:
      return left != right;
    case Compare::Less:
      return left < right;
    case Compare::LessEqual:
      return left <= right;
    case Compare::Greater:
      return left > right;
    case Compare::GreaterEqual:
      return left >= right;
  }
  return false;
}

std::int64_t integer_of(const FieldInfo& field, const void* object) {
  if (field.kind == Kind::Bool) {
    const bool* value = value_of<bool>(field, object);
    return value != nullptr && *value ? 1 : 0;
  }
  const std::int32_t* value = value_of<std::int32_t>(field, object);
  return value ? *value : 0;
}

std::optional<double> number_of(const FieldInfo& field, const void* object) {
  if (field.kind == Kind::Double) {
    const double* value = value_of<double>(field, object);
    return value ? std::optional(*value) : std::nullopt;
  }
  const Decimal* value = value_of<Decimal>(field, object);
  return value ? std::optional(value->to_double()) : std::nullopt;
}

std::string_view text_of(const FieldInfo& field, const void* object) {
  const std::string* value = value_of<std::string>(field, object);
  return value ? std::string_view(*value) : std::string_view();
}

bool not_empty(const FieldInfo& field, const void* object) {
  return object != nullptr && list_size(field, object) != 0;
}

}  // namespace

bool holds(const Condition& c, int server_version, int message_version, const void* object) {
  switch (c.code) {
    case ConditionCode::ServerVersion:
      return compared(c.compare, server_version, static_cast<int>(c.number));
    case ConditionCode::MessageVersion:
      return compared(c.compare, message_version, static_cast<int>(c.number));
    case ConditionCode::Integer: {
      const std::int64_t value = integer_of(*c.field, object);
      return std::ranges::any_of(c.integers,
                                 [&](std::int32_t i) { return compared<std::int64_t>(c.compare, value, i); });
    }
    case ConditionCode::Number: {
      const auto value = number_of(*c.field, object);
      return value && compared(c.compare, *value, c.number);
    }
    case ConditionCode::Text: {
      const bool among = std::ranges::find(c.texts, text_of(*c.field, object)) != c.texts.end();
      return among == (c.compare == Compare::Equal);
    }
    case ConditionCode::NotEmptyList:
      return not_empty(*c.field, object);
  }
  return false;
}

}  // namespace ibkr::protocol
