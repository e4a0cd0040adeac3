// What the mock says to a request that it does not simulate, from what the description says of the request's answers.
#pragma once

#include "mock/outbox.h"
#include "protocol/message.h"

namespace ibkr::mock {

/// Answers a request that no desk serves, so that no client waits for ever:
///   a cancel                          nothing, as there is nothing to cancel
///   a request of a list, or one       its empty end, with the ids and keys of the request: a client has no other
///   without an id                     way to learn that nothing comes
///   everything else                   error 322 with the request's id, which every client takes as the end
void answer_unsimulated(const protocol::Message& request, Outbox& out);

}  // namespace ibkr::mock
