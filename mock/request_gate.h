// RequestGate: what may refuse one client's request before a desk looks at it, on a bad day.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "mock/delayed_data.h"
#include "mock/fault_schedule.h"
#include "mock/pacing.h"

namespace ibkr::mock {

/// One client's. All three outlive it.
class RequestGate {
 public:
  RequestGate(FaultSchedule& faults, Outbox& out) : faults_(faults), out_(out) {}

  /// False: the request was refused, and the client was told; or it is for market data that cannot come now, and waits.
  bool admits(const protocol::Message& request);
  /// The client has asked too much, and its connection is to be closed.
  bool closes() const { return pacing_.is_too_much(); }
  /// The requests that waited, in their order, when market data can come again.
  std::vector<protocol::Message> take_waiting() { return std::exchange(waiting_, {}); }
  /// What a message becomes on its way out; none: it stays as it is.
  std::optional<protocol::Message> reworded(const protocol::Message& message) const {
    return delayed_.reworded(message);
  }

 private:
  bool keeps_pace(const protocol::Message& request);
  bool has_history(const protocol::Message& request);
  bool has_farm(const protocol::Message& request);
  bool has_data(const protocol::Message& request);
  bool refuse(const protocol::Message& request, Refusal refusal);

  FaultSchedule& faults_;
  Outbox& out_;
  Pacing pacing_;
  DelayedData delayed_;
  std::vector<protocol::Message> waiting_;
};

}  // namespace ibkr::mock
