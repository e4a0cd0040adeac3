// Causes: which request of a session brought about an incoming message. Decided by what the description says (roles of
// fields, relations of messages) and by order; no message is known by name.
//
//   carries a request id    the newest request with that id that has this answer
//   carries an exec id      whatever caused the last message with that exec id
//   carries an order id     the newest of: requests for that order, open lists of orders, commands that touch orders
//   carries nothing         the oldest unfinished request that has this answer; TWS answers those in order
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/message.h"

namespace ibkr::replay {

/// Number of a request in its session, from 0 on.
using RequestIndex = std::uint32_t;
inline constexpr RequestIndex kNoRequest = std::numeric_limits<RequestIndex>::max();

/// Why a message came.
struct Cause {
  RequestIndex request = kNoRequest;  ///< kNoRequest: no request caused it
  bool update = false;  ///< news of a subscription after its first complete answer: comes when something happens
  bool end = false;     ///< ends the request's (first) answer
};

/// Follows one session. Give it every decoded message in order.
class Causes {
 public:
  /// The server version that the session agreed on.
  explicit Causes(int server_version) : server_version_(server_version) {}
  /// The app sent `request`; indexes ascend.
  void sent(RequestIndex index, const protocol::Message& request);
  /// TWS sent `answer`.
  Cause came(const protocol::Message& answer);

 private:
  struct Sent {
    RequestIndex index;
    const protocol::MessageInfo* type;
    std::vector<const protocol::MessageInfo*> ends;  // the answers that end it
    bool ended = false;
  };
  using Ids = std::unordered_map<std::int64_t, std::vector<Sent>>;
  /// Requests without an id, of one type.
  struct Unnumbered {
    std::deque<Sent> open;                   // those that have an end
    RequestIndex ended_stream = kNoRequest;  // the newest
    RequestIndex endless = kNoRequest;       // the newest of those without an end
  };

  static Sent* newest(Ids& ids, std::int64_t id, const protocol::MessageInfo* answer);
  Cause by_request_id(std::int64_t id, const protocol::MessageInfo& answer);
  Cause by_any_id(std::int64_t id);
  Cause by_order_id(std::int64_t id, const protocol::MessageInfo& answer);
  Cause unnumbered(const protocol::MessageInfo& answer);
  RequestIndex oldest_open(const protocol::MessageInfo& answer, Unnumbered*& found);

  int server_version_;
  Ids by_request_id_;
  Ids by_order_id_;
  std::map<const protocol::MessageInfo*, Unnumbered> unnumbered_;
  std::unordered_map<std::string, Cause> by_exec_id_;
};

/// The text of the first set field with the role, wherever it is; none when there is none.
std::optional<std::string> text_with_role(const protocol::Message& message, protocol::Role role);

}  // namespace ibkr::replay
