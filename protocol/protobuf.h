// Protobuf bodies ⇄ messages: the wire format of proto3, walked over the struct tables.
//
// Fields are written in ascending number, lists of numbers packed, as the reference library does. Presence is kept: a
// field that was sent as zero is written as zero. Unknown fields stay in their struct's unknown_fields and are written
// after the known ones.
#pragma once

#include <string>
#include <string_view>

#include "protocol/message.h"
#include "protocol/output.h"

namespace ibkr::protocol {

class DecodeObserver;

/// Reads a body into an empty message. `body_at` is the body's offset in the payload, for errors. Nothing is read past
/// the body; memory is linear in it.
Expected<void, DecodeError> decode_protobuf(Message& message, std::string_view body, std::size_t body_at);

/// The same, watched (decode_observer.h).
Expected<void, DecodeError> decode_protobuf(Message& message, std::string_view body, std::size_t body_at,
                                            DecodeObserver& observer);

/// Appends a body. Text-only fields are left out. Fails where a value has no protobuf form (a text for a number).
Expected<void, EncodeError> encode_protobuf(const Message& message, Output& out);

}  // namespace ibkr::protocol
