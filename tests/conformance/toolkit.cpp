// Drives our protocol library by lines, so that Python can hold it against the real clients a hundred thousand times.
//
// One command a line on standard input, one answer a line on standard output; an answer that starts with `error ` tells
// what went wrong. DIRECTION is in or out, WIRE text or protobuf, payloads are hex without the length prefix.
//
//   schema                                        every message, struct and field as one JSON object
//   versions  DIRECTION NAME                      first server versions of each layout, as a JSON list
//   layout    DIRECTION NAME VERSION              paths of the fields that the text layout has there, as a JSON list
//   decode    DIRECTION VERSION PAYLOAD           -> RE-ENCODED-PAYLOAD JSON
//   encode    DIRECTION VERSION JSON              -> PAYLOAD
//   random    DIRECTION NAME WIRE VERSION SEED    -> PAYLOAD JSON
//   compare   DIRECTION VERSION PAYLOAD JSON      -> JSON: how PAYLOAD and what we make of JSON differ
#include <algorithm>
#include <iostream>
#include <set>
#include <sstream>
#include <vector>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/compare.h"
#include "protocol/json.h"
#include "protocol/random.h"
#include "protocol/text_conditions.h"

using namespace ibkr::protocol;

namespace {

struct Trouble {
  std::string reason;
};

// ---- words of a command ----

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xF];
  }
  return out;
}

std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

std::string word(std::istringstream& line) {
  std::string text;
  line >> text;
  return text;
}

std::string rest(std::istringstream& line) {
  std::string text;
  std::getline(line >> std::ws, text);
  return text;
}

Direction direction(std::istringstream& line) { return word(line) == "in" ? Direction::In : Direction::Out; }
int version(std::istringstream& line) { return std::stoi(word(line)); }

const MessageInfo& message_type(std::istringstream& line) {
  const Direction where = direction(line);
  const std::string name = word(line);
  const MessageInfo* type = find_message(where, name);
  if (type == nullptr) throw Trouble{"no message " + name};
  return *type;
}

// ---- the description ----

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::Int32:
      return "int32";
    case Kind::Int64:
      return "int64";
    case Kind::Double:
      return "double";
    case Kind::Bool:
      return "bool";
    case Kind::Decimal:
      return "decimal";
    case Kind::String:
      return "string";
    case Kind::Struct:
      return "struct";
    case Kind::Int32List:
      return "int32[]";
    case Kind::DoubleList:
      return "double[]";
    case Kind::StringList:
      return "string[]";
    case Kind::StructList:
      return "struct[]";
  }
  return "";
}

void append_struct(const StructInfo& info, std::string& out) {
  append_json_string(info.name, out);
  out += ":[";
  for (const FieldInfo& field : info.fields) {
    if (&field != info.fields.data()) out += ',';
    out += "{\"name\":";
    append_json_string(field.name, out);
    out += ",\"kind\":";
    append_json_string(kind_name(field.kind), out);
    out += ",\"type\":";
    append_json_string(field.type ? field.type->name : "", out);
    out += ",\"number\":" + std::to_string(field.number) + "}";
  }
  out += ']';
}

void collect(const StructInfo& info, std::vector<const StructInfo*>& found) {
  if (std::ranges::find(found, &info) != found.end()) return;
  found.push_back(&info);
  for (const FieldInfo& field : info.fields) {
    if (field.type) collect(*field.type, found);
  }
}

std::string schema() {
  std::string out = "{\"messages\":[";
  std::vector<const StructInfo*> structs;
  for (const MessageInfo* type : all_messages()) {
    if (out.back() == '}') out += ',';
    collect(*type->body, structs);
    out += "{\"name\":";
    append_json_string(type->name, out);
    out += ",\"direction\":";
    append_json_string(type->direction == Direction::In ? "in" : "out", out);
    out += ",\"id\":" + std::to_string(type->id) + ",\"since\":" + std::to_string(type->since);
    out += ",\"proto_since\":" + std::to_string(type->proto_since);
    out += std::string(",\"text\":") + (type->text ? "true" : "false") + ",\"body\":";
    append_json_string(type->body->name, out);
    out += ",\"aliases\":[";
    for (const std::string_view& alias : type->aliases) {
      if (&alias != type->aliases.data()) out += ',';
      append_json_string(alias, out);
    }
    out += "]}";
  }
  out += "],\"structs\":{";
  for (const StructInfo* info : structs) {
    if (info != structs.front()) out += ',';
    append_struct(*info, out);
  }
  return out + "}}";
}

std::span<const Condition> conditions(const TextOp& op) {
  return op.detail ? op.detail->conditions : std::span<const Condition>();
}

/// The server versions at which something changes, with both ends.
std::string versions(const MessageInfo& type) {
  std::set<int> found = {std::max(type.since, kMinServerVersion), kMaxServerVersion};
  const auto add = [&](int boundary) {
    for (const int v : {boundary - 1, boundary}) {
      if (v >= *found.begin() && v <= kMaxServerVersion) found.insert(v);
    }
  };
  if (type.proto_since != 0) add(type.proto_since);
  if (type.proto_since == 0 || type.proto_since > kRawIdServerVersion) add(kRawIdServerVersion);
  if (type.text) {
    for (const TextOp& op : type.text->ops) {
      if (op.since != 0) add(op.since);
      if (op.until != 0) add(op.until);
      for (const Condition& c : conditions(op)) {
        if (c.code == ConditionCode::ServerVersion)
          add(static_cast<int>(c.number)), add(static_cast<int>(c.number) + 1);
      }
    }
  }
  std::string out;
  for (const int v : found) out += (out.empty() ? "[" : ",") + std::to_string(v);
  return out + "]";
}

std::string slot_path(const TextLayout& text, std::uint8_t slot) {
  if (slot == 0) return "";
  const TextSlot& info = text.slots[slot];
  return slot_path(text, info.parent) + std::string(info.field->name) + ".";
}

/// Every branch that the server version leaves open.
void fields_of(const TextLayout& text, std::span<const TextOp> ops, int server_version, std::set<std::string>& paths) {
  for (std::size_t i = 0; i < ops.size();) {
    const TextOp& op = ops[i];
    const auto body = ops.subspan(i + 1, op.body), otherwise = ops.subspan(i + 1U + op.body, op.otherwise);
    i += 1U + op.body + op.otherwise;
    if (!applies(op, server_version)) continue;
    if (op.field) paths.insert(slot_path(text, op.slot) + std::string(op.field->name));
    for (const FieldInfo* bit : op.detail ? op.detail->mask : std::span<const FieldInfo* const>())
      paths.insert(slot_path(text, op.slot) + std::string(bit->name));
    const bool closed = std::ranges::any_of(conditions(op), [&](const Condition& c) {
      return c.code == ConditionCode::ServerVersion && !holds(c, server_version, 0, nullptr);
    });
    if (!closed) fields_of(text, body, server_version, paths);
    fields_of(text, otherwise, server_version, paths);
  }
}

std::string layout(const MessageInfo& type, int server_version) {
  std::set<std::string> paths;
  if (type.text) fields_of(*type.text, type.text->ops, server_version, paths);
  std::string out = "[";
  for (const std::string& path : paths) {
    if (out.size() > 1) out += ',';
    append_json_string(path, out);
  }
  return out + "]";
}

// ---- payloads ----

Message decoded(Direction where, int server_version, const std::string& payload) {
  auto message = decode(where, server_version, payload);
  if (!message) throw Trouble{"decode: " + message.error().to_string()};
  return std::move(*message);
}

std::string encoded(const Message& message, int server_version, Wire wire) {
  std::string payload;
  if (auto done = encode(message, server_version, wire, payload); !done)
    throw Trouble{"encode: " + done.error().to_string()};
  return payload;
}

JsonMessage read_json(Direction where, const std::string& json) {
  auto message = from_json(where, json);
  if (!message) throw Trouble{"json: " + message.error().to_string()};
  return std::move(*message);
}

Wire wire_of(const std::string& payload, int server_version) {
  const auto head = read_head(payload, server_version);
  if (!head) throw Trouble{"head: " + head.error().to_string()};
  return head->wire;
}

std::string decode_command(Direction where, int server_version, const std::string& payload) {
  const Wire wire = wire_of(payload, server_version);
  const Message message = decoded(where, server_version, payload);
  std::string out = to_hex(encoded(message, server_version, wire)) + " ";
  append_json(message, wire, out);
  return out;
}

/// The path of the text field at an index: what the decoder complains about when it finds no value there.
std::string field_at(Direction where, int server_version, const std::string& payload, std::uint32_t index) {
  std::size_t at = read_head(payload, server_version)->body_at;
  for (std::uint32_t i = 1; i < index && at < payload.size(); ++i) at = payload.find('\0', at) + 1;
  const std::size_t end = payload.find('\0', at);
  std::string spoilt = payload;
  spoilt.replace(at, end - at, "\x01");
  const auto message = decode(where, server_version, spoilt);
  return message ? "field " + std::to_string(index) : message.error().field;
}

/// How a client's payload differs from what we make of the values it was given:
/// `reencoded`: decoding and encoding give the payload back. `same`: so does encoding the values.
/// `differences`: fields with other values. `spelled`: fields with the same value in another spelling. `trailing`:
/// number of fields beyond those we know. `only_spelled`: in our spelling and without those it is what we make of the
/// values.
std::string compare_command(Direction where, int server_version, const std::string& payload, const std::string& json) {
  const Wire wire = wire_of(payload, server_version);
  Message read = decoded(where, server_version, payload);
  const bool reencoded = encoded(read, server_version, wire) == payload;
  const JsonMessage made = read_json(where, json);
  const std::string ours = encoded(made.message, server_version, wire);
  std::string out = std::string("{\"reencoded\":") + (reencoded ? "true" : "false");
  out += std::string(",\"same\":") + (ours == payload ? "true" : "false");
  if (ours == payload) return out + "}";
  out += ",\"differences\":[";
  for (const Difference& d : compare(read, decoded(where, server_version, ours))) {
    if (out.back() == ']') out += ',';
    out += '[';
    append_json_string(d.path, out);
    out += ',';
    append_json_string(d.left, out);
    out += ',';
    append_json_string(d.right, out);
    out += ']';
  }
  out += "],\"spelled\":[";
  for (const Verbatim& kept : read.residue.verbatim) {
    if (out.back() == ']') out += ',';
    out += '[';
    append_json_string(kept.variant ? "variant" : field_at(where, server_version, payload, kept.index), out);
    out += ',';
    append_json_string(kept.text, out);
    out += ']';
  }
  out += "],\"trailing\":" + std::to_string(read.residue.trailing.size());
  read.residue.clear();
  out += std::string(",\"only_spelled\":") + (encoded(read, server_version, wire) == ours ? "true" : "false");
  return out + ",\"ours\":\"" + to_hex(ours) + "\"}";
}

std::string random_command(const MessageInfo& type, Wire wire, int server_version, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  const Message message = random_message(type, wire, server_version, generator);
  std::string out = to_hex(encoded(message, server_version, wire)) + " ";
  append_json(message, wire, out);
  return out;
}

std::string answer(const std::string& command, std::istringstream& line) {
  if (command == "schema") return schema();
  if (command == "versions") return versions(message_type(line));
  if (command == "layout") {
    const MessageInfo& type = message_type(line);
    return layout(type, version(line));
  }
  if (command == "random") {
    const MessageInfo& type = message_type(line);
    const Wire wire = word(line) == "text" ? Wire::Text : Wire::Protobuf;
    const int server_version = version(line);
    return random_command(type, wire, server_version, std::stoull(word(line)));
  }
  const Direction where = direction(line);
  const int server_version = version(line);
  if (command == "encode") {
    const JsonMessage made = read_json(where, rest(line));
    const Wire wire = made.wire.value_or(wire_at(made.message.type(), server_version));
    return to_hex(encoded(made.message, server_version, wire));
  }
  const std::string payload = from_hex(word(line));
  if (command == "decode") return decode_command(where, server_version, payload);
  if (command == "compare") return compare_command(where, server_version, payload, rest(line));
  throw Trouble{"no command " + command};
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string text; std::getline(std::cin, text);) {
    std::istringstream line(text);
    try {
      const std::string command = word(line);
      std::cout << answer(command, line) << '\n';
    } catch (const Trouble& trouble) {
      std::cout << "error " << trouble.reason << '\n';
    }
    std::cout.flush();
  }
}
