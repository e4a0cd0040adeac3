#include "view/clock_text.h"

#include <spdlog/fmt/fmt.h>

#include <ctime>

namespace ibkr::view {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

struct Split {
  std::time_t seconds;
  std::int64_t ns;  // 0..999'999'999, also before 1970
};

Split split(std::int64_t wall_ns) {
  std::int64_t seconds = wall_ns / kNsPerSecond;
  std::int64_t ns = wall_ns % kNsPerSecond;
  if (ns < 0) {
    ns += kNsPerSecond;
    --seconds;
  }
  return {static_cast<std::time_t>(seconds), ns};
}

std::string format(const std::tm& parts, const char* pattern) {
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, pattern, &parts));
}

std::tm local(std::time_t seconds) {
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

std::string time_of_day(std::int64_t wall_ns) {
  const Split at = split(wall_ns);
  return fmt::format("{}.{:03}", format(local(at.seconds), "%H:%M:%S"), at.ns / kNsPerMs);
}

std::string local_date(std::int64_t wall_ns) { return format(local(split(wall_ns).seconds), "%Y-%m-%d"); }

std::string local_time(std::int64_t wall_ns) {
  std::string text = format(local(split(wall_ns).seconds), "%Y-%m-%dT%H:%M:%S%z");
  return text.insert(text.size() - 2, ":");  // +0100 → +01:00
}

std::string utc_time(std::int64_t wall_ns) {
  const Split at = split(wall_ns);
  std::tm parts{};
  gmtime_r(&at.seconds, &parts);
  return fmt::format("{}.{:09}Z", format(parts, "%Y-%m-%dT%H:%M:%S"), at.ns);
}

std::string duration(std::int64_t ns) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 3600;
  const std::int64_t seconds = ns / kNsPerSecond;
  if (seconds < 1) return fmt::format("{} ms", ns / kNsPerMs);
  if (seconds < kMinute) return fmt::format("{:.1f} s", static_cast<double>(ns) / static_cast<double>(kNsPerSecond));
  if (seconds < kHour) return fmt::format("{} min {} s", seconds / kMinute, seconds % kMinute);
  return fmt::format("{} h {} min", seconds / kHour, seconds % kHour / kMinute);
}

}  // namespace ibkr::view
