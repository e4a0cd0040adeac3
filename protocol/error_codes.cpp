#include "protocol/error_codes.h"

#include <algorithm>

namespace ibkr::protocol {

const ErrorCodeInfo* find_error_code(std::int32_t code) {
  const auto codes = all_error_codes();
  const auto found = std::ranges::lower_bound(codes, code, {}, &ErrorCodeInfo::code);
  return found != codes.end() && found->code == code ? &*found : nullptr;
}

}  // namespace ibkr::protocol
