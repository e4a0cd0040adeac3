// Dependencies: what else must have been asked before a recorded frame makes sense. As little as possible: what waits
// for a request that an app leaves out comes late.
//
//   an answer after its own cancel        the cancel, unless the answer went on to its end in spite of it
//   an answer of an order                 what was done last to the order, its parent or its children
//   an update (of positions, an account)  the last request about any order
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "protocol/message.h"
#include "replay/recorded.h"

namespace ibkr::replay {

/// Follows the requests of a recording as they are loaded, and then tells what depends on them.
class Dependencies {
 public:
  /// The next request; its index ascends.
  void asked(RequestIndex index, const protocol::Message& request);
  /// Sets RecordedFrame::after, RecordedRequest::owed and about_orders. All else of both must be set.
  void set(std::vector<RecordedRequest>& requests, std::vector<RecordedFrame>& frames);

 private:
  /// Orders that hang together, by the lowest of their places in `parents_`.
  std::size_t family(std::size_t place);
  std::size_t place_of(std::int64_t order_id);

  struct Asked {
    RequestIndex request;
    std::size_t place;  // of an order; kAll: it is about all of them
  };
  std::vector<Asked> asked_;
  std::unordered_map<std::int64_t, std::size_t> places_;
  std::vector<std::size_t> parents_;
};

}  // namespace ibkr::replay
