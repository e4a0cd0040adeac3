// The mock market's clock: New York time, and the forms in which TWS writes and reads moments. No clock is read here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ibkr::mock {

/// Seconds since 1970-01-01 UTC.
using Seconds = std::int64_t;

inline constexpr Seconds kHour = 3600;
inline constexpr Seconds kDay = 24 * kHour;
/// The zone that every time with a zone is written in. Known to all clients.
inline constexpr std::string_view kZone = "US/Eastern";

/// New York's distance from UTC at a moment: -5 h, or -4 h in summer time.
Seconds eastern_offset(Seconds utc);
/// Midnight in New York of the day that the moment falls on.
Seconds eastern_midnight(Seconds utc);
/// 0 Sunday .. 6 Saturday, of the day in New York.
int eastern_weekday(Seconds utc);

/// "20261123"
std::string eastern_date(Seconds utc);
/// "20261123 09:30:00 US/Eastern"
std::string eastern_time(Seconds utc);
/// What servers before 174 write instead: "20261123  09:30:00", two blanks and no zone.
std::string eastern_time_without_zone(Seconds utc);
/// "09:30"
std::string eastern_minutes(Seconds utc);
/// "20261123 09:30:00 EST", for the handshake: five hours behind UTC all the year, whatever the season.
std::string connection_time(Seconds utc);
/// "20261123-09:30:00" in New York (schedules, head timestamps; the zone travels elsewhere or not at all).
std::string eastern_dashed(Seconds utc);

/// Reads "20261123 09:30:00 US/Eastern", "20261123 09:30:00" (New York), "20261123-14:30:00" (UTC), "20261123". None
/// where the text has another form or names a zone other than New York's and UTC.
std::optional<Seconds> parse_time(std::string_view text);

/// The third Friday of the month that lies `months` after the moment's own, as "20261218".
std::string third_friday(Seconds utc, int months);
/// Month 1..12 of the moment in New York.
int eastern_month(Seconds utc);

}  // namespace ibkr::mock
