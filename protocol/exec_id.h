// Execution ids: which fill an execution tells of, and which of two tellings of one fill stands.
//
// TWS corrects a fill by telling it again under an id that counts up behind its last full stop:
//
//   0000e0d5.67fe667b.01 . 01      the fill as it was first told
//   0000e0d5.67fe667b.01 . 02      its correction, which takes its place
//   ──────── fill ──────   revision
//
// The journal's view v_fills goes by the same rule in SQL.
#pragma once

#include <cstdint>
#include <string_view>

namespace ibkr::protocol {

/// An execution's id, taken apart.
struct ExecutionRevision {
  std::string_view fill;      ///< the same for all tellings of one fill; lives as long as the id does
  std::int64_t revision = 0;  ///< the greatest one stands. Past the largest number it is the largest
};

/// An id that does not end in digits behind a full stop is a fill of its own, revision 0.
ExecutionRevision revision_of(std::string_view exec_id);

}  // namespace ibkr::protocol
