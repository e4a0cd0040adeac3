// What an app is told about a request that was not recorded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/message.h"

namespace ibkr::replay {

/// The code of the error that an app gets for a request that the recording does not have. Not one of IBKR's.
inline constexpr int kUnmatchedCode = 10999;

/// An error with the id that the request carries, -1 where it has none or `request` is null. A client finds no request
/// by -1, so behind it comes the empty end of a request without an id, if it has one; some clients wait for that for
/// ever. The error comes first, because others fail all that they wait for when they see it.
std::vector<protocol::Message> refusal(const protocol::Message* request, int server_version, std::string text,
                                       std::int64_t wall_ns);

/// The type of the answer to a request that a server can answer without any recording: its clock, or the next order id.
/// Null for every other request. Decided by what the one answer is made of: stamps of a clock, an order id.
const protocol::MessageInfo* answered_from_own(const protocol::Message& request, int server_version);

/// That answer.
std::optional<protocol::Message> answer_from_own(const protocol::Message& request, int server_version,
                                                 std::int64_t next_order_id, std::int64_t wall_ns);

}  // namespace ibkr::replay
