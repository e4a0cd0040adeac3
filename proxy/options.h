// What a proxy is told when it starts.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "net/address.h"

namespace ibkr::proxy {

/// What to do with traffic while the journal drops frames or cannot write.
enum class OnJournalFailure : std::uint8_t {
  Forward,  ///< go on; the journal records a gap
  Refuse,   ///< end the sessions and take no new ones until the journal works again
};

struct ProxyOptions {
  net::Address listen{"127.0.0.1", 7500};
  net::Address upstream{"127.0.0.1", 7496};
  /// Per direction of a session: past this many waiting bytes the sending side is not read. One read (64 KiB) more may
  /// come on top.
  std::size_t queue_limit_bytes = std::size_t{1} << 20;
  /// How long the upstream may take to accept.
  std::chrono::milliseconds dial_timeout{10'000};
  /// How long stop() lets sessions hand on what they have read.
  std::chrono::milliseconds drain_timeout{2'000};
  OnJournalFailure on_journal_failure = OnJournalFailure::Forward;
};

}  // namespace ibkr::proxy
