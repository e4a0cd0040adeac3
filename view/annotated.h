// One payload, piece by piece: what every field of a text, and every key of a protobuf message, is.
//
//   TickPrice from TWS, text at server version 178, 26 bytes
//     index  byte  raw       field      value
//         0     0  "1"       id         TickPrice
//         1     2  "6"       version    6
//         2     4  "9001"    req_id     9001
//         3     9  "4"       tick_type  4 last
#pragma once

#include <string>
#include <string_view>

#include "protocol/schema.h"

namespace ibkr::view {

/// Appends the lines of a payload. One that cannot be decoded is shown up to the fault, then the reason, then the rest
/// as it is. Returns false for such a one.
bool append_annotated(protocol::Direction direction, int server_version, std::string_view payload, std::string& out);

}  // namespace ibkr::view
