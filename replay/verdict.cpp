#include "replay/verdict.h"

namespace ibkr::replay {

Verdict::Status Verdict::status(bool strict) const {
  if (!problems.empty()) return Status::Damaged;
  if (!refused.empty() || !turned_away.empty()) return Status::Mismatch;
  if (served == 0) return Status::NothingServed;
  if (!torn.empty() || !undelivered.empty() || !not_rewritten.empty() || !not_served.empty()) {
    return Status::Incomplete;
  }
  if (unused_about_orders > 0 || (strict && !unused.empty())) return Status::Unused;
  return Status::Clean;
}

}  // namespace ibkr::replay
