#include "protocol/scalar.h"

#include <cmath>
#include <limits>
#include <optional>

#include "protocol/kind.h"
#include "protocol/numbers.h"
#include "protocol/storage.h"
#include "protocol/unicode.h"
#include "protocol/unset.h"

namespace ibkr::protocol {
namespace {

constexpr std::string_view kUnsetDoubleText = "1.7976931348623157e+308";  // the official Python client's spelling
constexpr std::string_view kUnsetDecimalText = "170141183460469231731687303715884105727";

bool escapes(Spelling spelling, int server_version) {
  constexpr int kAsciiServerVersion = 153;  // from here on TWS sends 7-bit text
  return spelling == Spelling::EscapedAlways ||
         (spelling == Spelling::Escaped && server_version >= kAsciiServerVersion);
}

Reading read_integer(const FieldInfo& field, Spelling spelling, std::string_view text,
                     std::optional<std::int64_t>& value) {
  const bool wide = field.kind == Kind::Int64;
  value.reset();
  if (is_blank(text)) return spelling == Spelling::Blank && text.empty() ? Reading::Exact : Reading::Other;
  std::int64_t number = 0;
  const Reading reading = read_int64(text, number);
  if (reading == Reading::Bad) return reading;
  if (number == (wide ? kUnsetInt64 : kUnsetInt32) && has_unset_mark(field.role)) {
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
  if (is_blank(text)) {
    const bool as_we_do = spelling == Spelling::Blank || spelling == Spelling::Whole;
    return as_we_do && text.empty() ? Reading::Exact : Reading::Other;
  }
  double number = 0;
  const Reading reading = read_double(text, number);
  if (reading == Reading::Bad) return reading;
  if (means_unset(number)) {
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
  if (is_blank(text)) return spelling == Spelling::Blank && text.empty() ? Reading::Exact : Reading::Other;
  auto parsed = Decimal::parse(text);
  if (!parsed) return Reading::Bad;
  if (means_unset(*parsed)) {
    return spelling == Spelling::Sentinel && text == kUnsetDecimalText ? Reading::Exact : Reading::Other;
  }
  value = *std::move(parsed);
  return Reading::Exact;  // it keeps its spelling
}

Reading read_bool(Spelling spelling, std::string_view text, std::optional<bool>& value) {
  value.reset();
  if (spelling == Spelling::AndOr) {
    if (text != "a" && text != "o") return Reading::Other;  // neither of both
    value = text == "a";
    return Reading::Exact;
  }
  if (is_blank(text)) return Reading::Other;
  bool flag = false;
  if (read_flag(text, flag) == Reading::Bad) return Reading::Bad;
  value = flag;
  const std::string_view ours = spelling == Spelling::TrueFalse ? (flag ? "true" : "false") : flag ? "1" : "0";
  return text == ours ? Reading::Exact : Reading::Other;
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

Reading read_value(const FieldInfo& field, Spelling spelling, int, std::string_view text,
                   std::optional<std::int32_t>& value) {
  std::optional<std::int64_t> number;
  const Reading reading = read_integer(field, spelling, text, number);
  value = number ? std::optional(static_cast<std::int32_t>(*number)) : std::nullopt;
  return reading;
}
Reading read_value(const FieldInfo& field, Spelling spelling, int, std::string_view text,
                   std::optional<std::int64_t>& value) {
  return read_integer(field, spelling, text, value);
}
Reading read_value(const FieldInfo&, Spelling spelling, int, std::string_view text, std::optional<double>& value) {
  return read_number(spelling, text, value);
}
Reading read_value(const FieldInfo&, Spelling spelling, int, std::string_view text, std::optional<Decimal>& value) {
  return read_decimal(spelling, text, value);
}
Reading read_value(const FieldInfo&, Spelling spelling, int, std::string_view text, std::optional<bool>& value) {
  return read_bool(spelling, text, value);
}
Reading read_value(const FieldInfo&, Spelling spelling, int server_version, std::string_view text,
                   std::optional<std::string>& value) {
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
  if (escaped && !is_ascii(text)) {
    out += escape_unicode(text);
  } else {
    out += text;
  }
}

}  // namespace

Reading read_scalar(const FieldInfo& field, Spelling spelling, int server_version, std::string_view text,
                    void* object) {
  const auto read = [&]<class T>(std::optional<T> value) {
    const Reading reading = read_value(field, spelling, server_version, text, value);
    if (value) {
      set<T>(field, object) = *std::move(value);
    } else {
      unset(field, object);
    }
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
      if (spelling == Spelling::TrueFalse) {
        out += value ? "true" : "false";
      } else if (spelling == Spelling::AndOr) {
        out += value ? 'a' : 'o';
      } else {
        out += value ? '1' : '0';
      }
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
    if (read_value(field, spelling, server_version, text, read) == Reading::Bad) return false;
    const T* value = value_of<T>(field, object);
    return read && value ? same_value(*read, *value) : !read && !value;
  };
  return as_optional(field.kind, same, false);
}

Reading read_presence(std::string_view text, bool& present) {
  present = false;
  if (is_blank(text)) return Reading::Other;
  const Reading reading = read_flag(text, present);
  std::int64_t number = 0;
  if (read_int64(text, number) != Reading::Bad) present = number == 1;
  return reading;
}

bool says_nothing(std::string_view text) {
  if (is_blank(text)) return true;
  if (bool flag = true; read_flag(text, flag) != Reading::Bad && !flag) return true;
  const auto number = Decimal::parse(text);
  return number && (number->is_zero() || means_unset(*number));
}

}  // namespace ibkr::protocol
