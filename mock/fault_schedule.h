// FaultSchedule: which faults wait, are under way, are over; and the mock's clock that they go by. It carries out
// nothing.
//
//   waiting ── its time, frame or request has come ──► under way ── its time, or its orders, are over ──► over
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mock/faults.h"

namespace ibkr::mock {

/// A connection, 1 and up; 0 where none in particular is meant.
using ConnectionId = std::uint64_t;

/// One thread. Callbacks come from inside add(), advance(), requested() and sent(), and may call is_under_way(), use()
/// and end(), nothing else.
class FaultSchedule {
 public:
  struct Callbacks {
    /// A fault begins; the connection is the one whose frames or requests it was to count. False when it met nothing.
    std::function<bool(const Fault&, ConnectionId)> begins;
    /// The time of a lasting fault is over.
    std::function<void(const Fault&)> ends;
  };
  explicit FaultSchedule(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  /// Its counts and its time begin now.
  void add(Fault fault);
  /// The mock's clock goes on by so much. What is due begins and ends in the order of its time.
  void advance(std::int64_t ns);
  /// Nanoseconds of the mock's clock.
  std::int64_t now_ns() const { return now_ns_; }

  /// The connection has made a request, which nobody has looked at yet.
  void requested(ConnectionId connection, const protocol::MessageInfo& type);
  /// So many more frames may go before a fault begins that counts them; none: no fault does.
  std::optional<std::uint64_t> frames_to_go(ConnectionId connection) const;
  /// So many frames have gone.
  void sent(ConnectionId connection, std::uint64_t frames);
  /// The connection has ended.
  void gone(ConnectionId connection);

  /// True while such a fault is there, for all connections or for this one.
  bool is_under_way(FaultKind kind, ConnectionId connection = 0) const;
  /// The fault of this kind that is under way, which now has met something; null when there is none. Valid in this call
  /// of the owner's only.
  const Fault* use(FaultKind kind, ConnectionId connection = 0);
  /// The same for a fault that hits orders: it has hit one more.
  const Fault* use_for_order(FaultKind kind);
  /// Ends the faults of the kind that are under way, without a callback.
  void end(FaultKind kind);

  /// Those that never came about, or met fewer orders than they were to, a line each, for people.
  std::vector<std::string> unmet() const;

 private:
  enum class State { Waiting, UnderWay, Over };
  struct Entry {
    Fault fault;
    std::int64_t told_ns;
    State state = State::Waiting;
    std::int64_t begun_ns = 0;
    ConnectionId connection = 0;  // the one it is bound to
    bool has_met = false;
    std::uint64_t orders = 0;                            // hit so far
    std::map<ConnectionId, std::uint64_t> counted = {};  // frames or requests
  };
  void begin(Entry& entry, ConnectionId connection);
  void sweep();
  static std::optional<std::int64_t> due_ns(const Entry& entry);
  static bool concerns(const Entry& entry, FaultKind kind, ConnectionId connection);

  Callbacks callbacks_;
  std::list<Entry> entries_;  // without those that are over and have met something
  std::int64_t now_ns_ = 0;
};

}  // namespace ibkr::mock
