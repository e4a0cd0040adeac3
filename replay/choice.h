// Choice: which sessions of a journal a replay serves. By default those of the recorder's last run that got somewhere:
// what one run of the proxy recorded is one recording.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "journal/reader.h"

namespace ibkr::replay {

struct SessionChoice {
  enum class Which {
    LastRun,  ///< of the last session that got past START_API, and others of the same run that did
    All,      ///< that got past START_API
    Listed,   ///< `ids`
  };
  Which which = Which::LastRun;
  std::vector<journal::SessionId> ids = {};
};

/// Reads "last", "all", "2" or "1,2,5". The error says what was given and what it should look like.
Expected<SessionChoice, std::string> parse_session_choice(std::string_view text);

/// What is served, in the order in which it was recorded, and what is not.
struct Chosen {
  struct PassedOver {
    journal::SessionId id;
    std::string why;  ///< "did not get past the handshake: app fin in handshake"
  };
  std::vector<journal::SessionInfo> sessions;  ///< at least one
  std::vector<PassedOver> passed_over;         ///< of the same run or later
  std::size_t of_earlier_runs = 0;             ///< sessions that were not looked at
};

/// `sessions`: all of the journal, oldest first. The error says what is there and what to do.
Expected<Chosen, std::string> choose(const std::vector<journal::SessionInfo>& sessions, const SessionChoice& choice);

}  // namespace ibkr::replay
