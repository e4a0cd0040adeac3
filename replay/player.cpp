#include "replay/player.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace ibkr::replay {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMoment = kSecond / 10;
constexpr std::int64_t kLongestThought = 10 * kSecond;
/// Nanoseconds; so long that no sum of few of them overflows.
constexpr double kForever = 1e18;

}  // namespace

Player::Player(const Recording& recording, double speed)
    : recording_(recording), speed_(speed), requests_(recording.requests().size()) {
  assert(speed > 0);
}

std::int64_t Player::scaled(std::int64_t recorded_ns) const {
  if (std::isinf(speed_)) return 0;
  return static_cast<std::int64_t>(std::clamp(static_cast<double>(recorded_ns) / speed_, -kForever, kForever));
}

/// How long the app may do nothing before a request that others depend on counts as left out. It thinks in its own
/// time, whatever the speed.
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
  request.made_ns = now_ns;
  request.base_ns = now_ns - scaled(recorded.at_ns);
  request.gate = request.update_gate = index + 1;
  last_made_ns_ = now_ns;
  if (latest_made_ == kNoRequest || index > latest_made_) latest_made_ = index;
  if (!request.silent && !recorded.answers.empty()) lines_.push_back({index, false});
  if (!request.updates_silent && !recorded.updates.empty()) lines_.push_back({index, true});
  for (const Silenced& silenced : recorded.silences) silence(silenced.request, silenced.updates_only);
}

void Player::silence(RequestIndex index, bool updates_only) {
  Request& request = requests_[index];
  request.updates_silent = true;
  request.silent = request.silent || !updates_only;
  std::erase_if(lines_, [&](const Line& line) { return line.request == index && (line.updates || !updates_only); });
}

const std::vector<FrameIndex>& Player::frames_of(Line line) const {
  const RecordedRequest& recorded = recording_.requests()[line.request];
  return line.updates ? recorded.updates : recorded.answers;
}

std::size_t& Player::next_of(Line line) {
  Request& request = requests_[line.request];
  return line.updates ? request.next_update : request.next;
}

RequestIndex Player::awaited(RequestIndex& gate, RequestIndex until) const {
  while (gate < until && requests_[gate].turn != Turn::Awaited) ++gate;
  return gate < until ? gate : kNoRequest;
}

Player::Head Player::head_of(Line line, std::int64_t now_ns) {
  Request& request = requests_[line.request];
  const FrameIndex frame = frames_of(line)[next_of(line)];
  const RecordedFrame& recorded = recording_.frames()[frame];
  std::int64_t due = request.base_ns + scaled(recorded.at_ns);
  if (recorded.after != kNoRequest) {
    const Request& after = requests_[recorded.after];
    if (after.turn == Turn::Made) {
      if (after.made_ns >= request.made_ns) due = after.base_ns + scaled(recorded.at_ns);  // it followed that one
    } else if (const auto give_up = std::max(due, last_made_ns_) + patience(recorded.after); now_ns < give_up) {
      return {frame, give_up, true};
    }
  }
  RequestIndex& gate = line.updates ? request.update_gate : request.gate;
  while (awaited(gate, recorded.requests_before) != kNoRequest) {
    const std::int64_t give_up = std::max(due, last_made_ns_) + kMoment;
    if (latest_made_ < gate && now_ns < give_up) return {frame, give_up, true};
    requests_[gate].turn = Turn::PassedOver;
  }
  return {frame, due, false};
}

RequestIndex Player::telling_before(RequestIndex until) const {
  for (RequestIndex gate = latest_made_ + 1; gate < until; ++gate) {
    if (!recording_.requests()[gate].always_answered) return gate;
  }
  return kNoRequest;
}

std::optional<Player::Head> Player::head_of_pushes(std::int64_t now_ns) {
  if (next_push_ == recording_.pushes().size() || latest_made_ == kNoRequest) return std::nullopt;
  const FrameIndex frame = recording_.pushes()[next_push_];
  const RecordedFrame& recorded = recording_.frames()[frame];
  const std::int64_t due = requests_[latest_made_].base_ns + scaled(recorded.at_ns);
  if (latest_made_ + 1 >= recorded.requests_before) return Head{frame, due, false};
  const RequestIndex gate = telling_before(recorded.requests_before);
  if (gate == kNoRequest) {
    const std::int64_t give_up = std::max(due, last_made_ns_) + kMoment;
    return Head{frame, give_up, now_ns < give_up};
  }
  // One more request that was left out does not show yet whether the app is slow, unless the answers have gone on.
  const std::int64_t in_doubt = requests_[gate].turn == Turn::Awaited ? kLongestThought : 0;
  const std::int64_t give_up = std::max(due, last_made_ns_) + patience(gate) + in_doubt;
  return Head{frame, give_up, now_ns < give_up};
}

std::optional<FrameIndex> Player::next(std::int64_t now_ns) {
  const bool at_once = std::isinf(speed_);
  std::optional<Head> first;
  std::size_t first_line = lines_.size();
  wake_.reset();
  const auto consider = [&](Head head, std::size_t line) {
    if (head.waits || (!at_once && head.at_ns > now_ns)) {
      wake_ = std::min(wake_.value_or(head.at_ns), head.at_ns);
      return;
    }
    if (at_once) head.at_ns = now_ns;
    if (first && std::pair(head.at_ns, head.frame) >= std::pair(first->at_ns, first->frame)) return;
    first = head;
    first_line = line;
  };
  for (std::size_t line = 0; line < lines_.size(); ++line) consider(head_of(lines_[line], now_ns), line);
  if (const auto push = head_of_pushes(now_ns)) consider(*push, lines_.size());
  if (!first) return std::nullopt;
  if (first_line == lines_.size()) {
    ++next_push_;
  } else if (const Line line = lines_[first_line]; ++next_of(line) == frames_of(line).size()) {
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(first_line));
  }
  return first->frame;
}

bool Player::owed(FrameIndex frame) const {
  const Cause& cause = recording_.frames()[frame].cause;
  if (cause.request == kNoRequest || cause.update) return false;
  const RecordedRequest& recorded = recording_.requests()[cause.request];
  return recorded.owed > 0 && frame <= recorded.answers[recorded.owed - 1];
}

std::size_t Player::owed_for(RequestIndex index) const {
  const Request& request = requests_[index];
  if (request.turn != Turn::Made || request.silent) return 0;
  const RecordedRequest& recorded = recording_.requests()[index];
  std::size_t left = 0;
  for (std::size_t answer = request.next; answer < recorded.owed; ++answer) {
    const RequestIndex after = recording_.frames()[recorded.answers[answer]].after;
    if (after != kNoRequest && requests_[after].turn != Turn::Made) break;  // the app did not go that far
    ++left;
  }
  return left;
}

}  // namespace ibkr::replay
