// Payload ⇄ Message, whatever the wire: the id in front, then text (text.h) or protobuf (protobuf.h).
//
//   payload = "1\0" "6\0" "9001\0" ...              server version < 201: id as digits, text
//   payload = 00 00 00 01 "6\0" "9001\0" ...        from 201: raw id, text
//   payload = 00 00 00 c9 08 a9 46 ...              raw id + 200, protobuf
#pragma once

#include <string>
#include <string_view>

#include "protocol/message.h"
#include "protocol/output.h"

namespace ibkr::protocol {

class DecodeObserver;

/// The id in front of a payload.
struct PayloadHead {
  std::int32_t id;  ///< without the protobuf offset
  Wire wire;
  std::size_t body_at;  ///< where the body starts
};
/// Reads the id. Fails on an empty payload, on digits that are none, and on fewer than 4 bytes from 201 on.
Expected<PayloadHead, DecodeError> read_head(std::string_view payload, int server_version);
/// Appends the id as the server version wants it.
void write_head(Output& out, std::int32_t id, Wire wire, int server_version);

/// Decodes one frame's payload. Fails where the id is not known (reason "unknown message id N"), or where the body
/// does not fit the message's layout at this server version.
Expected<Message, DecodeError> decode(Direction direction, int server_version, std::string_view payload);

/// The same into a message of the right type that is reused: nothing is allocated for small messages.
/// `message` must be of the type that the payload's id names. After a failure it holds the fields that stand before the
/// fault, its ids among them: what is wrong with a field, or missing behind it, takes nothing from the ones before.
Expected<void, DecodeError> decode_into(Message& message, int server_version, const PayloadHead& head,
                                        std::string_view payload);

/// The same, watched (decode_observer.h). The head is not reported.
Expected<void, DecodeError> decode_into(Message& message, int server_version, const PayloadHead& head,
                                        std::string_view payload, DecodeObserver& observer);

/// Encodes at a server version, on the wire that TWS uses there. Appends the payload (without the length prefix) to
/// `out`. Fails where the version does not know the message.
Expected<void, EncodeError> encode(const Message& message, int server_version, std::string& out);
/// The same on a given wire.
Expected<void, EncodeError> encode(const Message& message, int server_version, Wire wire, std::string& out);

}  // namespace ibkr::protocol
