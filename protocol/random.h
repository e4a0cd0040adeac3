// Random messages, for tests and fuzz seeds: every field of a layout gets its turn, unset included.
#pragma once

#include <random>

#include "protocol/message.h"

namespace ibkr::protocol {

/// A message that the given wire and server version can carry whole: decoding its encoding gives it back, with unset
/// numbers that text must write as zero read as zero. The same generator state gives the same message.
Message random_message(const MessageInfo& type, Wire wire, int server_version, std::mt19937_64& generator);

}  // namespace ibkr::protocol
