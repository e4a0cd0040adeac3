// One frame's payload ⇄ one line of JSON: protocol/json.h, and what it leaves out so that every payload survives.
//
//   {"name":"TickPrice","id":1,"wire":"text","fields":{…}}            protocol::append_json
//   {…,"payload":"00000049…"}                                         our encoder would write other bytes for the same
//   {"name":"Unknown","id":999,"wire":"text","payload":"3939…"}       there is no description of this id
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "protocol/message.h"

namespace ibkr::view {

/// Appends the object for a payload (no line end). On failure nothing is appended.
Expected<void, protocol::DecodeError> append_payload_json(protocol::Direction direction, int server_version,
                                                          std::string_view payload, std::string& out);

/// Why a line of JSON gives no payload: it is not a message, or the message cannot be written at that version.
using LineError = std::variant<protocol::DecodeError, protocol::EncodeError>;

/// The payload of such an object. "payload" is taken as it is when decoding it gives the object's fields; an object
/// whose fields were edited is encoded anew. Fails, with suggestions, where the name is not known.
Expected<std::string, LineError> payload_from_json(protocol::Direction direction, int server_version,
                                                   std::string_view json);

/// Appends {"message":…,"field":…,"index":…,"byte_offset":…,"reason":…}; what is not known is null.
void append_error_json(const protocol::DecodeError& error, std::string& out);
void append_error_json(const protocol::EncodeError& error, std::string& out);

}  // namespace ibkr::view
