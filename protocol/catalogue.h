// The catalogue: every message type that is described, found by id and by name, and what the server version decides.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/schema.h"

namespace ibkr::protocol {

/// Server versions that we describe.
inline constexpr int kMinServerVersion = 100;
inline constexpr int kMaxServerVersion = 226;
/// From here on the message id is a raw 4-byte integer, and 200 is added to it when the body is protobuf.
inline constexpr int kRawIdServerVersion = 201;
inline constexpr int kProtobufIdOffset = 200;

/// Every message type, ordered by direction and id.
std::span<const MessageInfo* const> all_messages();
/// The type with this id (without the protobuf offset), or null.
const MessageInfo* find_message(Direction direction, std::int32_t id);
/// The type with this name or alias (TickPrice, TICK_PRICE, tickPrice; letter case is ignored), or null. Where a
/// name means a request and an answer, the answer wins.
const MessageInfo* find_message(std::string_view name);
/// The same among the messages of one direction.
const MessageInfo* find_message(Direction direction, std::string_view name);
/// The name of an enumeration's value, or "" where it has none.
std::string_view value_name(const EnumInfo& values, std::int32_t value);

/// The wire that TWS and clients use for a message at a server version.
inline Wire wire_at(const MessageInfo& type, int server_version) {
  return type.proto_since != 0 && server_version >= type.proto_since ? Wire::Protobuf : Wire::Text;
}

}  // namespace ibkr::protocol
