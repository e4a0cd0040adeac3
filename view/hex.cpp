#include "view/hex.h"

namespace ibkr::view {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_separator(char c) { return std::string_view(" \t\r,:;-").find(c) != std::string_view::npos; }
bool is_prefix(std::string_view text) {
  return text.starts_with("0x") || text.starts_with("0X") || text.starts_with("\\x");
}

}  // namespace

void append_hex(std::string_view bytes, std::string& out) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xF];
  }
}

Expected<std::string, std::string> from_hex(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_separator(text[i])) continue;
    if (is_prefix(text.substr(i))) {
      ++i;
      continue;
    }
    const int high = digit(text[i]);
    const int low = i + 1 < text.size() ? digit(text[i + 1]) : -1;
    if (high < 0) return Unexpected("not a hex digit at column " + std::to_string(i + 1));
    if (low < 0) return Unexpected("half a byte at column " + std::to_string(i + 1) + ": hex digits come in pairs");
    bytes += static_cast<char>(high << 4 | low);
    ++i;
  }
  return bytes;
}

}  // namespace ibkr::view
