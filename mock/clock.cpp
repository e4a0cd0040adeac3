#include "mock/clock.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace ibkr::mock {
namespace {

namespace chrono = std::chrono;

Seconds seconds_of(chrono::sys_days day) { return day.time_since_epoch().count() * kDay; }

chrono::sys_days day_of(Seconds local) { return chrono::sys_days(chrono::floor<chrono::days>(chrono::seconds(local))); }

struct Civil {
  int year, month, day, hour, minute, second;
};

Civil civil(Seconds local) {
  const auto day = day_of(local);
  const chrono::year_month_day date(day);
  const auto rest = static_cast<int>(local - seconds_of(day));
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          rest / 3600,
          rest / 60 % 60,
          rest % 60};
}

std::string formatted(const char* format, Seconds local) {
  const Civil c = civil(local);
  std::array<char, 96> text{};
  const int length =
      std::snprintf(text.data(), text.size(), format, c.year, c.month, c.day, c.hour, c.minute, c.second);
  return {text.data(), static_cast<std::size_t>(length)};
}

Seconds eastern(Seconds utc) { return utc + eastern_offset(utc); }

/// A New York wall clock reading as a moment. In the hour that happens twice the first one is meant.
Seconds from_eastern(Seconds local) { return local - eastern_offset(local + 4 * kHour); }

/// Digits of fixed width at the front of `text`, which loses them.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
  int value = 0;
  if (text.size() < width) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + width, value);
  if (error != std::errc() || end != text.data() + width || value < 0) return std::nullopt;
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Seconds> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  const auto month = year ? take_digits(text, 2) : year;
  const auto day = month ? take_digits(text, 2) : month;
  if (!day) return std::nullopt;
  const chrono::year_month_day date(chrono::year(*year), chrono::month(static_cast<unsigned>(*month)),
                                    chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return seconds_of(chrono::sys_days(date));
}

std::optional<Seconds> take_time_of_day(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute) return std::nullopt;
  const auto second = take(text, ':') ? take_digits(text, 2) : std::optional(0);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return *hour * kHour + *minute * 60 + *second;
}

bool is_new_york(std::string_view zone) {
  return zone.empty() || zone == kZone || zone == "America/New_York" || zone == "EST" || zone == "EDT" ||
         zone == "EST5EDT";
}

}  // namespace

Seconds eastern_offset(Seconds utc) {
  using namespace std::chrono;
  const year y = year_month_day(day_of(utc)).year();
  const Seconds begins = seconds_of(sys_days(y / March / Sunday[2])) + 7 * kHour;
  const Seconds ends = seconds_of(sys_days(y / November / Sunday[1])) + 6 * kHour;
  return (utc >= begins && utc < ends ? -4 : -5) * kHour;
}

Seconds eastern_midnight(Seconds utc) { return from_eastern(seconds_of(day_of(eastern(utc)))); }

int eastern_weekday(Seconds utc) { return static_cast<int>(chrono::weekday(day_of(eastern(utc))).c_encoding()); }

std::string eastern_date(Seconds utc) { return formatted("%04d%02d%02d", eastern(utc)); }

std::string eastern_time(Seconds utc) { return formatted("%04d%02d%02d %02d:%02d:%02d ", eastern(utc)).append(kZone); }

std::string eastern_time_without_zone(Seconds utc) { return formatted("%04d%02d%02d  %02d:%02d:%02d", eastern(utc)); }

std::string eastern_minutes(Seconds utc) { return formatted("%04d%02d%02d%02d:%02d", eastern(utc)).substr(8); }

std::string connection_time(Seconds utc) { return formatted("%04d%02d%02d %02d:%02d:%02d EST", utc - 5 * kHour); }

std::string eastern_dashed(Seconds utc) { return formatted("%04d%02d%02d-%02d:%02d:%02d", eastern(utc)); }

std::optional<Seconds> parse_time(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  if (text.empty()) return from_eastern(*date);
  const bool utc = take(text, '-');
  if (!utc && !take(text, ' ')) return std::nullopt;
  while (take(text, ' ')) {
  }
  const auto time = take_time_of_day(text);
  if (!time) return std::nullopt;
  while (take(text, ' ')) {
  }
  if (utc || text == "UTC" || text == "GMT") return *date + *time;
  return is_new_york(text) ? std::optional(from_eastern(*date + *time)) : std::nullopt;
}

std::string third_friday(Seconds utc, int months) {
  using namespace std::chrono;
  const year_month_day today(day_of(eastern(utc)));
  const year_month wanted = year_month(today.year(), today.month()) + std::chrono::months(months);
  return formatted("%04d%02d%02d", seconds_of(sys_days(wanted / Friday[3])));
}

int eastern_month(Seconds utc) { return civil(eastern(utc)).month; }

}  // namespace ibkr::mock
