#include "protocol/exec_id.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace ibkr::protocol {

ExecutionRevision revision_of(std::string_view exec_id) {
  const std::size_t stop = exec_id.rfind('.');
  if (stop == exec_id.npos) return {exec_id, 0};
  const std::string_view digits = exec_id.substr(stop + 1);
  const bool counts =
      !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!counts) return {exec_id, 0};
  std::int64_t revision = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), revision);
  if (error == std::errc::result_out_of_range) revision = std::numeric_limits<std::int64_t>::max();
  return {exec_id.substr(0, stop + 1), revision};
}

}  // namespace ibkr::protocol
