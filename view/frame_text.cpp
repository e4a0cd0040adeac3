#include "view/frame_text.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <string_view>

#include "protocol/codec.h"
#include "protocol/frame.h"
#include "protocol/json.h"
#include "protocol/unicode.h"
#include "view/clock_text.h"
#include "view/handshake.h"
#include "view/hex.h"
#include "view/payload_json.h"

namespace ibkr::view {
namespace {

using journal::FrameKind;
using protocol::Direction;

constexpr std::size_t kHexHeadBytes = 32;

/// Cuts a line at so many characters (not bytes).
std::string fit(std::string line, const LineStyle& style) {
  if (style.ascii) {
    for (auto at = line.find("…"); at != std::string::npos; at = line.find("…")) line.replace(at, 3, "...");
  }
  line.resize(line.find_last_not_of(' ') + 1);  // a message without fields
  if (style.width == 0) return line;
  const std::string_view mark = style.ascii ? "..." : "…";
  const std::size_t keep = style.width - std::min(style.width, style.ascii ? std::size_t{3} : std::size_t{1});
  std::size_t characters = 0;
  std::size_t cut = line.size();
  for (std::size_t i = 0; i < line.size(); ++i) {
    if ((static_cast<unsigned char>(line[i]) & 0xC0) == 0x80) continue;
    if (characters == keep) cut = i;
    if (++characters > style.width) return line.substr(0, cut).append(mark);
  }
  return line;
}

std::string hex_head(std::string_view payload) {
  std::string hex;
  append_hex(payload.substr(0, kHexHeadBytes), hex);
  return fmt::format("{} bytes: {}{}", payload.size(), hex, payload.size() > kHexHeadBytes ? "…" : "");
}

/// What the hello or its answer said.
HandshakeFields fields_of(const journal::Frame& frame) {
  if (frame.kind == FrameKind::Hello) {
    protocol::HelloReader reader;
    return reader.feed(frame.payload) == protocol::HelloReader::State::Done ? handshake_fields(reader.hello())
                                                                            : HandshakeFields();
  }
  const auto answer = protocol::read_hello_answer(frame.payload);
  return answer ? handshake_fields(*answer) : HandshakeFields();
}

std::string_view arrow(Direction direction, bool ascii) {
  if (direction == Direction::Out) return ascii ? "->" : "→";
  return ascii ? "<-" : "←";
}

}  // namespace

FrameContent read_frame(const journal::Frame& frame, int server_version) {
  FrameContent content{&frame, std::nullopt, std::nullopt};
  if (frame.kind != FrameKind::Message) return content;
  if (server_version == 0) {
    content.error = protocol::DecodeError{"", "", -1, -1, "no server version was agreed before this frame"};
    return content;
  }
  auto message = protocol::decode(frame.direction, server_version, frame.payload);
  if (message) {
    content.message = std::move(*message);
  } else {
    content.error = std::move(message.error());
  }
  return content;
}

std::string frame_line(const FrameContent& content, const LineStyle& style) {
  const journal::Frame& frame = *content.frame;
  std::string what;
  if (content.message) {
    what = telling_fields(*content.message);
  } else if (content.error) {
    what = "! " + protocol::printable(content.error->to_string()) + "; " + hex_head(frame.payload);
  } else {
    what = handshake_text(fields_of(frame));
  }
  return fit(fmt::format("{} {} {:<24} {}", time_of_day(frame.at.wall_ns), arrow(frame.direction, style.ascii),
                         protocol::printable(frame.name), what),
             style);
}

std::string frame_json(const FrameContent& content, journal::SessionId session) {
  const journal::Frame& frame = *content.frame;
  std::string out = fmt::format(R"({{"sequence":{},"time":"{}","session":{},"direction":"{}",)", frame.sequence,
                                utc_time(frame.at.wall_ns), session, frame.direction == Direction::In ? "in" : "out");
  if (content.message) {
    std::string object;
    protocol::append_json(*content.message, frame.wire.value_or(protocol::Wire::Text), object);
    return out + object.substr(1);
  }
  out += "\"name\":" + protocol::json_string(frame.name);
  if (content.error) {
    out += ",\"error\":";
    append_error_json(*content.error, out);
    out += ",\"payload\":\"";
    append_hex(frame.payload, out);
    return out + "\"}";
  }
  return out + ",\"fields\":" + handshake_json(fields_of(frame)) + "}";
}

std::string event_line(const journal::Event& event, const LineStyle& style) {
  std::string text = protocol::printable(event.text);
  if (event.count > 0) text += fmt::format(" ({} frames, {} bytes missing)", event.count, event.bytes);
  return fit(fmt::format("{} {} {:<24} {}", time_of_day(event.at.wall_ns), style.ascii ? "!!" : "!",
                         protocol::printable(event.kind), text),
             style);
}

std::string event_json(const journal::Event& event) {
  std::string out = fmt::format(R"({{"sequence":{},"time":"{}","session":{},"event":{},"text":{})", event.after,
                                utc_time(event.at.wall_ns), event.session, protocol::json_string(event.kind),
                                protocol::json_string(event.text));
  if (event.count > 0) {
    out += fmt::format(R"(,"missing_frames":{},"missing_bytes":{},"first_missing":{},"last_missing":{})", event.count,
                       event.bytes, event.first_missing, event.last_missing);
  }
  return out + "}";
}

}  // namespace ibkr::view
