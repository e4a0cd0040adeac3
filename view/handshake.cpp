#include "view/handshake.h"

#include <algorithm>
#include <charconv>

#include "protocol/catalogue.h"
#include "protocol/json.h"
#include "protocol/json_value.h"
#include "protocol/schema.h"
#include "view/hex.h"

namespace ibkr::view {
namespace {

using protocol::JsonValue;

constexpr int kLastSensibleVersion = 999;  // without a time, a larger number is anything

/// "20261123 09:30:00 EST"
bool is_time(std::string_view text) {
  constexpr std::size_t kDate = 8;
  return text.size() > kDate && text[kDate] == ' ' &&
         std::ranges::all_of(text.substr(0, kDate), [](char c) { return c >= '0' && c <= '9'; });
}

/// True for the number of a version that no message from TWS has.
bool is_no_id(int version) {
  return version > 0 && version <= kLastSensibleVersion &&
         protocol::find_message(protocol::Direction::In, version) == nullptr;
}

std::string text_of(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  return value != nullptr ? value->text : std::string();
}

int number_of(const JsonValue& object, std::string_view key) {
  const std::string digits = text_of(object, key);
  int number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::string answer_payload(const JsonValue& object, const JsonValue& fields) {
  protocol::HelloAnswer answer{number_of(fields, "server_version"), text_of(fields, "connection_time")};
  if (fields.find("redirect") != nullptr) answer.redirect = text_of(fields, "redirect");
  std::string payload = protocol::hello_answer_payload(answer);
  const auto kept = from_hex(text_of(object, "payload"));
  const auto meant = kept ? hello_answer_in(*kept) : std::nullopt;
  const bool same = meant && handshake_fields(*meant) == handshake_fields(answer);
  return same ? *kept : payload;
}

}  // namespace

HandshakeFields handshake_fields(const protocol::Hello& hello) {
  return {{"min_version", std::to_string(hello.min_version)},
          {"max_version", std::to_string(hello.max_version)},
          {"options", protocol::json_string(hello.options)}};
}

HandshakeFields handshake_fields(const protocol::HelloAnswer& answer) {
  if (answer.redirect) return {{"redirect", protocol::json_string(*answer.redirect)}};
  return {{"server_version", std::to_string(answer.server_version)},
          {"connection_time", protocol::json_string(answer.connection_time)}};
}

std::string handshake_text(const HandshakeFields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) text.append(text.empty() ? "" : " ").append(name).append("=").append(value);
  return text;
}

std::string handshake_json(const HandshakeFields& fields) {
  std::string text = "{";
  for (const auto& [name, value] : fields) {
    text.append(text.size() == 1 ? "\"" : ",\"").append(name).append("\":").append(value);
  }
  return text + "}";
}

std::optional<protocol::HelloAnswer> hello_answer_in(std::string_view payload) {
  auto answer = protocol::read_hello_answer(payload);
  if (!answer) return std::nullopt;
  const bool no_message = answer->connection_time.empty() && is_no_id(answer->server_version);
  if (answer->redirect || no_message || is_time(answer->connection_time)) return *std::move(answer);
  return std::nullopt;
}

std::optional<protocol::HelloAnswer> first_answer_in(std::string_view payload) {
  auto answer = protocol::read_hello_answer(payload);
  if (!answer) return std::nullopt;
  if (is_no_id(answer->server_version)) return *std::move(answer);
  return hello_answer_in(payload);
}

void append_hello_answer_json(const protocol::HelloAnswer& answer, std::string_view payload, std::string& out) {
  out += "{\"name\":\"HelloAnswer\",\"fields\":" + handshake_json(handshake_fields(answer));
  if (protocol::hello_answer_payload(answer) != payload) {
    out += ",\"payload\":\"";
    append_hex(payload, out);
    out += '"';
  }
  out += '}';
}

std::optional<std::string> handshake_bytes(std::string_view json) {
  if (json.find("\"Hello") == json.npos) return std::nullopt;
  const auto object = protocol::parse_json(json);
  if (!object) return std::nullopt;
  const JsonValue* fields = object->find("fields");
  const std::string name = text_of(*object, "name");
  if (fields == nullptr || (name != kHelloName && name != kHelloAnswerName)) return std::nullopt;
  if (name == kHelloName) {
    return protocol::hello_bytes(
        {number_of(*fields, "min_version"), number_of(*fields, "max_version"), text_of(*fields, "options")});
  }
  std::string frame;
  const std::string payload = answer_payload(*object, *fields);
  if (payload.size() > protocol::kMaxPayload) return std::nullopt;
  protocol::append_frame(frame, payload);
  return frame;
}

}  // namespace ibkr::view
