// Relations between messages that depend on the server version and on what a request asks for.
#pragma once

#include <vector>

#include "protocol/message.h"

namespace ibkr::protocol {

/// The answers that end this request at a server version; for a stream, its first batch. None: it goes on until it is
/// cancelled, or is not answered there.
std::vector<const MessageInfo*> ends_of(const Message& request, int server_version);

/// True when this answer is one of them.
bool ends(const MessageInfo& answer, const Message& request, int server_version);

}  // namespace ibkr::protocol
