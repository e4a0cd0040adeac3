// Bytes as hex digits, two a byte.
#pragma once

#include <string>
#include <string_view>

#include "base/expected.h"

namespace ibkr::view {

/// Appends lower-case digits.
void append_hex(std::string_view bytes, std::string& out);
/// Reads digits of either case, as tools print them: with blanks, commas, colons, semicolons or dashes between bytes,
/// 0x or \x in front of a byte or of them all. The error says what is wrong at which column (from 1).
Expected<std::string, std::string> from_hex(std::string_view text);

}  // namespace ibkr::view
