// Relations between two messages: what ends a request, what cancels one. They depend on the server version and on what
// both say. Which of the requests under way a message belongs to is exchanges.h's.
#pragma once

#include <cstdint>
#include <vector>

#include "protocol/message.h"

namespace ibkr::protocol {

/// The answers that end this request at a server version, or its first batch when it goes on. None: it goes on until it
/// is cancelled, or is not answered there. An answer may end it only when it says so, such as a last part or a final
/// status.
std::vector<const MessageInfo*> ends_of(const Message& request, int server_version);

/// Which of the type's `ends` count for this request at a server version: a bit for each, the first one lowest.
std::uint32_t ends_that_count(const Message& request, int server_version);

/// The one among those (`counting`, of a request of this type) that this answer is; null when the request goes on.
const End* end_by(const MessageInfo& request_type, std::uint32_t counting, const Message& answer);

/// True when this answer ends the request, or its first batch.
bool ends(const Message& answer, const Message& request, int server_version);

/// True when the request is answered until it is cancelled, at a server version: a subscription, and bars that are kept
/// up to date; not a snapshot.
bool goes_on(const Message& request, int server_version);

/// The type of requests that this one cancels; null when it cancels nothing. By one of its fields it can be the cancel
/// of its own type.
const MessageInfo* cancelled_by(const Message& request);

}  // namespace ibkr::protocol
