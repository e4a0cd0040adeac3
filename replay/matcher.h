// Matcher: which recorded request a live one is. Exact: the first unused recorded request of the same type whose
// content is equal, in order among equals. What differs from run to run by its nature takes no part: ids (they are
// mapped), times and users. Whatever matches nothing is explained field by field against the nearest recorded request.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/compare.h"
#include "replay/ids.h"
#include "replay/recording.h"

namespace ibkr::replay {

/// Why a live request matches nothing.
struct Mismatch {
  std::string name;                               ///< of the live request: "MarketDataRequest"
  std::optional<journal::Sequence> nearest;       ///< messages.message_id; none when nothing of the type was recorded
  bool used = false;                              ///< the nearest has been served already
  std::vector<protocol::Difference> differences;  ///< left: recorded, right: live
  /// One line: "no recorded request matches MarketDataRequest; nearest is #12: contract.symbol: recorded AAPL, live
  /// MSFT"
  std::string summary() const;
  /// The same with every difference on a line of its own.
  std::string report() const;
};

/// For one connection. The recording and the ids must outlive it.
class Matcher {
 public:
  Matcher(const Recording& recording, Ids& ids);

  /// Uses up the recorded request that `live` is, and binds its ids.
  Expected<RequestIndex, Mismatch> match(const protocol::Message& live);
  /// The same for a payload that cannot be decoded: it matches the same bytes.
  Expected<RequestIndex, Mismatch> match_raw(std::string_view payload);

  bool used(RequestIndex index) const { return used_[index]; }

 private:
  /// Recorded requests of one type; null: those that cannot be decoded.
  struct Candidates {
    std::vector<RequestIndex> all;
    std::size_t first_unused = 0;
  };
  std::vector<protocol::Difference> differences(RequestIndex index, const protocol::Message& live,
                                                std::size_t limit) const;
  Mismatch explain(const protocol::Message& live, const Candidates& candidates) const;
  void use(Candidates& candidates, RequestIndex index);

  const Recording& recording_;
  Ids& ids_;
  std::map<const protocol::MessageInfo*, Candidates> by_type_;
  std::vector<bool> used_;
};

}  // namespace ibkr::replay
