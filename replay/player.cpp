#include "replay/player.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "protocol/codec.h"
#include "protocol/frame.h"
#include "protocol/identity.h"

namespace ibkr::replay {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kLongestThought = 10 * kSecond;

}  // namespace

Player::Player(const Recording& recording, const Ids& ids, double speed)
    : recording_(recording), ids_(ids), speed_(speed), requests_(recording.requests().size()) {
  assert(speed > 0);
}

std::int64_t Player::scaled(std::int64_t recorded_ns) const {
  return std::isinf(speed_) ? 0 : static_cast<std::int64_t>(static_cast<double>(recorded_ns) / speed_);
}

/// How long the app may do nothing before a request counts as left out. It thinks in its own time, whatever the speed.
std::int64_t Player::patience(RequestIndex gate) const {
  const auto& requests = recording_.requests();
  const std::int64_t thought = gate == 0 ? 0 : requests[gate].at_ns - requests[gate - 1].at_ns;
  return std::clamp(thought, std::int64_t{0}, kLongestThought) + kSecond;
}

void Player::made(RequestIndex index, std::int64_t now_ns) {
  const RecordedRequest& recorded = recording_.requests()[index];
  Request& request = requests_[index];
  assert(request.turn != Turn::Made);
  request.turn = Turn::Made;
  request.base_ns = now_ns - scaled(recorded.at_ns);
  request.gate = index + 1;
  last_made_ns_ = now_ns;
  if (latest_made_ == kNoRequest || index > latest_made_) {
    latest_made_ = index;
    latest_base_ns_ = request.base_ns;
  }
  if (request.silent) {
    dropped_ += recorded.answers.size();
  } else if (!recorded.answers.empty()) {
    active_.push_back(index);
  }
  for (const Silenced& silenced : recorded.silences) silence(silenced);
}

void Player::cancelled(RequestIndex index) { silence({index, false}); }

void Player::silence(const Silenced& silenced) {
  Request& request = requests_[silenced.request];
  request.updates_silent = true;
  if (silenced.updates_only || request.silent) return;
  request.silent = true;
  const auto playing = std::find(active_.begin(), active_.end(), silenced.request);
  if (playing == active_.end()) return;
  dropped_ += recording_.requests()[silenced.request].answers.size() - request.next;
  active_.erase(playing);
}

RequestIndex Player::awaited(RequestIndex& gate, RequestIndex until) const {
  while (gate < until && requests_[gate].turn != Turn::Awaited) ++gate;
  return gate < until ? gate : kNoRequest;
}

std::optional<Player::Head> Player::head_of(RequestIndex index, std::int64_t now_ns) {
  Request& request = requests_[index];
  const FrameIndex frame = recording_.requests()[index].answers[request.next];
  const RecordedFrame& recorded = recording_.frames()[frame];
  for (;;) {
    const RequestIndex before = request.gate;
    const RequestIndex gate = awaited(request.gate, recorded.requests_before);
    // A request that came late puts off what followed it.
    for (RequestIndex passed = before; passed < request.gate; ++passed) {
      if (requests_[passed].turn == Turn::Made) request.base_ns = std::max(request.base_ns, requests_[passed].base_ns);
    }
    const std::int64_t due = request.base_ns + scaled(recorded.at_ns);
    if (gate == kNoRequest) return Head{frame, due, kNoRequest};
    const std::int64_t give_up = std::max(due, last_made_ns_) + patience(gate);
    if (now_ns < give_up) return Head{frame, give_up, gate};
    requests_[gate].turn = Turn::PassedOver;
  }
}

/// Whether an answer that was recorded earlier is on its way.
bool Player::still_to_come(FrameIndex frame) const {
  const Cause& cause = recording_.frames()[frame].cause;
  if (cause.request == kNoRequest || cause.update) return false;  // pushes are in one line
  const Request& request = requests_[cause.request];
  if (request.turn != Turn::Made || request.silent) return false;
  const auto& answers = recording_.requests()[cause.request].answers;
  return request.next < answers.size() && answers[request.next] <= frame;
}

void Player::drop_silent_pushes() {
  const auto& pushes = recording_.pushes();
  for (; next_push_ < pushes.size(); ++next_push_) {
    const Cause& cause = recording_.frames()[pushes[next_push_]].cause;
    if (cause.request == kNoRequest || !requests_[cause.request].updates_silent) return;
    ++dropped_;
    push_due_.reset();
  }
}

std::optional<Player::Head> Player::head_of_pushes(std::int64_t now_ns) {
  drop_silent_pushes();
  if (next_push_ == recording_.pushes().size() || latest_made_ == kNoRequest) return std::nullopt;
  const FrameIndex frame = recording_.pushes()[next_push_];
  if (push_due_) return Head{frame, *push_due_, kNoRequest};
  const RecordedFrame& recorded = recording_.frames()[frame];
  for (;;) {
    const RequestIndex gate = awaited(push_gate_, recorded.requests_before);
    if (gate == kNoRequest) break;
    // Only a later request shows that this one was left out; without one the app may be slow, and a push too early.
    const std::int64_t in_doubt = latest_made_ > gate ? 0 : kLongestThought;
    const std::int64_t give_up =
        std::max(latest_base_ns_ + scaled(recorded.at_ns), last_made_ns_) + patience(gate) + in_doubt;
    if (now_ns < give_up) return Head{frame, give_up, gate};
    requests_[gate].turn = Turn::PassedOver;
  }
  const bool first = frame == 0 || recording_.frames()[frame - 1].requests_before < recorded.requests_before;
  if (!first && still_to_come(frame - 1)) return std::nullopt;
  // News of a subscription that the app has not made are nobody's.
  if (recorded.cause.request != kNoRequest && requests_[recorded.cause.request].turn != Turn::Made) {
    ++dropped_;
    ++next_push_;
    return head_of_pushes(now_ns);
  }
  const bool follows_frame = !first && last_frame_ == frame - 1;
  const bool follows_request = first && recorded.requests_before > 0;
  const std::int64_t since = follows_request ? recording_.requests()[recorded.requests_before - 1].at_ns
                             : frame > 0     ? recording_.frames()[frame - 1].at_ns
                                             : 0;
  std::int64_t base = now_ns;
  if (follows_frame) base = last_due_ns_;
  if (follows_request && requests_[recorded.requests_before - 1].turn == Turn::Made) {
    base = requests_[recorded.requests_before - 1].base_ns + scaled(since);
  }
  push_due_ = base + scaled(recorded.at_ns - since);
  return Head{frame, *push_due_, kNoRequest};
}

std::optional<std::int64_t> Player::play(std::int64_t now_ns, std::string& out, std::size_t limit) {
  const bool at_once = std::isinf(speed_);
  for (;;) {
    std::optional<Head> first;
    std::optional<std::int64_t> wake;
    const auto consider = [&](std::optional<Head> head) {
      if (!head) return;
      if (head->blocked_by != kNoRequest || (!at_once && head->at_ns > now_ns)) {
        wake = std::min(wake.value_or(head->at_ns), head->at_ns);
        return;
      }
      if (at_once) head->at_ns = now_ns;
      if (!first || std::pair(head->at_ns, head->frame) < std::pair(first->at_ns, first->frame)) first = head;
    };
    for (const RequestIndex index : active_) consider(head_of(index, now_ns));
    consider(head_of_pushes(now_ns));
    if (!first) return wake;
    if (out.size() >= limit) return now_ns;
    play(*first, out);
  }
}

void Player::play(const Head& head, std::string& out) {
  const RecordedFrame& recorded = recording_.frames()[head.frame];
  append(head.frame, out);
  ++played_;
  last_frame_ = head.frame;
  last_due_ns_ = head.at_ns;
  if (recorded.cause.request == kNoRequest || recorded.cause.update) {
    ++next_push_;
    push_due_.reset();
    return;
  }
  Request& request = requests_[recorded.cause.request];
  if (++request.next == recording_.requests()[recorded.cause.request].answers.size()) {
    active_.erase(std::find(active_.begin(), active_.end(), recorded.cause.request));
  }
}

/// The recorded bytes where no id changes; else encoded again, at the recorded version, with live ids.
void Player::append(FrameIndex frame, std::string& out) {
  const RecordedFrame& recorded = recording_.frames()[frame];
  const std::string_view payload = recording_.bytes(recorded.payload);
  if (!recorded.decodable || ids_.identical()) return protocol::append_frame(out, payload);
  protocol::Message message = recording_.frame(frame);
  std::optional<protocol::Message> cause;
  if (recorded.cause.request != kNoRequest && protocol::has_role(message.type(), protocol::Role::RequestOrOrderId)) {
    cause = recording_.request(recorded.cause.request);
  }
  if (!ids_.rewrite(message, cause ? &*cause : nullptr)) return protocol::append_frame(out, payload);
  const auto head = protocol::read_head(payload, recording_.server_version());
  assert(head);
  std::string rewritten;
  const auto encoded = protocol::encode(message, recording_.server_version(), head->wire, rewritten);
  if (!encoded) {
    spdlog::error("#{} is served with its recorded ids: {}", recorded.sequence, encoded.error().to_string());
    return protocol::append_frame(out, payload);
  }
  protocol::append_frame(out, rewritten);
}

}  // namespace ibkr::replay
