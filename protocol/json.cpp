#include "protocol/json.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "protocol/kind.h"
#include "protocol/numbers.h"
#include "protocol/storage.h"
#include "protocol/unicode.h"

namespace ibkr::protocol {
namespace {

constexpr char kHex[] = "0123456789abcdef";

/// Stands in a JSON string as it is.
bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return static_cast<unsigned char>(byte - 0x20) < 0x7F - 0x20 && c != '"' && c != '\\';
}

void append_hex(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHex[byte >> 4];
    out += kHex[byte & 0xF];
  }
}

void append_unit(std::string& out, std::uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 0xF];
}

void append_number(std::string& out, double value) {
  if (std::isfinite(value)) return append_double(out, value);
  out += '"';  // JSON has no infinity
  append_double(out, value);
  out += '"';
}

/// True for what JSON's grammar calls a number.
bool is_json_number(std::string_view text) {
  const auto digits = [&] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  const auto take = [&](std::string_view any) {
    if (text.empty() || any.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
  };
  (void)take("-");
  const bool zero = text.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (take(".") && digits() == 0) return false;
  if (take("eE")) {
    (void)take("+-");
    if (digits() == 0) return false;
  }
  return text.empty();
}

void append_decimal(std::string& out, const Decimal& value) {
  const std::string_view kept = value.kept_text();
  if (kept.empty() || is_json_number(kept)) return value.append_to(out);
  append_json_string(kept, out);
}

/// Where a kept text stood: "12", "+12" in a slot that only some clients send, "3.12" for a struct's field in protobuf.
void append_place(std::string& out, const Verbatim& kept) {
  if (kept.variant) out += '+';
  append_int64(out, kept.index);
  if (kept.number == 0) return;
  out += '.';
  append_int64(out, kept.number);
}

void append_verbatim(std::string& out, const std::vector<Verbatim>& verbatim) {
  std::string all;
  for (const Verbatim& kept : verbatim) {
    if (kept.kept == Kept::Unset) continue;
    all += all.empty() ? "\"" : ",\"";
    if (kept.kept == Kept::Content) all += '!';
    if (kept.kept == Kept::First) all += '^';
    append_place(all, kept);
    all += "\":";
    append_json_string(kept.text, all);
  }
  if (!all.empty()) out += ",\"verbatim\":{" + all + '}';
}

/// The marks for unset, each with its places.
void append_unset(std::string& out, const std::vector<Verbatim>& verbatim) {
  std::map<std::string_view, std::string> places;
  for (const Verbatim& kept : verbatim) {
    if (kept.kept != Kept::Unset) continue;
    std::string& all = places[kept.text];
    all += all.empty() ? "\"" : ",\"";
    append_place(all, kept);
    all += '"';
  }
  if (places.empty()) return;
  out += ",\"unset\":{";
  for (bool first = true; const auto& [mark, all] : places) {
    if (!std::exchange(first, false)) out += ',';
    append_json_string(mark, out);
    out += ":[" + all + ']';
  }
  out += '}';
}

/// Writes a struct, and all that is below it, as an object of its set fields.
class FieldsWriter {
 public:
  FieldsWriter(std::string& out, StrayBytes stray) : out_(out), stray_(stray) {}

  void object(const StructInfo& info, const void* at) {
    out_ += '{';
    const std::size_t start = out_.size();
    for (const FieldInfo& f : info.fields) {
      const bool list = f.kind >= Kind::Int32List;  // has no bit, is left out when it is empty
      if (list || is_set(f, at)) field(f, at, start);
    }
    if (const std::string& unknown = unknown_fields(info, at); !unknown.empty()) {
      key("unknown_fields", start);
      out_ += '"';
      append_hex(out_, unknown);
      out_ += '"';
    }
    out_ += '}';
  }

 private:
  void key(std::string_view name, std::size_t start) {
    if (out_.size() != start) out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

  /// A field that is set, or a list.
  void field(const FieldInfo& f, const void* at, std::size_t start) {
    if (f.kind <= Kind::Struct) key(f.name, start);
    visit_kind(f.kind, [&]<class T>(std::type_identity<T>) {
      if constexpr (kIsScalar<T>) {
        value(member<T>(f, at));
      } else if constexpr (std::is_same_v<T, AnyStruct>) {
        object(*f.type, &member<char>(f, at));
      } else if constexpr (std::is_same_v<T, AnyStructList>) {
        const void* where = &member<char>(f, at);
        const std::size_t size = f.type->ops->size(where);
        list(f.name, size, start, [&](std::size_t i) { object(*f.type, f.type->ops->at(where, i)); });
      } else {
        const T& values = member<T>(f, at);
        list(f.name, values.size(), start, [&](std::size_t i) { value(values[i]); });
      }
    });
  }

  void value(std::int32_t number) { append_int64(out_, number); }
  void value(std::int64_t number) { append_int64(out_, number); }
  void value(double number) { append_number(out_, number); }
  void value(bool flag) { out_ += flag ? "true" : "false"; }
  void value(const Decimal& number) { append_decimal(out_, number); }
  void value(const std::string& text) { append_json_string(text, out_, stray_); }

  template <class Element>
  void list(std::string_view name, std::size_t size, std::size_t start, Element&& element) {
    if (size == 0) return;
    key(name, start);
    out_ += '[';
    for (std::size_t i = 0; i < size; ++i) {
      if (i != 0) out_ += ',';
      element(i);
    }
    out_ += ']';
  }

  std::string& out_;
  const StrayBytes stray_;
};

}  // namespace

void append_json_string(std::string_view text, std::string& out, StrayBytes stray) {
  out += '"';
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    std::uint32_t code_point = 0;
    const std::size_t length = decode_utf8(text, code_point);
    const bool escaped = length == 0 && stray == StrayBytes::Escaped;
    if (length == 0) code_point = escaped ? 0xDC00U + byte : byte;
    if (escaped || is_control(code_point)) {
      append_unit(out, code_point);
    } else {
      append_utf8(out, code_point);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

void append_json(const StructInfo& info, const void* object, std::string& out, StrayBytes stray) {
  FieldsWriter(out, stray).object(info, object);
}

void append_fields_json(const Message& message, std::string& out, StrayBytes stray) {
  append_json(*message.type().body, message.body(), out, stray);
}

void append_json(const Message& message, Wire wire, std::string& out) {
  out += "{\"name\":\"";
  out += message.name();
  out += "\",\"id\":";
  append_int64(out, message.type().id);
  out += wire == Wire::Text ? ",\"wire\":\"text\",\"fields\":" : ",\"wire\":\"protobuf\",\"fields\":";
  append_fields_json(message, out);
  append_verbatim(out, message.residue.verbatim);
  append_unset(out, message.residue.verbatim);
  if (!message.residue.trailing.empty()) {
    out += ",\"trailing\":[";
    for (std::size_t i = 0; const std::string& text : message.residue.trailing) {
      if (i++ != 0) out += ',';
      append_json_string(text, out);
    }
    out += ']';
  }
  out += '}';
}

}  // namespace ibkr::protocol
