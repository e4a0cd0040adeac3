// DelayedData: market data as an account without a subscription gets it: delayed when the app has asked for that, else
// refused.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_set>

#include "mock/outbox.h"

namespace ibkr::mock {

/// One client's. What the desk sends as live is reworded on its way out.
class DelayedData {
 public:
  /// The app has chosen: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
  void choose(std::int32_t market_data_type) { type_ = market_data_type; }
  /// A request for quotes. True: it may go on, and the app was told that its data are delayed (10167). False: the app
  /// has asked for live data and was refused (354).
  bool admit(std::int32_t request_id, Outbox& out);
  /// The request with this id has live data again, or ends.
  void forget(std::int32_t request_id) { delayed_.erase(request_id); }

  /// The message as a delayed request's; none where it is not one's.
  std::optional<protocol::Message> reworded(const protocol::Message& message) const;

 private:
  std::int32_t type_ = 1;
  std::unordered_set<std::int32_t> delayed_;  // request ids
};

}  // namespace ibkr::mock
