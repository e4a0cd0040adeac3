// The cancel of a request: the message that takes it back.
#pragma once

#include <optional>

#include "protocol/message.h"

namespace ibkr::protocol {

/// The message that cancels this request, with its ids; none where nothing does. Whether a server version knows it, the
/// encoder says.
std::optional<Message> cancel_of(const Message& request);

}  // namespace ibkr::protocol
