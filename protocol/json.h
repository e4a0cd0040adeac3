// Message ⇄ JSON, one object a line.
//
//   {"name":"TickPrice","id":1,"wire":"text","fields":{"req_id":9001,"tick_type":1,"price":150.25,"size":100}}
//
// Unset fields are absent. Decimals and doubles are JSON numbers with all their digits; what JSON does not call a
// number is a string ("Infinity", "NaN", the decimals "+5" and ".5"). A byte that is not UTF-8 is written as Python's
// surrogateescape does (\udc80..\udcff), so every string survives. "unknown_fields" are unknown protobuf fields as hex
// inside the struct they were in.
//
// The residue (message.h) stands beside the fields. "verbatim" maps the numbers of text fields to what they said:
// another spelling of the value, "^12" the first of two values, "!12" what no field holds. "unset" maps spellings of
// unset to their places: {"":["5","9"]}, in protobuf {"1.7976931348623157e+308":["2.12"]} for field 12 of the third
// struct. A '+' before a number stands for a slot that only some clients send. "trailing" are the fields after the last
// one that is known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/message.h"

namespace ibkr::protocol {

/// How a byte that is not UTF-8 stands in a JSON string.
enum class StrayBytes : std::uint8_t {
  Escaped,  ///< as Python's surrogateescape has it: from_json gives the byte back
  Latin1,   ///< as the character that it is in Latin-1 (as_utf8 in unicode.h): every reader of JSON can take it
};

/// Appends the object of any struct: {"symbol":"AAPL",...}
void append_json(const StructInfo& info, const void* object, std::string& out, StrayBytes stray = StrayBytes::Escaped);
/// Reads what that wrote. A field that the struct does not have is an error that names it.
Expected<Part, DecodeError> part_from_json(const StructInfo& info, std::string_view json);

/// Appends the fields' object alone: {"req_id":9001,...}
void append_fields_json(const Message& message, std::string& out, StrayBytes stray = StrayBytes::Escaped);
/// Appends the whole object.
void append_json(const Message& message, Wire wire, std::string& out);
/// Appends a quoted, escaped JSON string. Controls (is_control in unicode.h) are escaped, so that showing it is safe.
void append_json_string(std::string_view text, std::string& out, StrayBytes stray = StrayBytes::Escaped);
/// The same as a text of its own.
std::string json_string(std::string_view text);

/// A message read from JSON, and the wire it came from; none where "wire" is left out.
struct JsonMessage {
  Message message;
  std::optional<Wire> wire;
};
/// Reads what append_json wrote. `direction` decides where a name or alias is used by a request and an answer.
Expected<JsonMessage, DecodeError> from_json(Direction direction, std::string_view json);

}  // namespace ibkr::protocol
