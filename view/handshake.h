// What an app and TWS say to each other before messages begin, made for reading.
//
//   {"name":"Hello","fields":{"min_version":100,"max_version":226,"options":""}}
//   {"name":"HelloAnswer","fields":{"server_version":178,"connection_time":"20261123 09:30:00 EST"}}
//   {"name":"HelloAnswer","fields":{"redirect":"gw.example:4001"}}
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/frame.h"

namespace ibkr::view {

inline constexpr std::string_view kHelloName = "Hello";
inline constexpr std::string_view kHelloAnswerName = "HelloAnswer";

/// Names and values; the values are JSON.
using HandshakeFields = std::vector<std::pair<std::string_view, std::string>>;
HandshakeFields handshake_fields(const protocol::Hello& hello);
HandshakeFields handshake_fields(const protocol::HelloAnswer& answer);

/// "min_version=100 max_version=226 options=\"\""
std::string handshake_text(const HandshakeFields& fields);
/// {"min_version":100,…}
std::string handshake_json(const HandshakeFields& fields);

/// The answer to a hello, where a payload of TWS is one: no message begins with a version and a time.
std::optional<protocol::HelloAnswer> hello_answer_in(std::string_view payload);

/// The same for what TWS sends first. There a version that is no message's id is enough, whatever follows it.
std::optional<protocol::HelloAnswer> first_answer_in(std::string_view payload);

/// Appends the answer's object; "payload" holds its bytes where TWS would have written them otherwise.
void append_hello_answer_json(const protocol::HelloAnswer& answer, std::string_view payload, std::string& out);

/// The bytes that such an object stands for, on the wire as they are: a hello, or the frame of an answer. None for any
/// other object.
std::optional<std::string> handshake_bytes(std::string_view json);

}  // namespace ibkr::view
