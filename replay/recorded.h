// What a recording is made of: the frames of one session, each with what was found out about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "journal/types.h"
#include "protocol/exchanges.h"
#include "protocol/schema.h"

namespace ibkr::replay {

using protocol::Cause;
using protocol::kNoRequest;
using protocol::RequestIndex;

/// Number of an incoming frame in its session, from 0 on.
using FrameIndex = std::uint32_t;
inline constexpr FrameIndex kNoFrame = std::numeric_limits<FrameIndex>::max();

/// A payload inside the recording.
struct Payload {
  std::size_t at = 0;
  std::size_t size = 0;
};

/// A frame that TWS sent.
struct RecordedFrame {
  journal::Sequence sequence = 0;  ///< messages.message_id in the journal
  std::int64_t at_ns = 0;          ///< monotonic, since the hello's answer
  Payload payload;
  bool decodable = false;
  Cause cause;
  RequestIndex requests_before = 0;  ///< how many requests were recorded before it
  /// A later request than its cause that must have been made, too, for it to make sense (dependencies.h).
  RequestIndex after = kNoRequest;
};

/// A request that another one silences.
struct Silenced {
  RequestIndex request = kNoRequest;
  bool updates_only = false;  ///< its first complete answer still comes
};

/// A frame that the app sent.
struct RecordedRequest {
  journal::Sequence sequence = 0;
  std::int64_t at_ns = 0;
  Payload payload;
  const protocol::MessageInfo* type = nullptr;  ///< null: it could not be decoded
  FrameIndex frames_before = 0;                 ///< how many frames were recorded before it
  std::vector<FrameIndex> answers;              ///< what it caused, without updates, ascending
  std::vector<FrameIndex> updates;              ///< its updates, ascending
  std::size_t owed = 0;                         ///< so many of the first answers must reach an app that asked
  bool about_orders = false;                    ///< it places, changes or cancels orders
  bool early = false;                           ///< it came before START_API, so that TWS passed it over
  bool always_answered = false;                 ///< it asks for the clock or the next order id, recorded or not
  std::vector<Silenced> silences;               ///< what it cancels or takes the place of
};

}  // namespace ibkr::replay
