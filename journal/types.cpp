// The clocks of stamps (types.h).
#include "journal/types.h"

#include <time.h>

namespace ibkr::journal {

namespace {

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

}  // namespace

Stamp Stamp::now() { return {clock_ns(CLOCK_REALTIME), clock_ns(CLOCK_MONOTONIC)}; }

}  // namespace ibkr::journal
