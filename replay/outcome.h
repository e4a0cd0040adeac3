// Outcome: what becomes of a live request.
#pragma once

#include <variant>
#include <vector>

#include "protocol/message.h"
#include "replay/contents.h"
#include "replay/mismatch.h"

namespace ibkr::replay {

/// It is a recorded one: what that one caused is played.
struct Matched {
  RequestIndex request;
  /// Moments that are not those recorded, where these may be let go. Each belongs into the verdict.
  std::vector<Differing> let_go;
};

/// It takes back something that was served, and was not recorded doing so. Nothing answers it.
struct Accepted {
  RequestIndex cancelled;  ///< is played no longer
};

/// It was not recorded, and is answered out of what the server knows itself: its clock, the next order id.
struct Answered {
  std::vector<protocol::Message> messages;  ///< with live ids already
};

/// It takes back something that was refused. It is no mismatch of its own, and nothing answers it.
struct Ignored {};

/// It is none of the recorded ones.
struct Refused {
  Mismatch mismatch;
  /// What the app is told, with live ids already: an error, and behind it an empty end where the app would wait for
  /// one.
  std::vector<protocol::Message> messages;
};

using Outcome = std::variant<Matched, Accepted, Answered, Ignored, Refused>;

}  // namespace ibkr::replay
