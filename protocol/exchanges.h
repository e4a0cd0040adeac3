// Exchanges: which request of a connection an incoming message belongs to. Decided by what the description says (ids,
// relations, rules of requests without an id) and by order. No sockets and no clock: whoever reads the frames of a
// connection, live or recorded, tells it of each one, and says when a request is given up.
//
//   carries a request id     the newest request with that id that has this answer
//   carries an exec id only  what the last message with that exec id belonged to
//   carries an order id      the newest of: what was asked about that order, a list of orders under way, a cancel of
//   all an error without an id   the request without an id that is under way and can be refused with that number
//   carries nothing          the request under way that has this answer and the message's key; TWS answers in turn
//
// Everything is bounded. What is over is kept a while, for what comes late: the last kKeptRequests requests with ids,
// at least as many execution ids as kKeptExecutions. What is not over is kept until it is, or is forgotten.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "protocol/message.h"

namespace ibkr::protocol {

/// Number of a request in its connection, as the caller counts: later ones are greater.
using RequestIndex = std::uint32_t;
inline constexpr RequestIndex kNoRequest = std::numeric_limits<RequestIndex>::max();

/// What an incoming message belongs to.
struct Cause {
  RequestIndex request = kNoRequest;  ///< kNoRequest: no request brought it about
  /// News of a subscription whose first batch is complete, of the kind that the batch is made of: comes when something
  /// happens, as a change of a position does after a fill.
  bool update = false;
  /// The request is over with it, or its first batch is. An error ends a request by its number alone, and never an
  /// order.
  bool end = false;
  /// The order that it is also news of, by the request that placed or last changed it: an entry of a list of open
  /// orders, a fill that was asked for, what a cancel did. kNoRequest: none that this connection placed.
  RequestIndex order = kNoRequest;
  friend bool operator==(const Cause&, const Cause&) = default;
};

/// A request from which nothing more is to come because of another one.
struct Silenced {
  RequestIndex request;
  bool replaced;  ///< another took its place: its first batch still comes; else it was cancelled
  friend bool operator==(const Silenced&, const Silenced&) = default;
};

/// Follows one connection. Not thread safe.
class Exchanges {
 public:
  static constexpr std::size_t kKeptRequests = 4096;
  static constexpr std::size_t kKeptExecutions = 16384;
  /// Requests of one id that are told apart: changes of an order, reuses of an id.
  static constexpr std::size_t kKeptPerId = 8;
  /// Requests without an id of one type that are under way. The oldest is let go past it.
  static constexpr std::size_t kKeptInTurn = 1024;
  /// Orders that this connection did not place and that are followed, for a cancel of all.
  static constexpr std::size_t kKeptStrangers = 16384;

  /// The server version that the connection agreed on.
  explicit Exchanges(int server_version) : server_version_(server_version) {}

  /// The app sent `request`. Gives what it silences: what it cancels, or takes the place of. A cancel of an order
  /// silences nothing: it is a question to TWS, and the order goes on until TWS says so. Valid until the next call.
  std::span<const Silenced> sent(RequestIndex index, const Message& request);
  /// TWS sent `answer`.
  Cause came(const Message& answer);
  /// Nothing will come for this request any more, so that the next one has its turn. Without it a request that was not
  /// answered keeps its turn: a late answer is its own, and not the next one's. Takes time in proportion to all that
  /// is kept.
  void forget(RequestIndex index);
  /// The connection is gone: nothing of it belongs to the next one, whose server version this is.
  void reset(int server_version);

 private:
  struct Sent {
    RequestIndex index;
    const MessageInfo* type;
    std::uint32_t ends;      // that count, as ends_that_count tells
    bool ended = false;      // by an answer, or its first batch is
    bool cancelled = false;  // or replaced: it has been silenced
    bool over = false;       // may be dropped
  };
  /// All of one id, oldest first.
  struct Same {
    std::vector<Sent> sent;               // an order of somebody else has none
    RequestIndex cancelled = kNoRequest;  // an order: the cancel of all that has not ended it yet
    bool closed = false;                  // an order: it has reached its last state
  };
  enum class Space : std::uint8_t { Requests, Orders };
  using Ids = std::unordered_map<std::int64_t, Same>;
  struct InTurn {
    Sent sent;
    std::string key;
  };
  /// Requests without an id, of one type.
  struct Unfinished {
    const MessageInfo* type;
    std::deque<InTurn> open;     // those that have an end, until it comes
    std::deque<InTurn> lasting;  // those without an end, and subscriptions after their first batch
    std::deque<InTurn> refused;  // with a key: the error may have been about another one
  };
  struct Place {
    Unfinished* among = nullptr;
    std::size_t at = 0;
  };
  struct Over {
    Space space;
    std::int64_t id;
    RequestIndex index;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Executions = std::unordered_map<std::string, Cause, Hash, std::equal_to<>>;

  Ids& ids(Space space) { return space == Space::Requests ? requests_ : orders_; }
  Sent& add(Space space, std::int64_t id, const Sent& sent);
  void finish(Space space, std::int64_t id, Sent& sent);
  void drop_what_is_over();
  void silence(std::int64_t id, const MessageInfo& type, bool replaced);
  void silence(const MessageInfo& type, bool replaced);
  void take_turn(const Sent& sent, const Message& request);

  Cause cause_of(const Message& answer);
  static Sent* newest(Ids& ids, std::int64_t id, const MessageInfo* answer);
  static Sent* placed(Same& order);
  Cause by_request_id(std::int64_t id, const Message& answer);
  Cause by_either_id(std::int64_t id, const Message& answer);
  Cause by_order_id(std::int64_t id, const Message& answer);
  Cause by_no_id(const Message& answer);
  Cause refused_request(std::int64_t id, Sent& newest, const Message& answer);
  Cause refused_without_id(const Message& error);
  Cause in_turn(Place place, const Message& answer);
  Cause lasting(const Message& answer);
  Place under_way(const Message& answer);
  void follow(Same& order, std::int64_t id, bool closes);
  bool of_this_client(const Message& answer) const;
  Cause by_exec_id(std::string_view id) const;
  void keep_exec_id(std::string_view id, const Cause& cause);

  int server_version_;
  std::optional<std::int64_t> client_id_;
  Ids requests_;
  Ids orders_;
  std::size_t strangers_ = 0;
  RequestIndex answered_ = kNoRequest;  // the newest request that something came for
  std::deque<Over> over_;
  std::vector<Unfinished> unnumbered_;  // of the types that were sent
  Executions executions_, older_executions_;
  std::vector<Silenced> silenced_;
};

}  // namespace ibkr::protocol
