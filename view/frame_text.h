// A journal's frame as one line for people, or as one JSON object.
//
//   09:30:00.123 → MarketDataRequest        req_id=9001 symbol=AAPL sec_type=STK
//   09:30:00.164 ← TickPrice                req_id=9001 tick_type=BID price=150.25 size=100
//
// → goes to TWS, ← comes from it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "journal/reader.h"
#include "protocol/message.h"

namespace ibkr::view {

struct LineStyle {
  std::size_t width = 0;  ///< columns at most, longer lines end in …; 0: no limit
  bool ascii = false;     ///< -> <- and ... for → ← and …
};

/// What a frame turned out to be.
struct FrameContent {
  const journal::Frame* frame;
  std::optional<protocol::Message> message;    ///< decoded
  std::optional<protocol::DecodeError> error;  ///< why not; neither for the hello and its answer
};

/// Decodes a frame at its session's server version (0: not agreed yet).
FrameContent read_frame(const journal::Frame& frame, int server_version);

/// The fields that tell what a message is about: its own that are not zero or empty, of the structs inside only those
/// that identify (symbol, action, order_type, …), of lists the number of elements.
std::string telling_fields(const protocol::Message& message);

/// The name that the description has for a number ("last" for tick type 4), "" where it has none or the field is unset.
std::string_view scalar_name(const protocol::FieldInfo& field, const void* object);

std::string frame_line(const FrameContent& content, const LineStyle& style);
std::string frame_json(const FrameContent& content, journal::SessionId session);
std::string event_line(const journal::Event& event, const LineStyle& style);
std::string event_json(const journal::Event& event);

}  // namespace ibkr::view
