#include "replay/recording.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <utility>

#include "protocol/catalogue.h"
#include "protocol/frame.h"
#include "protocol/messages.h"
#include "replay/dependencies.h"
#include "replay/refusal.h"

namespace ibkr::replay {

using protocol::Direction;
using protocol::Message;
using protocol::MessageInfo;

namespace {

/// What TWS takes at most to answer a request whose answers come in turn.
constexpr std::int64_t kAnswered = 10'000'000'000;
/// The same where it may answer several with one, sent within a second.
constexpr std::int64_t kJoined = 1'000'000'000;

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

struct Recording::Following {
  protocol::Exchanges exchanges;
  Dependencies dependencies = {};
  std::map<const MessageInfo*, RequestIndex> in_turn = {};  // the last one of each type
  bool started = false;                                     // START_API has come
};

Expected<Recording, LoadError> Recording::load(journal::Reader& reader, const journal::SessionInfo& session,
                                               std::size_t max_bytes) {
  if (std::string why = unusable(session); !why.empty()) return Unexpected(LoadError{false, std::move(why)});
  auto cursor = reader.frames(session.id);
  if (!cursor) return Unexpected(LoadError{true, cursor.error()});
  Recording recording;
  recording.session_ = session;
  Following following{protocol::Exchanges(session.server_version)};
  for (;;) {
    const auto frame = cursor->next();
    if (!frame) {
      return Unexpected(LoadError{true, session_name(session) + " is damaged: " + frame.error() +
                                            "; a replay would differ from what was recorded. Choose another with "
                                            "--session"});
    }
    if (!*frame) break;
    if (recording.bytes_.size() + (*frame)->payload.size() > max_bytes) {
      return Unexpected(LoadError{false, session_name(session) + " holds more than " + std::to_string(max_bytes >> 20) +
                                             " MiB, too much to replay from memory; record shorter sessions"});
    }
    if ((*frame)->payload.size() > protocol::kMaxPayload) {
      recording.note({Problem::Kind::TooLong,
                      session.id,
                      (*frame)->sequence,
                      static_cast<std::int64_t>((*frame)->payload.size()),
                      {}});
      ++((*frame)->direction == Direction::Out ? recording.rows_out_ : recording.rows_in_);
      continue;
    }
    switch ((*frame)->kind) {
      case journal::FrameKind::Hello:
        break;
      case journal::FrameKind::HelloAnswer:
        recording.add_hello_answer(**frame);
        break;
      case journal::FrameKind::Message:
        if ((*frame)->direction == Direction::Out) {
          recording.add_request(**frame, following);
        } else {
          recording.add_frame(**frame, following.exchanges);
        }
    }
  }
  recording.spare_what_ended_later();
  following.dependencies.set(recording.requests_, recording.frames_);
  recording.check_rows(reader);
  recording.check_events(reader);
  return recording;
}

void Recording::note(Problem problem) {
  if (problems_.size() < kMaxProblems) problems_.push_back(std::move(problem));
}

/// A type that we do not know is served as it is; one that we know must say what its row says.
void Recording::check(const journal::Frame& frame, const Expected<Message, protocol::DecodeError>& message) {
  if (message) {
    if (frame.name == message->name() || frame.name.starts_with("Unknown")) return;
    return note({Problem::Kind::OtherName, session_.id, frame.sequence, 0,
                 std::string(frame.name) + ", but holds " + std::string(message->name())});
  }
  const auto head = protocol::read_head(frame.payload, server_version());
  if (head && protocol::find_message(frame.direction, head->id) == nullptr) return;
  note({Problem::Kind::Undecodable, session_.id, frame.sequence, 0, message.error().to_string()});
}

void Recording::check_rows(journal::Reader& reader) {
  const bool hello_answer_missing = hello_answer_.size == 0;
  if (hello_answer_missing) {
    note({Problem::Kind::NoHelloAnswer, session_.id, 0, 0, {}});
    const protocol::HelloAnswer made{session_.server_version, session_.connection_time};
    hello_answer_ = keep(protocol::hello_answer_payload(made));
  }
  std::int64_t missing = 0;
  if (session_.status != "active") {
    missing = std::max<std::int64_t>(0, session_.outgoing_frames - rows_out_) +
              std::max<std::int64_t>(0, session_.incoming_frames - rows_in_);
  }
  if (missing == 0) {
    missing = reader.missing_messages(session_.id).value_or(0) - (hello_answer_missing ? 1 : 0);  // that has been said
  }
  if (missing > 0) note({Problem::Kind::MissingRows, session_.id, 0, missing, {}});
}

void Recording::check_events(journal::Reader& reader) {
  const auto events = reader.events(session_.id);
  if (!events) return note({Problem::Kind::File, session_.id, 0, 0, events.error()});
  for (const journal::Event& event : *events) {
    if (event.session != session_.id) continue;
    if (event.kind == "gap") note({Problem::Kind::Gap, session_.id, event.after, event.count, {}});
    if (event.kind == "unframed") note({Problem::Kind::Unframed, session_.id, event.after, 0, event.text});
  }
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

/// A damaged row may say any time.
std::int64_t Recording::since_start(const journal::Frame& frame) const {
  constexpr std::int64_t kYear = std::int64_t{366} * 24 * 3600 * 1'000'000'000;
  const auto clamped = [](std::int64_t ns) { return std::clamp(ns, -10 * kYear, 10 * kYear); };
  return clamped(frame.at.mono_ns) - clamped(start_ns_);
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

void Recording::add_request(const journal::Frame& frame, Following& following) {
  RecordedRequest request;
  request.sequence = frame.sequence;
  request.at_ns = since_start(frame);
  request.payload = keep(frame.payload);
  request.frames_before = static_cast<FrameIndex>(frames_.size());
  ++rows_out_;
  const auto message = protocol::decode(Direction::Out, server_version(), frame.payload);
  check(frame, message);
  if (message) {
    const auto index = static_cast<RequestIndex>(requests_.size());
    request.type = &message->type();
    if (message->is<protocol::StartApiRequest>()) pass_over_what_came_before(following);
    request.always_answered = answered_from_own(*message, server_version()) != nullptr;
    give_up_unanswered(*request.type, index, request.at_ns, following);
    for (const protocol::Silenced& silenced : following.exchanges.sent(index, *message)) {
      request.silences.push_back({silenced.request, silenced.replaced});
    }
    following.dependencies.asked(index, *message);
  }
  requests_.push_back(std::move(request));
}

void Recording::pass_over_what_came_before(Following& following) {
  if (std::exchange(following.started, true)) return;
  for (RequestIndex index = 0; index < requests_.size(); ++index) {
    requests_[index].early = true;
    following.exchanges.forget(index);
  }
}

/// TWS answered none of its kind since the last one, for longer than it takes: the next answer is not that one's.
void Recording::give_up_unanswered(const MessageInfo& type, RequestIndex index, std::int64_t at_ns,
                                   Following& following) {
  using protocol::Unnumbered;
  if (type.unnumbered != Unnumbered::Alone && type.unnumbered != Unnumbered::Joined) return;
  const auto [known, first] = following.in_turn.try_emplace(&type, index);
  if (first) return;
  const RequestIndex last = std::exchange(known->second, index);
  const RecordedRequest& before = requests_[last];
  const std::int64_t patience = type.unnumbered == Unnumbered::Joined ? kJoined : kAnswered;
  if (before.answers.empty() && at_ns - before.at_ns > patience) following.exchanges.forget(last);
}

void Recording::add_frame(const journal::Frame& frame, protocol::Exchanges& exchanges) {
  const auto index = static_cast<FrameIndex>(frames_.size());
  RecordedFrame recorded;
  recorded.sequence = frame.sequence;
  recorded.at_ns = since_start(frame);
  recorded.payload = keep(frame.payload);
  recorded.requests_before = static_cast<RequestIndex>(requests_.size());
  ++rows_in_;
  const auto message = protocol::decode(Direction::In, server_version(), frame.payload);
  check(frame, message);
  if (message) {
    recorded.decodable = true;
    recorded.cause = exchanges.came(*message);
  }
  if (recorded.cause.request == kNoRequest) {
    pushes_.push_back(index);
  } else {
    RecordedRequest& cause = requests_[recorded.cause.request];
    (recorded.cause.update ? cause.updates : cause.answers).push_back(index);
  }
  frames_.push_back(recorded);
}

/// What is cancelled or replaced is silent from then on. A request whose recorded answer went on to its end after the
/// cancel does so again.
void Recording::spare_what_ended_later() {
  for (RecordedRequest& request : requests_) {
    for (Silenced& silenced : request.silences) {
      const RecordedRequest& other = requests_[silenced.request];
      silenced.updates_only =
          silenced.updates_only || (!other.answers.empty() && other.answers.back() >= request.frames_before &&
                                    frames_[other.answers.back()].cause.end);
    }
  }
}

}  // namespace ibkr::replay
