#include "view/payload_json.h"

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/json.h"
#include "protocol/json_value.h"
#include "view/hex.h"
#include "view/suggest.h"

namespace ibkr::view {
namespace {

using protocol::DecodeError;
using protocol::Direction;
using protocol::EncodeError;

constexpr std::string_view kUnknown = "Unknown";

void append_payload(std::string_view payload, std::string& out) {
  out += ",\"payload\":\"";
  append_hex(payload, out);
  out += "\"}";
}

void append_unknown(const protocol::PayloadHead& head, std::string_view payload, std::string& out) {
  out += "{\"name\":\"Unknown\",\"id\":" + std::to_string(head.id);
  out += head.wire == protocol::Wire::Text ? ",\"wire\":\"text\"" : ",\"wire\":\"protobuf\"";
  append_payload(payload, out);
}

bool encodes_to(std::string_view payload, const protocol::Message& message, int server_version, protocol::Wire wire) {
  std::string again;
  const auto encoded = protocol::encode(message, server_version, wire, again);
  return encoded && again == payload;
}

bool means(std::string_view payload, const protocol::JsonMessage& wanted, int server_version) {
  const Direction direction = wanted.message.type().direction;
  const auto head = protocol::read_head(payload, server_version);
  if (!head || head->wire != wanted.wire.value_or(head->wire)) return false;
  const auto message = protocol::decode(direction, server_version, payload);
  if (!message) return false;
  std::string left;
  std::string right;
  protocol::append_json(*message, head->wire, left);
  protocol::append_json(wanted.message, head->wire, right);
  return left == right;
}

Unexpected<LineError> refuse(std::string message, std::string field, std::string reason) {
  return Unexpected<LineError>(DecodeError{std::move(message), std::move(field), -1, -1, std::move(reason)});
}

std::string string_member(const protocol::JsonValue& object, std::string_view key) {
  const protocol::JsonValue* value = object.find(key);
  return value != nullptr && value->type == protocol::JsonValue::Type::String ? value->text : std::string();
}

}  // namespace

Expected<void, DecodeError> append_payload_json(Direction direction, int server_version, std::string_view payload,
                                                std::string& out) {
  const auto head = protocol::read_head(payload, server_version);
  if (!head) return Unexpected(head.error());
  const protocol::MessageInfo* type = protocol::find_message(direction, head->id);
  if (type == nullptr) {
    append_unknown(*head, payload, out);
    return {};
  }
  protocol::Message message(*type);
  if (auto done = protocol::decode_into(message, server_version, *head, payload); !done) {
    return Unexpected(std::move(done.error()));
  }
  protocol::append_json(message, head->wire, out);
  if (!encodes_to(payload, message, server_version, head->wire)) {
    out.pop_back();
    append_payload(payload, out);
  }
  return {};
}

Expected<std::string, LineError> payload_from_json(Direction direction, int server_version, std::string_view json) {
  const auto tree = protocol::parse_json(json);
  if (!tree) return refuse("", "", tree.error());
  const std::string name = string_member(*tree, "name");
  const protocol::JsonValue* hex = tree->find("payload");
  if (name == kUnknown && hex == nullptr) {
    return refuse(name, "payload", "a message without a description needs its \"payload\" in hex");
  }
  auto payload = hex != nullptr ? from_hex(hex->text) : Expected<std::string, std::string>(std::string());
  if (!payload) return refuse(name, "payload", payload.error());
  if (name == kUnknown) return std::move(*payload);

  auto wanted = protocol::from_json(direction, json);
  if (!wanted) {
    DecodeError error = std::move(wanted.error());
    if (!name.empty() && protocol::find_message(direction, name) == nullptr) {
      error.reason += did_you_mean_message(name, direction);
    }
    return Unexpected<LineError>(std::move(error));
  }
  if (hex != nullptr && means(*payload, *wanted, server_version)) return std::move(*payload);
  std::string out;
  const protocol::Wire wire = wanted->wire.value_or(protocol::wire_at(wanted->message.type(), server_version));
  if (auto done = protocol::encode(wanted->message, server_version, wire, out); !done) {
    return Unexpected<LineError>(std::move(done.error()));
  }
  return out;
}

void append_error_json(const EncodeError& error, std::string& out) {
  append_error_json(DecodeError{error.message, error.field, -1, -1, error.reason}, out);  // as one that has no place
}

void append_error_json(const DecodeError& error, std::string& out) {
  const auto text = [&](std::string_view key, const std::string& value) {
    out += key;
    if (value.empty()) {
      out += "null";
    } else {
      protocol::append_json_string(value, out);
    }
  };
  const auto number = [&](std::string_view key, std::int64_t value) {
    out += key;
    out += value < 0 ? "null" : std::to_string(value);
  };
  text("{\"message\":", error.message);
  text(",\"field\":", error.field);
  number(",\"index\":", error.index);
  number(",\"byte_offset\":", error.byte_offset);
  text(",\"reason\":", error.reason);
  out += '}';
}

}  // namespace ibkr::view
