// The description for programs: `ibkr describe --json`.
#include <algorithm>

#include "protocol/catalogue.h"
#include "protocol/json.h"
#include "view/described.h"
#include "view/layout_steps.h"

namespace ibkr::view {
namespace {

using protocol::FieldInfo;
using protocol::MessageInfo;
using protocol::StructInfo;

/// Writes members and elements with their commas.
class Json {
 public:
  explicit Json(std::string& out) : out_(out) {}

  void text(std::string_view key, std::string_view value) {
    begin(key);
    protocol::append_json_string(value, out_);
  }
  void number(std::string_view key, std::int64_t value) {
    begin(key);
    out_ += std::to_string(value);
  }
  void flag(std::string_view key, bool value) {
    begin(key);
    out_ += value ? "true" : "false";
  }
  void text_if(std::string_view key, std::string_view value) {
    if (!value.empty()) text(key, value);
  }
  template <class Range, class Each>
  void list(std::string_view key, const Range& range, Each&& each) {
    begin(key);
    out_ += '[';
    for (const auto& element : range) {
      separate();
      each(element);
    }
    out_ += ']';
  }
  template <class Members>
  void object(Members&& members) {
    out_ += '{';
    members();
    out_ += '}';
  }
  template <class Members>
  void object(std::string_view key, Members&& members) {
    begin(key);
    object(members);
  }
  void element(std::string_view value) { protocol::append_json_string(value, out_); }

 private:
  void begin(std::string_view key) {
    separate();
    protocol::append_json_string(key, out_);
    out_ += ':';
  }
  void separate() {
    if (out_.back() != '{' && out_.back() != '[') out_ += ',';
  }

  std::string& out_;
};

void remarks(Json& json, const FieldInfo& field) {
  json.text_if("role", role_name(field.role));
  if (field.beside != nullptr) {
    json.text("role_beside", field.beside->field->name);
    json.list("role_beside_values", field.beside->values, [&](std::string_view value) { json.element(value); });
  }
  if (field.key) json.flag("key", true);
  json.text_if("values", values_name(field));
  if (field.since != 0) json.number("since", field.since);
  if (field.ignorable) json.flag("ignorable", true);
  json.text_if("only_if", only_if(field));
  if (zero_says_something(field)) json.flag("zero_says_something", true);
  json.text_if("says_nothing", says_nothing(field));
}

void fields(Json& json, const StructInfo& info) {
  json.list("fields", info.fields, [&](const FieldInfo& field) {
    json.object([&] {
      json.number("number", field.number);
      json.text("name", field.name);
      json.text("type", type_name(field));
      remarks(json, field);
      json.text("meaning", field.doc);
    });
  });
}

/// The structs below, each after the first one that holds it.
void add_structs(const StructInfo& info, std::vector<const StructInfo*>& found) {
  for (const FieldInfo& field : info.fields) {
    if (field.type == nullptr || std::ranges::find(found, field.type) != found.end()) continue;
    found.push_back(field.type);
    add_structs(*field.type, found);
  }
}

void structs(Json& json, const StructInfo& info) {
  std::vector<const StructInfo*> found;
  add_structs(info, found);
  json.list("structs", found, [&](const StructInfo* part) {
    json.object([&] {
      json.text("name", part->name);
      json.text("meaning", part->doc);
      fields(json, *part);
    });
  });
}

template <class Messages>
void names(Json& json, std::string_view key, const Messages& messages) {
  if (std::empty(messages)) return;
  json.list(key, messages, [&](const MessageInfo* type) { json.element(type->name); });
}

void ends(Json& json, const MessageInfo& type) {
  if (type.ends.empty()) return;
  json.list("ends", type.ends, [&](const protocol::End& end) {
    json.object([&] {
      json.text("answer", end.answer->name);
      if (end.batch) json.flag("batch", true);
      names(json, "then", end.then);
      if (end.since != 0) json.number("since", end.since);
      if (end.until != 0) json.number("until", end.until);
      json.text_if("if", condition_text(end));
    });
  });
}

void layout(Json& json, const MessageInfo& type, int server_version) {
  json.object("layout", [&] {
    json.number("server_version", server_version);
    json.flag("known", server_version >= type.since);
    if (server_version < type.since) return;
    const bool text = protocol::wire_at(type, server_version) == protocol::Wire::Text;
    json.text("wire", text ? "text" : "protobuf");
    if (!text) return;
    json.list("steps", layout_steps(type, server_version), [&](const LayoutStep& step) {
      json.object([&] {
        if (step.index >= 0) json.number("index", step.index);
        json.text_if("place", step.place);
        json.number("depth", step.depth);
        json.text("what", step.what);
        if (step.field != nullptr) json.text("type", type_name(*step.field));
        json.text_if("note", step.note);
      });
    });
  });
}

void members(Json& json, const MessageInfo& type, int server_version) {
  json.text("name", type.name);
  json.text("is", "message");
  json.text("direction", direction_name(type.direction));
  json.number("id", type.id);
  if (type.proto_since != 0) json.number("protobuf_id", type.id + protocol::kProtobufIdOffset);
  json.text("meaning", type.doc);
  json.list("known_as", type.aliases, [&](std::string_view alias) { json.element(alias); });
  json.number("since", type.since);
  if (type.proto_since != 0) json.number("protobuf_since", type.proto_since);
  json.text_if("kind", kind_name(type.kind));
  names(json, "answers", type.answers);
  ends(json, type);
  if (type.cancel != nullptr) json.text("cancelled_by", type.cancel->name);
  if (type.cancels != nullptr) json.text("cancels", type.cancels->name);
  json.text_if("cancels_own_if", conditions_text(type.cancels_own_if, type.cancels_own_slots));
  if (type.cancel_all != nullptr) json.text("cancelled_all_by", type.cancel_all->name);
  if (type.cancels_all != nullptr) json.text("cancels_all", type.cancels_all->name);
  json.text_if("without_id", rule_name(type.unnumbered));
  names(json, "answer_to", requests_answered_by(type));
  if (type.direction == protocol::Direction::In) json.flag("pushed", type.pushed);
  if (type.direction == protocol::Direction::Out) json.flag("setting", type.setting);
  fields(json, *type.body);
  structs(json, *type.body);
  if (server_version != 0) layout(json, type, server_version);
}

void members(Json& json, const StructInfo& info, int) {
  json.text("name", info.name);
  json.text("is", "struct");
  json.text("meaning", info.doc);
  fields(json, info);
  structs(json, info);
}

void members(Json& json, const protocol::EnumInfo& info, int) {
  json.text("name", info.name);
  json.text("is", "enum");
  json.text("meaning", info.doc);
  json.list("values", info.values, [&](const protocol::EnumValue& value) {
    json.object([&] {
      json.number("value", value.value);
      json.text("name", value.name);
      json.text("meaning", value.doc);
    });
  });
}

void members(Json& json, const protocol::TextValues& info, int) {
  json.text("name", info.name);
  json.text("is", "texts");
  json.text("meaning", info.doc);
  json.list("values", info.values, [&](const protocol::TextValue& value) {
    json.object([&] {
      json.text("value", value.value);
      json.text("meaning", value.doc);
    });
  });
}

}  // namespace

void append_described_json(const Described& what, int server_version, std::string& out) {
  std::string made;  // separators look at what stands before
  Json json(made);
  json.object([&] { std::visit([&](const auto* named) { members(json, *named, server_version); }, what); });
  out += made;
}

void append_remarks_json(const FieldInfo& field, std::string& out) {
  Json json(out);
  remarks(json, field);
}

}  // namespace ibkr::view
