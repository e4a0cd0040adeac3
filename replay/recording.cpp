#include "replay/recording.h"

#include <cassert>
#include <map>
#include <optional>

#include "protocol/catalogue.h"
#include "protocol/fields.h"

namespace ibkr::replay {

using protocol::Direction;
using protocol::Message;
using protocol::MessageInfo;
using protocol::Role;

namespace {

std::string session_name(const journal::SessionInfo& session) { return "session " + std::to_string(session.id); }

/// Why a session cannot be replayed at all, or "".
std::string unusable(const journal::SessionInfo& session) {
  const int version = session.server_version;
  if (version == 0) {
    return session_name(session) + " never got past the handshake (" + session.end_reason +
           "); record it again, or choose another with --session";
  }
  if (version < protocol::kMinServerVersion || version > protocol::kMaxServerVersion) {
    return session_name(session) + " was recorded at server version " + std::to_string(version) +
           ", which this program does not know (" + std::to_string(protocol::kMinServerVersion) + ".." +
           std::to_string(protocol::kMaxServerVersion) + "); use a newer ibkr, or choose another with --session";
  }
  return "";
}

}  // namespace

Expected<Recording, std::string> Recording::load(journal::Reader& reader, const journal::SessionInfo& session,
                                                 std::size_t max_bytes) {
  if (std::string why = unusable(session); !why.empty()) return Unexpected(std::move(why));
  auto cursor = reader.frames(session.id);
  if (!cursor) return Unexpected(cursor.error());
  Recording recording;
  recording.session_ = session;
  Causes causes(session.server_version);
  for (;;) {
    const auto frame = cursor->next();
    if (!frame) {
      return Unexpected(session_name(session) + " is damaged: " + frame.error() +
                        "; a replay would differ from what was recorded. Choose another with --session");
    }
    if (!*frame) break;
    if (recording.bytes_.size() + (*frame)->payload.size() > max_bytes) {
      return Unexpected(session_name(session) + " holds more than " + std::to_string(max_bytes >> 20) +
                        " MiB, too much to replay from memory; record shorter sessions");
    }
    switch ((*frame)->kind) {
      case journal::FrameKind::Hello:
        break;
      case journal::FrameKind::HelloAnswer:
        recording.add_hello_answer(**frame);
        break;
      case journal::FrameKind::Message:
        if ((*frame)->direction == Direction::Out) {
          recording.add_request(**frame, causes);
        } else {
          recording.add_frame(**frame, causes);
        }
    }
  }
  recording.find_silenced();
  return recording;
}

Message Recording::request(RequestIndex index) const {
  auto message = protocol::decode(Direction::Out, server_version(), bytes(requests_[index].payload));
  assert(message);
  return std::move(*message);
}

Message Recording::frame(FrameIndex index) const {
  auto message = protocol::decode(Direction::In, server_version(), bytes(frames_[index].payload));
  assert(message);
  return std::move(*message);
}

Payload Recording::keep(std::string_view payload) {
  const Payload kept{bytes_.size(), payload.size()};
  bytes_ += payload;
  return kept;
}

void Recording::add_hello_answer(const journal::Frame& frame) {
  start_ns_ = frame.at.mono_ns;
  hello_answer_ = keep(frame.payload);
}

void Recording::add_request(const journal::Frame& frame, Causes& causes) {
  RecordedRequest request;
  request.sequence = frame.sequence;
  request.at_ns = since_start(frame);
  request.payload = keep(frame.payload);
  request.frames_before = static_cast<FrameIndex>(frames_.size());
  if (const auto message = protocol::decode(Direction::Out, server_version(), frame.payload)) {
    request.type = &message->type();
    causes.sent(static_cast<RequestIndex>(requests_.size()), *message);
  }
  requests_.push_back(std::move(request));
}

void Recording::add_frame(const journal::Frame& frame, Causes& causes) {
  const auto index = static_cast<FrameIndex>(frames_.size());
  RecordedFrame recorded;
  recorded.sequence = frame.sequence;
  recorded.at_ns = since_start(frame);
  recorded.payload = keep(frame.payload);
  recorded.requests_before = static_cast<RequestIndex>(requests_.size());
  if (const auto message = protocol::decode(Direction::In, server_version(), frame.payload)) {
    recorded.decodable = true;
    recorded.cause = causes.came(*message);
  }
  if (recorded.cause.request == kNoRequest || recorded.cause.update) {
    pushes_.push_back(index);
  } else {
    requests_[recorded.cause.request].answers.push_back(index);
  }
  frames_.push_back(recorded);
}

/// A cancel silences the newest request of its kind with its id (all of its kind where there is no id). An order's
/// cancel silences nothing: it is a question to TWS, and the order goes on until TWS says so. A request whose recorded
/// answer went on to its end after the cancel does so again.
void Recording::find_silenced() {
  struct Key {
    const MessageInfo* type;
    std::int64_t id;
    bool operator<(const Key& other) const { return std::tie(type, id) < std::tie(other.type, other.id); }
  };
  std::map<Key, std::vector<RequestIndex>> open;
  const auto ended_later = [this](const RecordedRequest& request, const RecordedRequest& by) {
    return !request.answers.empty() && request.answers.back() >= by.frames_before &&
           frames_[request.answers.back()].cause.end;
  };
  for (RequestIndex index = 0; index < requests_.size(); ++index) {
    RecordedRequest& request = requests_[index];
    if (request.type == nullptr || protocol::has_role(*request.type, Role::OrderId)) continue;
    const bool numbered = protocol::has_role(*request.type, Role::RequestId);
    const std::int64_t id =
        numbered ? protocol::integer_with_role(this->request(index), Role::RequestId).value_or(0) : 0;
    const MessageInfo* cancels = request.type->cancels;
    auto& same = open[{cancels ? cancels : request.type, id}];
    if (cancels != nullptr) {
      for (const RequestIndex other : same) request.silences.push_back({other, ended_later(requests_[other], request)});
      same.clear();
    } else if (request.type->kind != protocol::RequestKind::Command) {
      for (const RequestIndex other : same) request.silences.push_back({other, true});
      same.assign(1, index);
    }
  }
}

}  // namespace ibkr::replay
