// JSON → message: json.h's from_json over the tree of json_value.h.
#include <algorithm>
#include <charconv>
#include <tuple>

#include "protocol/catalogue.h"
#include "protocol/decimal.h"
#include "protocol/json.h"
#include "protocol/json_value.h"
#include "protocol/numbers.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

using Type = JsonValue::Type;

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    if (error != std::errc() || end != hex.data() + i + 2) return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

/// Reads such an object into a struct.
class FieldsReader {
 public:
  explicit FieldsReader(std::string_view name) { error.message = name; }

  bool object(const StructInfo& info, const JsonValue& json, void* at) {
    if (json.type != Type::Object) return fail("expected an object");
    for (const auto& [key, value] : json.members) {
      const std::size_t length = path_.size();
      (path_ += length == 0 ? "" : ".") += key;
      if (key == "unknown_fields") {
        const auto bytes = from_hex(value.text);
        if (!bytes) return fail("expected hex digits");
        unknown_fields(info, at) = *bytes;
      } else {
        const auto found = std::ranges::find(info.fields, key, &FieldInfo::name);
        if (found == info.fields.end()) return fail(std::string(info.name) + " has no such field");
        if (!field(*found, value, at)) return false;
      }
      path_.resize(length);
    }
    return true;
  }

  bool fail(std::string reason) {
    error.field = path_;
    error.reason = std::move(reason);
    return false;
  }

  DecodeError error;

 private:
  bool field(const FieldInfo& f, const JsonValue& json, void* at) {
    void* where = &member<char>(f, at);
    switch (f.kind) {
      case Kind::Struct:
        return object(*f.type, json, make_part(f, at));
      case Kind::StructList:
        return list(json,
                    [&](const JsonValue& element) { return object(*f.type, element, f.type->ops->append(where)); });
      case Kind::StringList:
        return list(json, [&](const JsonValue& element) {
          if (element.type != Type::String) return fail("expected a string");
          static_cast<std::vector<std::string>*>(where)->push_back(element.text);
          return true;
        });
      case Kind::Int32List:
        return list(json, [&](const JsonValue& element) {
          std::int64_t value = 0;
          if (read_int64(element.text, value) == Reading::Bad || value != static_cast<std::int32_t>(value)) {
            return fail("expected a 32-bit number");
          }
          static_cast<std::vector<std::int32_t>*>(where)->push_back(static_cast<std::int32_t>(value));
          return true;
        });
      case Kind::DoubleList:
        return list(json, [&](const JsonValue& element) {
          double value = 0;
          if (read_double(element.text, value) == Reading::Bad) return fail("expected a number");
          static_cast<std::vector<double>*>(where)->push_back(value);
          return true;
        });
      case Kind::Bool:
        if (json.type != Type::Bool) return fail("expected true or false");
        set<bool>(f, at) = json.boolean;
        return true;
      case Kind::String:
        if (json.type != Type::String) return fail("expected a string");
        set<std::string>(f, at) = json.text;  // "" is set: protobuf can say so
        return true;
      case Kind::Int32:
      case Kind::Int64:
      case Kind::Double:
      case Kind::Decimal:
        return number(f, json, at);
    }
    return false;
  }

  bool number(const FieldInfo& f, const JsonValue& json, void* at) {
    const bool spelled = (f.kind == Kind::Double || f.kind == Kind::Decimal) && json.type == Type::String;
    if ((json.type != Type::Number && !spelled) || json.text.empty()) return fail("expected a number");
    if (f.kind == Kind::Double) {
      double value = 0;
      if (read_double(json.text, value) == Reading::Bad) return fail("expected a number");
      set<double>(f, at) = value;
      return true;
    }
    if (f.kind == Kind::Decimal) {
      auto value = Decimal::parse(json.text);
      if (!value) return fail("expected a decimal of at most " + std::to_string(Decimal::kMaxText) + " characters");
      set<Decimal>(f, at) = *std::move(value);
      return true;
    }
    std::int64_t value = 0;
    if (read_int64(json.text, value) == Reading::Bad) return fail("expected a whole number");
    if (f.kind == Kind::Int64) {
      set<std::int64_t>(f, at) = value;
      return true;
    }
    if (value != static_cast<std::int32_t>(value)) return fail("expected a 32-bit number");
    set<std::int32_t>(f, at) = static_cast<std::int32_t>(value);
    return true;
  }

  template <class Element>
  bool list(const JsonValue& json, Element&& element) {
    if (json.type != Type::Array) return fail("expected a list");
    const std::size_t length = path_.size();
    for (std::size_t i = 0; i < json.elements.size(); ++i) {
      path_ += "[" + std::to_string(i) + "]";
      if (!element(json.elements[i])) return false;
      path_.resize(length);
    }
    return true;
  }

  std::string path_;
};

Unexpected<DecodeError> failure(std::string reason) {
  return Unexpected(DecodeError{"", "", -1, -1, std::move(reason)});
}

/// Reads "12", "+12" or "3.12" (append_place in json.cpp).
bool read_place(std::string_view place, Verbatim& kept) {
  kept.variant = place.starts_with('+');
  if (kept.variant) place.remove_prefix(1);
  const std::string_view index = place.substr(0, place.find('.'));
  const auto read = [](std::string_view digits, auto& number) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  if (!read(index, kept.index)) return false;
  if (index.size() == place.size()) return kept.index >= 1;
  return read(place.substr(index.size() + 1), kept.number) && kept.number >= 1;
}

bool read_verbatim(const JsonValue& json, Residue& residue) {
  for (const auto& [key, value] : json.members) {
    Verbatim kept{0, 0, false, Kept::Spelling, value.text};
    std::string_view place = key;
    if (place.starts_with('!')) kept.kept = Kept::Content;
    if (place.starts_with('^')) kept.kept = Kept::First;
    if (kept.kept != Kept::Spelling) place.remove_prefix(1);
    if (!read_place(place, kept)) return false;
    residue.verbatim.push_back(std::move(kept));
  }
  return json.type == Type::Object;
}

bool read_unset(const JsonValue& json, Residue& residue) {
  for (const auto& [mark, places] : json.members) {
    for (const JsonValue& place : places.elements) {
      Verbatim kept{0, 0, false, Kept::Unset, mark};
      if (!read_place(place.text, kept)) return false;
      residue.verbatim.push_back(std::move(kept));
    }
  }
  return json.type == Type::Object;
}

/// Puts them in order; false where two claim one place.
bool sort_places(std::vector<Verbatim>& verbatim) {
  const auto place = [](const Verbatim& kept) { return std::tuple(kept.index, kept.number); };
  std::ranges::stable_sort(verbatim, {}, place);
  return std::ranges::adjacent_find(verbatim, {}, place) == verbatim.end();
}

}  // namespace

Expected<Part, DecodeError> part_from_json(const StructInfo& info, std::string_view json) {
  const auto parsed = parse_json(json);
  if (!parsed) return failure(parsed.error());
  Part part(info);
  FieldsReader reader(info.name);
  if (!reader.object(info, *parsed, part.object())) return Unexpected(std::move(reader.error));
  return part;
}

Expected<JsonMessage, DecodeError> from_json(Direction direction, std::string_view json) {
  const auto parsed = parse_json(json);
  if (!parsed) return failure(parsed.error());
  const JsonValue* name = parsed->find("name");
  if (parsed->type != Type::Object || name == nullptr || name->type != Type::String) {
    return failure("expected an object with a \"name\", such as {\"name\":\"TickPrice\",\"fields\":{...}}");
  }
  const MessageInfo* type = find_message(direction, name->text);
  if (type == nullptr) {
    return failure("there is no message " + name->text + (direction == Direction::In ? " from TWS" : " to TWS"));
  }
  Message message(*type);
  FieldsReader reader(type->name);
  const JsonValue* wire = parsed->find("wire");
  if (wire && wire->text != "text" && wire->text != "protobuf") {
    (void)reader.fail("\"wire\" is \"text\" or \"protobuf\"");
    return Unexpected(std::move(reader.error));
  }
  if (const JsonValue* fields = parsed->find("fields");
      fields && !reader.object(*type->body, *fields, message.body())) {
    return Unexpected(std::move(reader.error));
  }
  if (const JsonValue* kept = parsed->find("verbatim"); kept && !read_verbatim(*kept, message.residue)) {
    (void)reader.fail("\"verbatim\" maps field numbers to texts");
    return Unexpected(std::move(reader.error));
  }
  if (const JsonValue* marks = parsed->find("unset"); marks && !read_unset(*marks, message.residue)) {
    (void)reader.fail("\"unset\" maps marks to lists of the places where they stood");
    return Unexpected(std::move(reader.error));
  }
  if (!sort_places(message.residue.verbatim)) {
    (void)reader.fail("\"verbatim\" and \"unset\" name one place twice");
    return Unexpected(std::move(reader.error));
  }
  if (const JsonValue* trailing = parsed->find("trailing")) {
    for (const JsonValue& text : trailing->elements) message.residue.trailing.push_back(text.text);
  }
  if (wire == nullptr) return JsonMessage{std::move(message), std::nullopt};
  return JsonMessage{std::move(message), wire->text == "text" ? Wire::Text : Wire::Protobuf};
}

}  // namespace ibkr::protocol
