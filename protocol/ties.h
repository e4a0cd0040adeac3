// Ties: what a message takes over from the request that it is about, its ids and its keys.
#pragma once

#include "protocol/message.h"

namespace ibkr::protocol {

/// Copies every whole number and text of `request` that `about` has, too: under the same name, or as the key of both.
void copy_ties(const Message& request, Message& about);

}  // namespace ibkr::protocol
