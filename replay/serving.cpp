#include "replay/serving.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <variant>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/identity.h"
#include "protocol/messages.h"
#include "replay/answers.h"
#include "replay/ids.h"
#include "replay/matcher.h"
#include "replay/player.h"
#include "replay/refusal.h"

namespace ibkr::replay {

using protocol::Message;
using protocol::ServerSide;

namespace {

/// What is kept of an app that asks before START_API. One that asks for more is none.
constexpr std::size_t kMostEarly = 1000, kMostEarlyBytes = 1024 * 1024;

/// What the proxy notes when TWS was the first to end the session.
bool ended_by_tws(const journal::SessionInfo& session) { return session.end_reason.starts_with("tws "); }

std::string range(const protocol::Hello& hello) {
  return std::to_string(hello.min_version) + ".." + std::to_string(hello.max_version);
}

/// Calls the one function that takes the alternative.
template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;  // clang finds it by itself from version 17 on

}  // namespace

struct Serving::Session {
  Session(Replay& replay, std::size_t chosen)
      : turn(chosen),
        recording(replay.loaded_.recordings[chosen]),
        ids(replay.known_ids_, recording.session().client_id.value_or(0)),
        matcher(replay.contents_[chosen], ids, replay.pseudonyms_, replay.options_.match),
        player(recording, replay.options_.speed),
        answers(recording, ids),
        unmade(recording.requests().size()) {
    for (const Contents& contents : replay.contents_) {
      if (&contents != &replay.contents_[chosen]) matcher.also_knows(contents);
    }
  }
  std::size_t turn;
  const Recording& recording;
  Ids ids;
  Matcher matcher;
  Player player;
  Answers answers;
  std::size_t unmade;  // recorded requests that this app has not made
  std::vector<RequestIndex> made;
};

Serving::Serving(Replay& replay) : replay_(replay), number_(++replay.last_number_), side_(*this) {}
Serving::~Serving() = default;

void Serving::receive(std::string_view bytes, std::int64_t now_ns, std::int64_t wall_ns) {
  if (given_up_) return;
  now_ns_ = now_ns;
  wall_ns_ = wall_ns;
  if (!side_.receive(bytes)) {
    given_up_ = true;
    spdlog::debug("connection {}: {}", number_, side_.error());
  }
}

// --- the handshake ---------------------------------------------------------------------------------------------------

std::optional<ServerSide::Answer> Serving::on_hello(const protocol::Hello& hello) {
  hello_ = hello;
  if (const auto turn = replay_.greeted_as(hello)) {
    const Recording& recording = replay_.recordings()[*turn];
    return ServerSide::Answer{recording.server_version(), std::string(recording.hello_answer())};
  }
  cannot_speak_ = true;
  const int version = std::min(hello.max_version, protocol::kMaxServerVersion);
  if (version >= std::max(hello.min_version, protocol::kMinServerVersion)) {  // it is told so behind START_API
    return ServerSide::Answer{
        version, protocol::hello_answer_payload({version, replay_.recordings()[0].session().connection_time})};
  }
  turn_away(Verdict::TurnedAway::Why::CannotSpeak, "it can be told no reason, as no version is known to both");
  given_up_ = true;
  return std::nullopt;
}

void Serving::send_answer(std::string_view frame) { answer_ = frame; }

void Serving::on_passed_over(std::string_view payload) {
  early_bytes_ += payload.size();
  if (early_.size() < kMostEarly && early_bytes_ <= kMostEarlyBytes) {
    early_.emplace_back(payload);
    return;
  }
  spdlog::debug("connection {}: no START_API among {} frames", number_, early_.size());
  side_.stop();
  given_up_ = true;
}

void Serving::on_start(std::string_view payload, const Message& request) {
  if (cannot_speak_) {
    std::string versions;
    for (const Recording& recording : replay_.recordings()) {
      const std::string version = std::to_string(recording.server_version());
      if (versions.find(version) == std::string::npos) versions += (versions.empty() ? "" : ", ") + version;
    }
    return turn_away(Verdict::TurnedAway::Why::CannotSpeak, "the app speaks server versions " + range(hello_) +
                                                                ", and what is replayed was recorded at " + versions +
                                                                "; record a session with this app's client library");
  }
  const auto client_id = protocol::integer_with_role(request, protocol::Role::ClientId).value_or(0);
  const auto turn = replay_.take(side_.server_version(), client_id);
  if (!turn) {
    return turn_away(Verdict::TurnedAway::Why::NoneLeft,
                     "every recorded session has been served, and the app connects once more; --repeat serves them "
                     "again");
  }
  ++replay_.verdict_.connections;
  ++replay_.open_;
  session_ = std::make_unique<Session>(replay_, *turn);
  spdlog::info("connection {}: client {} is served session {}, at server version {}", number_, client_id,
               session_->recording.session().id, side_.server_version());
  for (const std::string& early : early_) serve_early(early);
  serve(payload);  // it counts as no request: an app that says no more has not been served anything
}

/// The app is told by an error, which its user sees, and TWS's side ends.
void Serving::turn_away(Verdict::TurnedAway::Why why, std::string text) {
  spdlog::error("connection {}: turned away: {}", number_, text);
  replay_.verdict_.turned_away.add({number_, why, hello_.min_version, hello_.max_version});
  if (side_.server_version() != 0) {
    for (const Message& message : refusal(nullptr, side_.server_version(), "ibkr replay: " + text, wall_ns_))
      say(message);
  }
  side_.stop();
  all_said_ = true;
}

// --- requests --------------------------------------------------------------------------------------------------------

void Serving::on_request(std::string_view payload) {
  if (serve(payload)) ++replay_.verdict_.served;
}

/// True when it was one of the recorded requests.
bool Serving::serve(std::string_view payload) {
  Session& session = *session_;
  Outcome outcome = session.matcher.match(payload, wall_ns_);
  std::visit(Overloaded{
                 [&](Matched& matched) {
                   const RecordedRequest& recorded = session.recording.requests()[matched.request];
                   spdlog::debug("connection {}: #{} was asked for", number_, recorded.sequence);
                   for (Differing& let_go : matched.let_go) {
                     replay_.verdict_.let_go.add(
                         {number_, session.recording.session().id, recorded.sequence, std::move(let_go)});
                   }
                   --session.unmade;
                   session.made.push_back(matched.request);
                   session.player.made(matched.request, now_ns_);
                 },
                 [&](Accepted& accepted) {
                   ++replay_.verdict_.made_up;
                   session.player.cancelled(accepted.cancelled);
                 },
                 [&](Answered& answered) {
                   ++replay_.verdict_.made_up;
                   for (const Message& message : answered.messages) say(message);
                 },
                 [](Ignored&) {},
                 [&](Refused& refused) { refuse(refused); },
             },
             outcome);
  return std::holds_alternative<Matched>(outcome);
}

void Serving::serve_early(std::string_view payload) {
  Outcome outcome = session_->matcher.match_early(payload, wall_ns_);
  if (auto* refused = std::get_if<Refused>(&outcome)) return refuse(*refused);
  --session_->unmade;
}

void Serving::refuse(Refused& refused) {
  spdlog::error("connection {}: {}", number_, refused.mismatch.report());
  for (const Message& message : refused.messages) say(message);
  replay_.verdict_.refused.add({number_, session_->recording.session().id, std::move(refused.mismatch)});
}

/// Behind the end of TWS's side it is for the verdict alone.
void Serving::say(const Message& message) {
  if (all_said_) return;
  std::string payload;
  const auto encoded = protocol::encode(message, side_.server_version(), payload);
  if (!encoded) return spdlog::error("connection {}: cannot tell the app: {}", number_, encoded.error().to_string());
  protocol::append_frame(said_, payload);
}

// --- what the app gets -----------------------------------------------------------------------------------------------

std::optional<std::int64_t> Serving::give(std::int64_t now_ns, std::string& out, std::size_t limit) {
  if (!answer_.empty()) {
    out += std::exchange(answer_, {});
    return now_ns;
  }
  if (!said_.empty()) {
    out += std::exchange(said_, {});
    ++owed_under_way_;
  }
  std::optional<std::int64_t> next;
  if (session_ && !all_said_) play(now_ns, out, limit, next);
  return next;
}

void Serving::play(std::int64_t now_ns, std::string& out, std::size_t limit, std::optional<std::int64_t>& next) {
  Session& session = *session_;
  while (out.size() < limit) {
    const auto frame = session.player.next(now_ns);
    if (!frame) {
      next = session.player.wake();
      return end_as_recorded();
    }
    if (session.player.owed(*frame)) ++owed_under_way_;
    if (!session.answers.append(*frame, out)) {
      const Recording& recording = session.recording;
      replay_.verdict_.not_rewritten.add({number_, recording.session().id, recording.frames()[*frame].sequence});
    }
  }
  next = now_ns;
}

/// As after "client id in use": TWS says so and closes.
void Serving::end_as_recorded() {
  all_said_ = ended_by_tws(session_->recording.session()) && session_->unmade == 0 && session_->player.exhausted();
}

// --- the end ---------------------------------------------------------------------------------------------------------

void Serving::ended(End end, std::string_view detail) {
  if (std::exchange(ended_, true)) return;
  if (session_ == nullptr) {
    if (!cannot_speak_ && !all_said_) ++replay_.verdict_.probes;
    return spdlog::debug("connection {}: ended before START_API: {}", number_, detail);
  }
  spdlog::info("connection {}: ended: {}", number_, detail);
  --replay_.open_;
  judge(end, detail);
}

void Serving::judge(End end, std::string_view detail) {
  Session& session = *session_;
  const journal::SessionId id = session.recording.session().id;
  Verdict& verdict = replay_.verdict_;
  const auto torn = [&](Verdict::Torn::Why why, std::string text) {
    spdlog::error("connection {}: {}", number_, text);
    verdict.torn.add({number_, id, why, std::move(text)});
  };
  if (given_up_) {
    torn(Verdict::Torn::Why::NoFrames, side_.error());
  } else if (side_.within_frame()) {
    torn(Verdict::Torn::Why::WithinFrame, "the app left in the middle of a frame");
  } else if (owed_under_way_ > 0 && end != End::Stopped) {
    torn(Verdict::Torn::Why::AnswersUnread,
         "the app left before what it had asked for was out: " + std::string(detail));
  }
  for (const RequestIndex request : session.made) {
    const std::size_t left = session.player.owed_for(request);
    if (left == 0) continue;
    const RecordedRequest& recorded = session.recording.requests()[request];
    verdict.undelivered.add({number_, id, recorded.sequence, recorded.type, left});
  }
  const auto& requests = session.recording.requests();
  for (RequestIndex index = 0; index < requests.size(); ++index) {
    if (session.matcher.used(index)) continue;
    verdict.unused.add({number_, id, requests[index].sequence, requests[index].type, requests[index].about_orders});
    verdict.unused_about_orders += requests[index].about_orders ? 1 : 0;
  }
}

}  // namespace ibkr::replay
