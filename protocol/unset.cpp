#include "protocol/unset.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace ibkr::protocol {

bool means_unset(const Decimal& value) {
  static constexpr std::array<std::string_view, 4> kMarks = {"9223372036854775807", "-9223372036854775808",
                                                             "170141183460469231731687303715884105727", "2147483647"};
  const std::string_view text = value.kept_text();
  if (text.empty()) return value == Decimal(kUnsetInt32);  // the only one of so few digits
  if (std::ranges::find(kMarks, text) != kMarks.end()) return true;
  const double nearest = value.to_double();
  if (means_unset(nearest)) return true;
  return std::ranges::any_of(kMarks, [&](std::string_view digits) {
    const auto mark = Decimal::parse(digits);
    return nearest == mark->to_double() && value == *mark;
  });
}

}  // namespace ibkr::protocol
