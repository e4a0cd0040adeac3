#include "view/annotated.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <vector>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/decode_observer.h"
#include "protocol/fields.h"
#include "protocol/json.h"
#include "protocol/storage.h"
#include "protocol/unicode.h"
#include "view/frame_text.h"
#include "view/hex.h"
#include "view/table.h"

namespace ibkr::view {
namespace {

using protocol::FieldInfo;
using protocol::Kind;
using protocol::Taken;
using protocol::TextOpCode;

constexpr std::size_t kLongestText = 60;  // bytes of a value that are shown
constexpr std::size_t kLongestHex = 16;
constexpr std::size_t kMostRows = 20'000;  // a hostile payload has millions of fields

std::string shown_text(std::string_view text) {
  std::size_t end = std::min(text.size(), kLongestText);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return protocol::json_string(text.substr(0, end)) + (end < text.size() ? "…" : "");
}

std::string shown_hex(std::string_view bytes) {
  std::string hex;
  append_hex(bytes.substr(0, kLongestHex), hex);
  return hex + (bytes.size() > kLongestHex ? "…" : "");
}

/// A field's value as it was read, with its name where it has one.
std::string shown_value(const FieldInfo& field, const void* object) {
  if (object == nullptr || !protocol::is_set(field, object)) return "unset";
  if (field.kind == Kind::String) return shown_text(protocol::member<std::string>(field, object));
  const std::string_view name = scalar_name(field, object);
  return protocol::scalar_text(field, object) + (name.empty() ? "" : " " + std::string(name));
}

/// The same for an element of a list of scalars; "" where it was not read.
std::string shown_element(const FieldInfo& field, const void* object, std::size_t number) {
  if (object == nullptr || number >= protocol::list_size(field, object)) return "";
  const std::string text = protocol::FieldView(field, object, number).to_string();
  return field.kind == Kind::StringList ? shown_text(text) : text;
}

/// Gathers a row for every piece that a decoder takes.
class Rows : public protocol::DecodeObserver {
 public:
  Rows(std::string_view payload, protocol::Wire wire) : payload_(payload), wire_(wire) {
    rows_.push_back({wire == protocol::Wire::Text ? "index" : "number", "byte", "raw", "field", "value"});
  }

  void head(const protocol::PayloadHead& head, std::string value) {
    const bool digits = head.body_at > 0 && payload_[head.body_at - 1] == '\0' && payload_.front() != '\0';
    const std::string_view raw = payload_.substr(0, head.body_at);
    add(wire_ == protocol::Wire::Text ? "0" : "", digits ? shown_text(raw.substr(0, raw.size() - 1)) : shown_hex(raw),
        "id", std::move(value), head.body_at);
  }

  void took(const Taken& taken) override {
    if (taken.step != nullptr) return took_text(taken);
    const std::string_view raw = payload_.substr(taken.begin, taken.end - taken.begin);
    if (taken.field == nullptr) return add("", shown_hex(raw), "", "not known to the description", taken.end);
    add(std::to_string(taken.field->number), shown_hex(raw), taken.path, proto_value(taken), taken.end);
  }

  /// What no step took, as it is.
  void rest(std::string_view what) {
    if (wire_ == protocol::Wire::Protobuf) {
      if (at_ < payload_.size()) add("", shown_hex(payload_.substr(at_)), "", std::string(what), payload_.size());
      return;
    }
    while (at_ < payload_.size()) add_text("", std::string(what));
  }

  void append_to(std::string& out) const {
    append_table(rows_, 2, out);
    if (left_out_ != 0) out += fmt::format("  … and {} more\n", left_out_);
  }

 private:
  static std::string proto_value(const Taken& taken) {
    switch (taken.field->kind) {
      case Kind::Int32:
      case Kind::Int64:
      case Kind::Double:
      case Kind::Bool:
      case Kind::Decimal:
      case Kind::String:
        return shown_value(*taken.field, taken.object);
      case Kind::Struct:
        return std::string(taken.field->type->name) + ":";
      case Kind::StructList:
        return "one " + std::string(taken.field->type->name) + ":";
      case Kind::Int32List:
      case Kind::DoubleList:
      case Kind::StringList:
        return "of a list";
    }
    return "";
  }

  void took_text(const Taken& taken) {
    const bool again = taken.step == last_;  // behind the count: the elements of a list
    last_ = taken.step;
    if (taken.step->code == TextOpCode::RepeatScalar && again) {
      for (std::size_t i = 0; at_ < taken.end; ++i)
        add_text(fmt::format("{}[{}]", taken.path, i), shown_element(*taken.field, taken.object, i));
      return;
    }
    add_text(name_of(taken), value_of(taken));
    while (at_ < taken.end) add_text(taken.path, "beyond the list's elements");
  }

  static std::string name_of(const Taken& taken) {
    if (taken.step->code == TextOpCode::Version) return "version";
    if (taken.step->code == TextOpCode::Mask) {
      std::string names;
      for (const FieldInfo* bit : taken.step->detail->mask)
        names += (names.empty() ? "" : " ") + std::string(bit->name);
      return names;
    }
    return taken.path;
  }

  static std::string value_of(const Taken& taken) {
    switch (taken.step->code) {
      case TextOpCode::Field:
      case TextOpCode::First:
        return shown_value(*taken.field, taken.object);
      case TextOpCode::Version:
        return "the message's own";
      case TextOpCode::Constant:
        return "a dead slot";
      case TextOpCode::Variant:
        return "sent by some clients";
      case TextOpCode::Tags:
        return "tags and values";
      case TextOpCode::Mask:
        return mask_value(taken);
      case TextOpCode::Echo:
        return "sent once more";
      case TextOpCode::With:
        return "whether it is there";
      case TextOpCode::Repeat:
      case TextOpCode::Again:
      case TextOpCode::RepeatScalar:
        return "count";
      case TextOpCode::If:
        return "";
    }
    return "";
  }

  static std::string mask_value(const Taken& taken) {
    std::string names;
    for (const FieldInfo* bit : taken.step->detail->mask) {
      if (taken.object == nullptr || shown_value(*bit, taken.object) != "true") continue;
      names += (names.empty() ? "" : " ") + std::string(bit->name);
    }
    return names.empty() ? "none" : names;
  }

  /// A row of the next text field.
  void add_text(std::string name, std::string value) {
    const std::string_view rest = payload_.substr(at_);
    const std::string_view field = rest.substr(0, rest.find('\0'));
    add(std::to_string(++index_), shown_text(field), std::move(name), std::move(value),
        at_ + std::min(field.size() + 1, rest.size()));
  }

  void add(std::string index, std::string raw, std::string name, std::string value, std::size_t end) {
    if (rows_.size() > kMostRows) {
      ++left_out_;
    } else {
      rows_.push_back({std::move(index), std::to_string(at_), std::move(raw), std::move(name), std::move(value)});
    }
    at_ = end;
  }

  std::string_view payload_;
  protocol::Wire wire_;
  std::size_t at_ = 0;
  std::size_t index_ = 0;
  const protocol::TextOp* last_ = nullptr;
  std::size_t left_out_ = 0;
  std::vector<Row> rows_;
};

std::string title(std::string_view name, protocol::Direction direction, protocol::Wire wire, int server_version,
                  std::size_t bytes) {
  return fmt::format("{} {} TWS, {} at server version {}, {} bytes\n", name,
                     direction == protocol::Direction::In ? "from" : "to",
                     wire == protocol::Wire::Text ? "text" : "protobuf", server_version, bytes);
}

}  // namespace

bool append_annotated(protocol::Direction direction, int server_version, std::string_view payload, std::string& out) {
  const auto head = protocol::read_head(payload, server_version);
  if (!head) {
    out += title("Unreadable", direction, protocol::Wire::Text, server_version, payload.size());
    out += "  ! " + protocol::printable(head.error().to_string()) + ": " + shown_hex(payload) + '\n';
    return false;
  }
  const protocol::MessageInfo* type = protocol::find_message(direction, head->id);
  Rows rows(payload, head->wire);
  out += title(type ? type->name : "Unknown", direction, head->wire, server_version, payload.size());
  if (type == nullptr) {
    rows.head(*head, fmt::format("no message {} TWS has the id {}",
                                 direction == protocol::Direction::In ? "from" : "to", head->id));
    rows.rest("");
    rows.append_to(out);
    return false;
  }
  rows.head(*head, std::string(type->name));
  protocol::Message message(*type);
  const auto done = protocol::decode_into(message, server_version, *head, payload, rows);
  rows.rest(done ? "after the last field that is known" : "not decoded");
  rows.append_to(out);
  if (!done) out += "  ! " + protocol::printable(done.error().to_string()) + '\n';
  return done.has_value();
}

}  // namespace ibkr::view
