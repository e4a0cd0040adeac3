// Names: the accounts, people and secrets that a recording holds, made known before anything is said about it.
#pragma once

#include <cstddef>

#include "protocol/pseudonyms.h"
#include "replay/recording.h"

namespace ibkr::replay {

/// Learns those of every request and of the first kLearnedFrames frames that name an account; a session names its own
/// right after START_API.
inline constexpr std::size_t kLearnedFrames = 1000;
void learn_names(const Recording& recording, protocol::Pseudonyms& pseudonyms);

}  // namespace ibkr::replay
