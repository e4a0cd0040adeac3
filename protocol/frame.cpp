#include "protocol/frame.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace ibkr::protocol {
namespace {

constexpr std::size_t kPrefix = 4;
constexpr std::string_view kMagic{"API\0", 4};
constexpr std::size_t kMaxHello = 1024;  // a version range and the connect options
constexpr std::string_view kRedirected = "-1";
constexpr int kLastPort = 65535;

std::uint32_t read_length(const char* at) {
  const auto byte = [&](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])); };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

/// The first bytes as people can read them.
std::string quoted(std::string_view bytes) {
  constexpr std::size_t kShown = 16;
  std::string out = "\"";
  for (const char c : bytes.substr(0, kShown)) {
    constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      out += c;
    } else {
      (out += "\\x") += {kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return out + (bytes.size() > kShown ? "...\"" : "\"");
}

bool read_number(std::string_view& text, int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

/// "v100..226 +PACEAPI", "v226"
bool read_range(std::string_view text, Hello& hello) {
  const auto blank = text.find(' ');
  if (blank != std::string_view::npos) hello.options = text.substr(blank + 1);
  text = text.substr(0, blank);
  if (!text.starts_with('v')) return false;
  text.remove_prefix(1);
  if (!read_number(text, hello.min_version)) return false;
  hello.max_version = hello.min_version;
  if (text.starts_with("..")) {
    text.remove_prefix(2);
    if (!read_number(text, hello.max_version)) return false;
  }
  return text.empty() && hello.min_version <= hello.max_version;
}

/// The bytes up to the next NUL, or all of them; takes them and the NUL away.
std::string_view take_field(std::string_view& rest) {
  const std::string_view field = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(std::min(field.size() + 1, rest.size()));
  return field;
}

/// "gateway.example:4001", "10.0.0.1", "[::1]:4001": printable, and the port, where there is one, a port's number.
bool is_address(std::string_view text) {
  const auto printable = [](char c) { return c > ' ' && c < 0x7F; };
  const auto colon = text.rfind(':');
  std::string_view port = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  int number = 0;
  const bool good_port = port.empty() ? colon == std::string_view::npos
                                      : read_number(port, number) && port.empty() && number > 0 && number <= kLastPort;
  return good_port && !text.substr(0, colon).empty() && std::ranges::all_of(text, printable);
}

}  // namespace

void append_frame(std::string& out, std::string_view payload) {
  assert(payload.size() <= kMaxPayload);
  const auto length = static_cast<std::uint32_t>(payload.size());
  const char prefix[kPrefix] = {static_cast<char>(length >> 24), static_cast<char>(length >> 16),
                                static_cast<char>(length >> 8), static_cast<char>(length)};
  out.append(prefix, kPrefix).append(payload);
}

std::optional<std::size_t> Framer::length_at(const char* prefix) {
  const std::uint32_t length = read_length(prefix);
  if (length <= max_payload_) return length;
  error_ = "frame of " + std::to_string(length) + " bytes is over the limit of " + std::to_string(max_payload_) +
           "; it begins with " + quoted({prefix, kPrefix});
  return std::nullopt;
}

HelloReader::State HelloReader::fail(std::string reason) {
  error_ = std::move(reason);
  return State::Failed;
}

HelloReader::State HelloReader::feed(std::string_view bytes) {
  if (!error_.empty()) return State::Failed;
  buffer_.append(bytes);
  if (end_ != 0) return State::Done;
  const auto seen = std::min(buffer_.size(), kMagic.size());
  if (std::string_view(buffer_).substr(0, seen) != kMagic.substr(0, seen)) {
    return fail("not a TWS API client: the hello begins with " + quoted(buffer_) +
                " instead of \"API\\x00\"; is something else connecting to this port?");
  }
  if (buffer_.size() < kMagic.size() + kPrefix) return State::NeedMore;
  const std::size_t length = read_length(buffer_.data() + kMagic.size());
  if (length > kMaxHello) return fail("a hello of " + std::to_string(length) + " bytes; at most 1024 are sensible");
  const std::size_t end = kMagic.size() + kPrefix + length;
  if (buffer_.size() < end) return State::NeedMore;
  const auto range = std::string_view(buffer_).substr(kMagic.size() + kPrefix, length);
  if (!read_range(range, hello_)) return fail("the hello's version range " + quoted(range) + " is not like v100..226");
  end_ = end;
  return State::Done;
}

std::string hello_bytes(const Hello& hello) {
  std::string range = "v" + std::to_string(hello.min_version);
  if (hello.max_version != hello.min_version) range += ".." + std::to_string(hello.max_version);
  if (!hello.options.empty()) range += " " + hello.options;
  std::string out(kMagic);
  append_frame(out, range);
  return out;
}

Expected<HelloAnswer, std::string> read_hello_answer(std::string_view payload) {
  HelloAnswer answer;
  std::string_view rest = payload;
  const std::string_view first = take_field(rest);
  const std::string_view second = take_field(rest);
  if (first == kRedirected && is_address(second)) {
    answer.redirect = second;
  } else if (first.find(':') != std::string_view::npos && is_address(first)) {
    answer.redirect = first;
  } else if (std::string_view digits = first;
             read_number(digits, answer.server_version) && digits.empty() && answer.server_version > 0) {
    answer.connection_time = second;
  } else {
    return Unexpected("the answer to the hello does not begin with a server version: " + quoted(payload));
  }
  return answer;
}

std::string hello_answer_payload(const HelloAnswer& answer) {
  std::string payload = answer.redirect ? std::string(kRedirected) : std::to_string(answer.server_version);
  payload.append(1, '\0').append(answer.redirect.value_or(answer.connection_time)).append(1, '\0');
  return payload;
}

}  // namespace ibkr::protocol
