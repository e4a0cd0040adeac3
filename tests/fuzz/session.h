// A recorded session with something of everything that a journal keeps, for the targets and for their seeds.
#pragma once

#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "journal/writer.h"
#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/random.h"

namespace ibkr::fuzz {

inline constexpr int kServerVersion = 178;

inline void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

/// The payloads of the session's frames, in order, with the direction of each.
inline std::vector<std::pair<protocol::Direction, std::string>> session_frames() {
  std::vector<std::pair<protocol::Direction, std::string>> frames;
  std::mt19937_64 generator(1);
  for (const char* name : {"StartApiRequest", "ManagedAccounts", "PlaceOrderRequest", "OpenOrder", "OrderStatus",
                           "ExecutionDetails", "MarketDataRequest", "TickPrice", "PositionsRequest", "Position",
                           "PositionEnd", "CancelMarketData", "CurrentTimeRequest"}) {
    const protocol::MessageInfo* type = protocol::find_message(name);
    require(type != nullptr, std::string("no message is called ") + name);
    std::string payload;
    const auto message = protocol::random_message(*type, protocol::Wire::Text, kServerVersion, generator);
    require(protocol::encode(message, kServerVersion, payload).has_value(), name);
    frames.emplace_back(type->direction, std::move(payload));
  }
  return frames;
}

/// Opens a journal and begins the session in it, up to its last frame.
inline std::pair<std::unique_ptr<journal::Writer>, journal::SessionId> begin_session(const std::string& file) {
  auto opened = journal::Writer::open(file);
  require(opened.has_value(), opened ? "" : opened.error());
  journal::Writer& writer = **opened;
  const journal::Stamp at{1'764'000'000'000'000'000, 1'000'000'000};
  const auto session = writer.begin_session({"127.0.0.1:50312", "127.0.0.1", 7496, at});
  const protocol::Hello hello{100, kServerVersion, ""};
  writer.hello(session, hello, protocol::hello_bytes(hello), at);
  const protocol::HelloAnswer answer{kServerVersion, "20261123 09:30:00 EST"};
  writer.hello_answer(session, answer, protocol::hello_answer_payload(answer), at);
  for (const auto& [direction, payload] : session_frames()) writer.frame(session, direction, payload, at);
  return {std::move(*opened), session};
}

/// Ends the session and closes the file.
inline void end_session(journal::Writer& writer, journal::SessionId session) {
  writer.end_session(session, journal::EndStatus::Closed, "the app closed the connection",
                     {1'764'000'000'000'000'000, 1'000'000'000});
  const auto closed = writer.close();
  require(closed.has_value(), closed ? "" : closed.error());
}

inline void write_session(const std::string& file) {
  const auto [writer, session] = begin_session(file);
  end_session(*writer, session);
}

}  // namespace ibkr::fuzz
