// What a message is about: the ids that it carries, looked up where the description says that they are. An id that only
// refers to something else, such as a parent order's, is not asked for here; a walk over all fields is in fields.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/message.h"

namespace ibkr::protocol {

/// True when messages of the type can carry such an id (Role::RequestId, OrderId, RequestOrOrderId, PermId, ClientId,
/// Account, ExecId), lists apart.
bool has_role(const MessageInfo& type, Role role);

/// The id with this role; the one nearest to the top when several are set; none when none is.
std::optional<std::int64_t> integer_with_role(const Message& message, Role role);

/// The same for ids that are texts: accounts, execution ids. Valid until the message changes.
std::optional<std::string_view> text_with_role(const Message& message, Role role);

/// Sets the id with this role where it stands in the message itself, not in a part of it. Does nothing when it has
/// none.
void set_integer_with_role(Message& message, Role role, std::int64_t value);

/// The id that an error about this request carries: its request id or its order id, -1 when it has neither. `request`
/// may be one that was read in part only.
std::int32_t error_id(const Message& request);

/// What ties a request without an id to its answers, as a text: both carry it. "" when there is none, or it says
/// nothing.
std::string key_of(const Message& message);

}  // namespace ibkr::protocol
