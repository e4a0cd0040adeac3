// Times as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace ibkr::view {

/// Local time of the day of nanoseconds since 1970 UTC: "09:30:00.123".
std::string time_of_day(std::int64_t wall_ns);
/// Local date of the same: "2026-11-23".
std::string local_date(std::int64_t wall_ns);
/// Local date and time with its offset: "2026-11-23T09:30:00+01:00".
std::string local_time(std::int64_t wall_ns);
/// UTC, every digit: "2026-11-23T08:30:00.123456789Z".
std::string utc_time(std::int64_t wall_ns);
/// "850 ms", "12.3 s", "4 min 5 s", "6 h 30 min".
std::string duration(std::int64_t ns);

}  // namespace ibkr::view
