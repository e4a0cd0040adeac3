// Message ⇄ JSON, one object a line.
//
//   {"name":"TickPrice","id":1,"wire":"text","fields":{"req_id":9001,"tick_type":1,"price":150.25,"size":100}}
//
// Unset fields are absent. Decimals and doubles are JSON numbers (infinity is the string "Infinity"). A byte that is
// not UTF-8 is written as Python's surrogateescape does (\udc80..\udcff), so every string survives. "verbatim" and
// "trailing" hold a text payload's residue (message.h), "unknown_fields" unknown protobuf fields as hex inside the
// struct they were in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/message.h"

namespace ibkr::protocol {

/// How a byte that is not UTF-8 stands in a JSON string.
enum class StrayBytes : std::uint8_t {
  Escaped,  ///< as Python's surrogateescape has it: from_json gives the byte back
  Latin1,   ///< as the character that it is in Latin-1 (as_utf8 in unicode.h): every reader of JSON can take it
};

/// Appends the fields' object alone: {"req_id":9001,...}
void append_fields_json(const Message& message, std::string& out, StrayBytes stray = StrayBytes::Escaped);
/// Appends the whole object.
void append_json(const Message& message, Wire wire, std::string& out);
/// Appends a quoted, escaped JSON string. Controls (is_control in unicode.h) are escaped, so that showing it is safe.
void append_json_string(std::string_view text, std::string& out, StrayBytes stray = StrayBytes::Escaped);
/// The same as a text of its own.
std::string json_string(std::string_view text);

/// A message read from JSON, and the wire it came from.
struct JsonMessage {
  Message message;
  Wire wire;
};
/// Reads what append_json wrote. `direction` decides where a name or alias is used by a request and an answer.
Expected<JsonMessage, DecodeError> from_json(Direction direction, std::string_view json);

}  // namespace ibkr::protocol
