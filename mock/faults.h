// Faults: what can go wrong with a TWS, as data: what, from when on, for how long. One line of text says one, the same
// on the command line, in a script and in a test. What carries them out is elsewhere: fault_schedule.h says which are
// under way, and the rest of mock/ asks it and does as it says.
//
//   cut rst after 40 frames
//   1100 at 5s for 4s
//   reject next order on PlaceOrderRequest 3: Insufficient margin
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "protocol/schema.h"

namespace ibkr::mock {

enum class FaultKind {
  CutFin,
  CutReset,
  CutTorn,
  Stall,
  SlowHandshake,
  ClientIdInUse,
  NightlyReset,
  LinkLost,
  LinkRestoredDataLost,
  LinkRestored,
  DataFarmBroken,
  HistoryFarmBroken,
  Pacing,
  DelayedData,
  Reject,
  PartialFills,
  StatusesTwice,
  StatusesRegress,
  StatusesMissing,
  ExecutionsFirst,
  CommissionsLate,
  CommissionsNever,
};

/// From when on a fault is there. All is counted from when the mock was told of it.
struct When {
  enum class By {
    Now,
    Time,     ///< `time_ns` of the mock's clock later
    Frames,   ///< once `count` frames have gone to one connection, the hello's answer among them
    Request,  ///< at the `count`th request of a type that one connection makes, before it is looked at
  };
  By by = By::Now;
  std::int64_t time_ns = 0;
  std::uint64_t count = 0;
  const protocol::MessageInfo* request = nullptr;
};

struct Fault {
  FaultKind kind = FaultKind::CutFin;
  When when;
  std::optional<std::int64_t> lasts_ns;  ///< none: to the end, or as long as its kind lasts
  std::optional<std::uint64_t> orders;   ///< it is over after so many orders; none: no limit
  std::int64_t by_ns = 0;                ///< how late something comes
  std::string text;                      ///< a reject's reason
  std::string said;                      ///< the line that it was read from, for people
};

/// One kind of fault, and which clauses it may have.
struct FaultInfo {
  FaultKind kind;
  std::string_view name;  ///< as it begins a line: "cut rst"
  bool may_last;          ///< `for TIME`
  bool hits_orders;       ///< `next N orders`
  std::int64_t by_ns;     ///< `by TIME`, and what it is without; 0: it has no such clause
  bool has_text;          ///< `: TEXT`, which must be there
  std::string_view what;  ///< for people
};
std::span<const FaultInfo> all_faults();
const FaultInfo& info_of(FaultKind kind);

/// Reads one line: a name, then clauses in any order, then `: TEXT`.
///
///   from when on   at TIME | after N frames | on REQUEST [N]
///   how long       for TIME | next order | next N orders
///   how late       by TIME
///
/// TIME is a whole number with ms, s, m or h; REQUEST a request's name as `ibkr describe` has it. The error names the
/// word that is wrong and the nearest one that would be right.
Expected<Fault, std::string> parse_fault(std::string_view line);

/// Reads a script: a fault a line; empty lines, and those that begin with #, are passed over. The error has the number
/// of the line in front: "3: …".
Expected<std::vector<Fault>, std::string> parse_fault_script(std::string_view script);

}  // namespace ibkr::mock
