#include "view/pasted.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "view/hex.h"

namespace ibkr::view {
namespace {

constexpr std::size_t kPrefix = 4;

std::string_view without_blanks_around(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Takes the braces of an array away: {0x39, 0x00}, [0x39, 0x00].
std::string_view without_braces(std::string_view text) {
  const bool braces = text.starts_with('{') && text.ends_with('}');
  const bool brackets = text.starts_with('[') && text.ends_with(']');
  return braces || brackets ? text.substr(1, text.size() - 2) : text;
}

/// Takes the quotes of a literal away: "…", '…', Python's b'…' and bytearray(b'…'), SQLite's X'…'.
bool unquote(std::string_view& text) {
  std::string_view inner = text;
  constexpr std::string_view kCall = "bytearray(";
  if (inner.starts_with(kCall) && inner.ends_with(')')) {
    inner = inner.substr(kCall.size(), inner.size() - kCall.size() - 1);
  }
  if (!inner.empty() && std::string_view("bxX").find(inner.front()) != std::string_view::npos) inner.remove_prefix(1);
  const bool quoted =
      inner.size() >= 2 && inner.front() == inner.back() && (inner.front() == '\'' || inner.front() == '"');
  if (quoted) text = inner.substr(1, inner.size() - 2);
  return quoted;
}

/// True where every \0 is the beginning of C's \000.
bool is_octal(std::string_view text) {
  bool any = false;
  for (auto at = text.find("\\0"); at != text.npos; at = text.find("\\0", at + 2)) {
    if (text.substr(at + 2, 2) != "00") return false;
    any = true;
  }
  return any;
}

/// What stands for NUL in the text: the first of these signs that it has, so that a | beside another one is itself; ""
/// where it has none.
std::string_view sign_of_nul(std::string_view text) {
  if (is_octal(text)) return "\\000";
  for (const std::string_view sign :
       {std::string_view("\0", 1), std::string_view("\\x00"), std::string_view("\\u0000"), std::string_view("\\0"),
        std::string_view("^@"), std::string_view("␀"), std::string_view("|")}) {
    if (text.find(sign) != text.npos) return sign;
  }
  return "";
}

std::optional<char> byte_of_escape(std::string_view text) {  // \xHH
  int byte = 0;
  if (text.size() < 4) return std::nullopt;
  const char* const end = text.data() + 4;
  const auto [stop, error] = std::from_chars(text.data() + 2, end, byte, 16);
  return error == std::errc() && stop == end ? std::optional(static_cast<char>(byte)) : std::nullopt;
}

std::string unescaped(std::string_view text, std::string_view nul) {
  std::string out;
  while (!text.empty()) {
    std::size_t taken = nul.size();
    if (text.starts_with(nul)) {
      out += '\0';
    } else if (const auto byte = text.starts_with("\\x") ? byte_of_escape(text) : std::nullopt) {
      out += *byte;
      taken = 4;
    } else if (constexpr std::string_view kLetters = "|\\ntr'\"", kMeant = "|\\\n\t\r'\"";
               text.size() > 1 && text.front() == '\\' && kLetters.find(text[1]) != kLetters.npos) {
      out += kMeant[kLetters.find(text[1])];
      taken = 2;
    } else {  // \uXXXX, too: TWS writes texts so
      out += text.front();
      taken = 1;
    }
    text.remove_prefix(taken);
  }
  return out;
}

/// From 201 on, a text's id is not text.
void write_raw_id(std::string& payload, int server_version) {
  if (server_version < protocol::kRawIdServerVersion) return;
  const auto head = protocol::read_head(payload, protocol::kMinServerVersion);
  if (!head) return;  // raw bytes already
  std::string raw;
  protocol::Output out(raw);
  protocol::write_head(out, head->id, protocol::Wire::Text, server_version);
  out.finish();
  payload.replace(0, head->body_at, raw);
}

bool decodes(protocol::Direction direction, int server_version, std::string_view payload) {
  return protocol::decode(direction, server_version, payload).has_value();
}

std::size_t length_in(std::string_view payload) {
  std::size_t length = 0;
  for (const char c : payload.substr(0, kPrefix)) length = length << 8 | static_cast<unsigned char>(c);
  return length;
}

/// Below 201 a payload begins with a digit, so zeros in front are a length. From there on an id looks like one.
Expected<Pasted, std::string> without_prefix(std::string payload, protocol::Direction direction, int server_version) {
  if (payload.size() <= kPrefix || payload.front() != '\0') return Pasted{std::move(payload), false};
  const std::size_t length = length_in(payload);
  const std::size_t behind = payload.size() - kPrefix;
  const bool is_raw_id = server_version >= protocol::kRawIdServerVersion;
  if (length == behind &&
      (!is_raw_id || (!decodes(direction, server_version, payload) &&
                      decodes(direction, server_version, std::string_view(payload).substr(kPrefix))))) {
    return Pasted{payload.substr(kPrefix), true};
  }
  if (is_raw_id || payload[kPrefix] < '0' || payload[kPrefix] > '9') return Pasted{std::move(payload), false};
  return Unexpected("it begins with a frame's length of " + std::to_string(length) + ", but " + std::to_string(behind) +
                    " bytes follow: " +
                    (length > behind ? "the end is missing" : "more than one frame is what --raw reads, as bytes"));
}

}  // namespace

Expected<Pasted, std::string> read_pasted(std::string_view line, PastedAs as, protocol::Direction direction,
                                          int server_version) {
  std::string_view text = without_blanks_around(line);
  const bool quoted = unquote(text);
  const std::string_view nul = sign_of_nul(text);
  if (as == PastedAs::Guessed) {
    auto bytes = from_hex(without_braces(text));
    if (bytes) return without_prefix(*std::move(bytes), direction, server_version);
    if (!quoted && nul.empty()) {
      return Unexpected(bytes.error() + ", and no text with | or \\0 for NUL either");
    }
  }
  std::string payload;
  if (as == PastedAs::Text && nul.empty()) {
    payload = text;
    std::ranges::replace(payload, ',', '\0');
    payload += '\0';
  } else {
    payload = unescaped(text, nul.empty() ? "|" : nul);
    if (payload.empty() || payload.back() != '\0') payload += '\0';
  }
  write_raw_id(payload, server_version);
  return without_prefix(std::move(payload), direction, server_version);
}

}  // namespace ibkr::view
