// Turns: requests without an id whose answers could be mistaken for one another's are sent one at a time.
//
//   CurrentTimeRequest        its type
//   MarketRuleRequest         its type and key: one market rule at a time, another one beside it
//   AllOpenOrdersRequest      its family: OpenOrdersRequest has the same answers
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "protocol/message.h"

namespace ibkr::client {

/// Number of a request, whatever becomes of it: never used again in a client.
using Ticket = std::uint64_t;

/// The turn that a request has to wait for; none where its answers are told apart by an id, or it has none that end it.
std::optional<std::string> turn_of(const protocol::Message& request);

/// Who has each turn, and who waits for it. Not thread safe.
class Turns {
 public:
  /// True when `ticket` has the turn at once; else it stands in line.
  bool take(const std::string& turn, Ticket ticket);
  /// Gives the turn back, or leaves the line. Returns who has the turn now, where that changed.
  std::optional<Ticket> leave(const std::string& turn, Ticket ticket);
  /// Those in line, in order.
  std::deque<Ticket> waiting(const std::string& turn) const;
  void clear() { turns_.clear(); }

 private:
  std::unordered_map<std::string, std::deque<Ticket>> turns_;  // the first one has it
};

}  // namespace ibkr::client
