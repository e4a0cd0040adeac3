// What reading and writing protobuf share.
#pragma once

#include <cstdint>

namespace ibkr::protocol {

/// How a value is encoded; the low three bits of its key.
enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

}  // namespace ibkr::protocol
