// What reading and writing protobuf share: wire types, and a field's member found through the small table.
#pragma once

#include <cstdint>

#include "protocol/schema.h"

namespace ibkr::protocol {

/// How a value is encoded; the low three bits of its key.
enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

template <class Member>
Member& member(const ProtoField& field, void* object) {
  return *reinterpret_cast<Member*>(static_cast<char*>(object) + field.offset);
}
template <class Member>
const Member& member(const ProtoField& field, const void* object) {
  return *reinterpret_cast<const Member*>(static_cast<const char*>(object) + field.offset);
}

}  // namespace ibkr::protocol
