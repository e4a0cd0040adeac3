#include "replay/names.h"

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/identity.h"

namespace ibkr::replay {

void learn_names(const Recording& recording, protocol::Pseudonyms& pseudonyms) {
  std::size_t learned = 0;
  for (FrameIndex index = 0; index < recording.frames().size() && learned < kLearnedFrames; ++index) {
    const RecordedFrame& frame = recording.frames()[index];
    if (!frame.decodable) continue;
    const auto front = protocol::read_head(recording.bytes(frame.payload), recording.server_version());
    const auto* type = front ? protocol::find_message(protocol::Direction::In, front->id) : nullptr;
    if (type == nullptr || !protocol::has_role(*type, protocol::Role::Account)) continue;
    pseudonyms.learn(recording.frame(index));
    ++learned;
  }
  for (RequestIndex index = 0; index < recording.requests().size(); ++index) {
    if (recording.requests()[index].type != nullptr) pseudonyms.learn(recording.request(index));
  }
}

}  // namespace ibkr::replay
