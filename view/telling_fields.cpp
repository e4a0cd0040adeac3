// Which fields of a message a line shows, and how (frame_text.h).
#include <algorithm>
#include <charconv>
#include <string_view>

#include "protocol/catalogue.h"
#include "protocol/fields.h"
#include "protocol/json.h"
#include "protocol/kind.h"
#include "protocol/storage.h"
#include "view/frame_text.h"

namespace ibkr::view {
namespace {

using protocol::FieldInfo;

constexpr std::size_t kLongestValue = 60;  // characters; a text can have megabytes

/// In quotes and escaped where blanks, quotes or controls would make the line ambiguous.
std::string quoted_where_needed(std::string value) {
  const std::string quoted = protocol::json_string(value);
  const bool plain = !value.empty() && quoted.size() == value.size() + 2 && value.find_first_of(" =") == value.npos;
  if (value.size() > kLongestValue) {
    std::size_t end = kLongestValue;
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;  // not inside a character
    value = value.substr(0, end) + "…";
  }
  return plain ? value : protocol::json_string(value);
}

bool is_default(const std::string& value) {
  return value.empty() || value == "0" || value == "0.0" || value == "false";
}

bool is_id(const FieldInfo& field) {
  return field.role == protocol::Role::RequestId || field.role == protocol::Role::OrderId ||
         field.role == protocol::Role::RequestOrOrderId;
}

/// Gathers what belongs into one line, in the order of the fields.
class TellingFields {
 public:
  void over(const protocol::StructInfo& info, const void* object, bool is_nested) {
    for (const FieldInfo& field : info.fields) {
      protocol::visit_kind(field.kind, [&]<class T>(std::type_identity<T>) {
        if constexpr (protocol::kIsScalar<T>) {
          if (!is_nested || field.telling) scalar(field, object);
        } else if constexpr (std::is_same_v<T, protocol::AnyStruct>) {
          if (const void* inner = protocol::part(field, object)) over(*field.type, inner, true);
        } else if constexpr (std::is_same_v<T, protocol::AnyStructList>) {
          count(field, field.type->ops->size(&protocol::member<char>(field, object)));
        } else {
          count(field, protocol::member<T>(field, object).size());
        }
      });
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void scalar(const FieldInfo& field, const void* object) {
    if (!protocol::is_set(field, object)) return;
    std::string value = protocol::scalar_text(field, object);
    if (field.values != nullptr) {
      const std::string_view name = scalar_name(field, object);
      if (!name.empty()) value = name;
    } else if (is_default(value) && !is_id(field)) {
      return;
    }
    add(field.name, quoted_where_needed(std::move(value)));
  }

  void count(const FieldInfo& field, std::size_t size) {
    if (size != 0) add(field.name, "[" + std::to_string(size) + "]");
  }

  /// An order's id stands in the message, in its order and in its status: once is enough.
  void add(std::string_view name, const std::string& value) {
    const std::string pair = std::string(name) + "=" + value;
    if (std::ranges::find(seen_, pair) != seen_.end()) return;
    out_ += (out_.empty() ? "" : " ") + pair;
    seen_.push_back(pair);
  }

  std::string out_;
  std::vector<std::string> seen_;
};

}  // namespace

std::string_view scalar_name(const protocol::FieldInfo& field, const void* object) {
  if (field.values == nullptr || field.kind != protocol::Kind::Int32) return "";
  const auto* number = protocol::value_of<std::int32_t>(field, object);
  return number != nullptr ? protocol::value_name(*field.values, *number) : std::string_view();
}

std::string telling_fields(const protocol::Message& message) {
  TellingFields fields;
  fields.over(*message.type().body, message.body(), false);
  return fields.take();
}

}  // namespace ibkr::view
