// The empty end: what a client that waits for answers up to an end, or for the one answer to a request without an id,
// is told when there is nothing to tell.
#pragma once

#include <optional>

#include "protocol/message.h"

namespace ibkr::protocol {

/// The message that ends this request at a server version, with nothing but the ids and keys of the request. None where
/// nothing ends it (a command, a subscription without a first batch), or where TWS also sends the answer unasked, so
/// that an empty one would be news: "there are no accounts".
std::optional<Message> empty_end(const Message& request, int server_version);

}  // namespace ibkr::protocol
