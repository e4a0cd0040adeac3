#include "replay/answers.h"

#include <optional>

#include "protocol/codec.h"
#include "protocol/frame.h"
#include "protocol/identity.h"

namespace ibkr::replay {

bool Answers::append(FrameIndex frame, std::string& out) const {
  const RecordedFrame& recorded = recording_.frames()[frame];
  const std::string_view payload = recording_.bytes(recorded.payload);
  const auto as_recorded = [&] { protocol::append_frame(out, payload); };
  if (!recorded.decodable || ids_.identical()) return as_recorded(), true;
  protocol::Message message = recording_.frame(frame);
  std::optional<protocol::Message> cause;
  if (recorded.cause.request != kNoRequest && protocol::has_role(message.type(), protocol::Role::RequestOrOrderId)) {
    cause = recording_.request(recorded.cause.request);
  }
  if (!ids_.rewrite(message, cause ? &*cause : nullptr)) return as_recorded(), true;
  const auto head = protocol::read_head(payload, recording_.server_version());
  std::string rewritten;
  if (!head || !protocol::encode(message, recording_.server_version(), head->wire, rewritten) ||
      rewritten.size() > protocol::kMaxPayload) {
    return as_recorded(), false;
  }
  protocol::append_frame(out, rewritten);
  return true;
}

}  // namespace ibkr::replay
