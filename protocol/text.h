// Text bodies ⇄ messages: two interpreters over the text layouts (schema.h, TextOp).
//
// A text body is fields ended by NUL, after the message id. Which fields there are depends on the server version, on
// the message's own version number and on fields read before; the layout says so.
#pragma once

#include <string>
#include <string_view>

#include "protocol/message.h"
#include "protocol/output.h"

namespace ibkr::protocol {

class DecodeObserver;

/// Reads a body (what follows the id) into an empty message. `body_at` is the body's offset in the payload, for errors.
/// A repeat count or a body that is too short is an error, never a crash; work and memory are linear in the body.
Expected<void, DecodeError> decode_text(Message& message, int server_version, std::string_view body,
                                        std::size_t body_at);

/// The same, watched (decode_observer.h). What follows the layout's last field is not reported.
Expected<void, DecodeError> decode_text(Message& message, int server_version, std::string_view body,
                                        std::size_t body_at, DecodeObserver& observer);

/// Appends a body. What the layout does not carry at this version is left out. Fails where a text to be written has a
/// NUL, which ends a field on this wire.
Expected<void, EncodeError> encode_text(const Message& message, int server_version, Output& out);

}  // namespace ibkr::protocol
