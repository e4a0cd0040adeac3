// Mismatch: why a live request is none of the recorded ones, as data, and the texts that are made of it. Values are
// ready to be shown: accounts, people and secrets have pseudonyms, and long values are cut.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "journal/reader.h"

namespace ibkr::replay {

/// Something that was recorded one way and asked another way.
struct Differing {
  std::string path;      ///< "contract.symbol"; ids too: "req_id"
  std::string recorded;  ///< "" when it was not said
  std::string live;
  /// "contract.symbol: recorded AAPL, live MSFT"
  std::string line() const;
  friend bool operator==(const Differing&, const Differing&) = default;
};

/// The most differences that are kept of one mismatch; `more` counts the others.
inline constexpr std::size_t kMaxDiffering = 50;

struct Mismatch {
  std::string name;                             ///< of the live request: "MarketDataRequest"
  std::optional<journal::Sequence> nearest;     ///< messages.message_id; none when nothing of the type was recorded
  bool used = false;                            ///< the nearest has been served already
  std::vector<Differing> differences;           ///< empty: only that it was used stands in the way
  std::size_t more = 0;                         ///< differences that were left out
  std::optional<journal::SessionId> elsewhere;  ///< another session of the journal that has the request
  /// One line: "no recorded request matches MarketDataRequest; nearest is #12: contract.symbol: recorded AAPL, live
  /// MSFT"
  std::string summary() const;
  /// The same with every difference on a line of its own.
  std::string report() const;
};

}  // namespace ibkr::replay
