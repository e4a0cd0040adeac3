// The way out: ids, turns, pacing, and what becomes of a request that is given up.
#include "client/router.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "protocol/cancel.h"
#include "protocol/codec.h"
#include "protocol/frame.h"
#include "protocol/identity.h"
#include "protocol/messages.h"
#include "protocol/relations.h"

namespace ibkr::client {

using protocol::kNoRequest;
using protocol::Message;
using protocol::MessageInfo;
using protocol::RequestKind;
using protocol::Role;
using protocol::Unnumbered;

namespace {

constexpr std::int64_t kMillisecond = 1000000;
/// TWS answers a request for the time once a second.
constexpr std::int64_t kAskAgainNs = 1100 * kMillisecond;
/// What is sent together, in bytes.
constexpr std::size_t kMostHeldBytes = 64 << 10;
/// What may wait for TWS to read it, in bytes.
constexpr std::size_t kMostQueuedBytes = 1 << 20;

bool is_order(const MessageInfo& type) {
  return type.kind == RequestKind::Stream && protocol::has_role(type, Role::OrderId);
}

bool is_shared(const MessageInfo& type) {
  return type.kind == RequestKind::Stream &&
         (type.unnumbered == Unnumbered::Counted || type.unnumbered == Unnumbered::Family);
}

/// Orders, and whatever takes something back.
bool is_urgent(const Message& message) {
  const MessageInfo& type = message.type();
  return protocol::has_role(type, Role::OrderId) || type.cancels_all != nullptr ||
         protocol::cancelled_by(message) != nullptr;
}

}  // namespace

Router::Router(net::Loop& loop, Connection& connection, const Options& options, Ids& ids,
               std::function<void(const Error&)> on_notice)
    : connection_(connection),
      options_(options),
      ids_(ids),
      on_notice_(std::move(on_notice)),
      pacing_(options.messages_per_second),
      alarm_(loop, [this] { ring(); }),
      pace_(loop, [this] { pump(); }) {}

// ---- taking requests ------------------------------------------------------------------------------------------------

std::optional<Error> Router::why_not(const Submission& submission) const {
  const Message& message = submission.message;
  const MessageInfo& type = message.type();
  const auto misuse = [&](std::string text, std::string suggestion) {
    return error_about(Reason::Misuse, message, std::move(text), std::move(suggestion));
  };
  if (type.direction == protocol::Direction::In) return misuse("it is an answer of TWS's", "Send requests only");
  if (message.is<protocol::StartApiRequest>()) return misuse("the connection sends it", "Call connect()");
  const bool ends = protocol::ends_that_count(message, server_version_) != 0;
  if (submission.want == Want::Answers && protocol::goes_on(message, server_version_)) {
    return misuse("it goes on until it is cancelled", "Subscribe to it, or collect its first batch");
  }
  if (submission.want == Want::FirstBatch && !ends && type.kind == RequestKind::Stream) {
    return misuse("it has no end", "Subscribe to it");
  }
  if (is_shared(type)) {
    const auto same = shared_.find(&type);
    if (same != shared_.end() && same->second.key != protocol::key_of(message)) {
      return misuse("TWS follows one at a time, and " + same->second.key + " is followed", "Cancel that one first");
    }
  }
  if (waiting_ >= options_.most_waiting) {
    return misuse(std::to_string(waiting_) + " requests wait to be sent", "Ask more slowly");
  }
  return std::nullopt;
}

void Router::submit(Submission submission) {
  if (const auto error = why_not(submission)) {
    if (submission.sink) submission.sink->fail(*error);
    return;
  }
  give_ids(submission.message);
  const Ticket ticket = submission.ticket;
  Pending& pending =
      pending_
          .emplace(ticket, Pending{ticket, std::move(submission.message), submission.want, std::move(submission.sink)})
          .first->second;
  pending.is_order = is_order(pending.message.type());
  pending.is_shared = is_shared(pending.message.type()) && protocol::cancelled_by(pending.message) == nullptr;
  if (pending.is_order) orders_[protocol::integer_with_role(pending.message, Role::OrderId).value_or(0)] = ticket;
  if (submission.limit_ns > 0) {
    pending.out_of_time =
        set_alarm(net::monotonic_ns() + submission.limit_ns, {Alarm::What::OutOfTime, ticket, kNoRequest});
  }
  start(pending);
}

/// Commands keep the id that they carry: it is another request's.
void Router::give_ids(Message& message) {
  const MessageInfo& type = message.type();
  if (type.kind != RequestKind::Command) {
    protocol::set_integer_with_role(message, Role::RequestId, ids_.next_request());
  }
  if (type.cancels == nullptr && protocol::has_role(type, Role::OrderId) &&
      !protocol::integer_with_role(message, Role::OrderId)) {
    protocol::set_integer_with_role(message, Role::OrderId, ids_.next_order());
  }
}

void Router::start(Pending& pending) {
  ++waiting_;
  if (pending.is_shared) {
    join(pending);
  } else if ((pending.turn = turn_of(pending.message)) && !turns_.take(*pending.turn, pending.ticket)) {
    pending.stage = Stage::InLine;
    return;
  }
  enqueue(pending);
}

void Router::join(Pending& pending) {
  Shared& shared = shared_[&pending.message.type()];
  shared.key = protocol::key_of(pending.message);
  shared.users.push_back(pending.ticket);
}

void Router::enqueue(Pending& pending) {
  pending.stage = Stage::Queued;
  (is_urgent(pending.message) ? urgent_ : queue_).push_back(pending.ticket);
  pump();
}

// ---- sending --------------------------------------------------------------------------------------------------------

Router::Pending* Router::next_queued() {
  for (auto* queue : {&urgent_, &queue_}) {
    for (; !queue->empty(); queue->pop_front()) {
      Pending* pending = find(queue->front());
      if (pending != nullptr && pending->stage == Stage::Queued) return pending;
    }
  }
  return nullptr;
}

void Router::pump() {
  if (std::exchange(is_pumping_, true)) return;  // what failed to be sent has given its turn to the next one
  while (server_version_ != 0) {
    if (out_.size() >= kMostHeldBytes) flush();
    if (connection_.queued_bytes() >= kMostQueuedBytes) break;  // drained() goes on
    Pending* pending = next_queued();
    if (pending == nullptr) break;
    if (!pacing_.take(net::monotonic_ns())) {
      pace_.arm_at(pacing_.next_ns());
      break;
    }
    (is_urgent(pending->message) ? urgent_ : queue_).pop_front();
    transmit(*pending);
  }
  is_pumping_ = false;
  if (!in_batch_) flush();
}

void Router::end_batch() {
  in_batch_ = false;
  pump();
}

void Router::flush() {
  if (out_.empty() || server_version_ == 0) return;
  connection_.write(out_);
  out_.clear();
}

void Router::set_rate(std::size_t messages_per_second) {
  pacing_.set_rate(messages_per_second);
  pump();
}

void Router::transmit(Pending& pending) {
  payload_.clear();
  if (const auto written = protocol::encode(pending.message, server_version_, payload_); !written) {
    const Error error = error_about(Reason::CannotEncode, pending.message, written.error().to_string(),
                                    "Leave the field out, or connect to a newer TWS");
    if (const auto sink = remove(pending)) sink->fail(error);
    return;
  }
  const RequestIndex index = next_index_++;
  const auto silenced = exchanges_.sent(index, pending.message);
  const std::vector<protocol::Silenced> kept(silenced.begin(), silenced.end());
  pending.index = index;
  pending.stage = Stage::Sent;
  --waiting_;
  protocol::append_frame(out_, payload_);
  ++messages_out_;
  const MessageInfo& type = pending.message.type();
  if (type.setting) settings_.insert_or_assign(&type, pending.message);
  if (pending.is_shared) {
    shared_[&type].indices.push_back(index);
  } else {
    sent_.emplace(index, pending.ticket);
  }
  if (std::exchange(pending.resumes, false)) pending.sink->resumed();
  const bool nothing_comes =
      protocol::cancelled_by(pending.message) != nullptr ||
      (type.kind != RequestKind::Stream && protocol::ends_that_count(pending.message, server_version_) == 0);
  if (pending.want == Want::Sent || nothing_comes) {
    if (const auto sink = remove(pending)) sink->done();
  } else if (type.unnumbered == Unnumbered::Joined) {
    pending.ask_again = set_alarm(net::monotonic_ns() + kAskAgainNs, {Alarm::What::AskAgain, pending.ticket, index});
  }
  silence(kept);
}

/// The program has cancelled a request by a message of its own.
void Router::silence(const std::vector<protocol::Silenced>& silenced) {
  for (const protocol::Silenced& told : silenced) {
    if (told.replaced) continue;
    const auto cancelled = [](const Message& message) {
      return error_about(Reason::Cancelled, message, "it was cancelled by the program", "");
    };
    if (Pending* pending = find_sent(told.request)) {
      const Error error = cancelled(pending->message);
      if (const auto sink = remove(*pending)) sink->fail(error);
      continue;
    }
    const auto found = std::ranges::find_if(
        shared_, [&](const auto& shared) { return std::ranges::count(shared.second.indices, told.request) != 0; });
    if (found == shared_.end()) continue;
    for (const Ticket ticket : std::vector<Ticket>(found->second.users)) {
      Pending* pending = find(ticket);
      const Error error = cancelled(pending->message);
      if (const auto sink = remove(*pending)) sink->fail(error);
    }
  }
}

void Router::send_cancel(const Message& request) {
  auto cancel = protocol::cancel_of(request);
  if (!cancel || server_version_ == 0) return;
  submit({next_own_ticket_++, std::move(*cancel), Want::Sent, nullptr, 0});
}

// ---- the end of a request -------------------------------------------------------------------------------------------

Router::Pending* Router::find(Ticket ticket) {
  const auto found = pending_.find(ticket);
  return found == pending_.end() ? nullptr : &found->second;
}

void Router::pass_turn(const std::optional<std::string>& turn, Ticket ticket) {
  if (!turn) return;
  const auto next = turns_.leave(*turn, ticket);
  Pending* pending = next ? find(*next) : nullptr;
  if (pending != nullptr && pending->stage == Stage::InLine) enqueue(*pending);
}

/// Takes it out of everything; its sink is for the caller to tell.
std::unique_ptr<AnswerSink> Router::remove(Pending& pending) {
  for (auto* alarm : {&pending.out_of_time, &pending.ask_again}) {
    if (*alarm) alarms_.erase(**alarm);
  }
  if (pending.stage == Stage::InLine || pending.stage == Stage::Queued) --waiting_;
  if (pending.is_shared) leave_shared(pending);
  if (pending.is_order) {
    const auto order = orders_.find(protocol::integer_with_role(pending.message, Role::OrderId).value_or(0));
    if (order != orders_.end() && order->second == pending.ticket) orders_.erase(order);
  }
  sent_.erase(pending.index);
  auto sink = std::move(pending.sink);
  const auto turn = std::move(pending.turn);
  const Ticket ticket = pending.ticket;
  pending_.erase(ticket);
  pass_turn(turn, ticket);
  return sink;
}

void Router::leave_shared(Pending& pending) {
  const auto found = shared_.find(&pending.message.type());
  if (found == shared_.end()) return;
  std::erase(found->second.users, pending.ticket);
  if (!found->second.users.empty()) return;
  for (const RequestIndex index : found->second.indices) abandon(index, pending.ticket, std::nullopt);
  shared_.erase(found);
}

/// What comes for it from now on is late. Its turn is held until then, or until nothing is expected any more.
void Router::abandon(RequestIndex index, Ticket ticket, std::optional<std::string> turn) {
  given_up_.emplace(index, GivenUp{ticket, std::move(turn)});
  set_alarm(net::monotonic_ns() + options_.late_answer_limit.count() * kMillisecond,
            {Alarm::What::Forget, ticket, index});
}

void Router::give_up(Ticket ticket, const Error& error) {
  if (Pending* pending = find(ticket)) give_up(*pending, error);
}

void Router::give_up(Pending& pending, const Error& error) {
  if (pending.stage == Stage::Sent && !pending.is_order) {
    const bool is_last = !pending.is_shared || shared_[&pending.message.type()].users.size() == 1;
    if (!pending.is_shared) abandon(pending.index, pending.ticket, std::move(pending.turn));
    pending.turn.reset();
    if (is_last) {
      const Message request = pending.message;
      const auto sink = remove(pending);
      send_cancel(request);
      if (sink) sink->fail(error);
      return;
    }
  }
  if (const auto sink = remove(pending)) sink->fail(error);
}

// ---- time -----------------------------------------------------------------------------------------------------------

Router::Alarms::iterator Router::set_alarm(std::int64_t at_ns, Alarm alarm) {
  const auto at = alarms_.emplace(at_ns, alarm);
  arm();
  return at;
}

/// Where it is armed for an alarm that was taken back it rings for nothing: arming anew costs more, and is rarely
/// needed.
void Router::arm() {
  if (alarms_.empty() || alarms_.begin()->first >= armed_ns_) return;
  armed_ns_ = alarms_.begin()->first;
  alarm_.arm_at(armed_ns_);
}

void Router::ring() {
  armed_ns_ = kNever;
  const std::int64_t now = net::monotonic_ns();
  while (!alarms_.empty() && alarms_.begin()->first <= now) {
    const Alarm alarm = alarms_.begin()->second;
    if (Pending* pending = find(alarm.ticket)) {
      if (alarm.what == Alarm::What::OutOfTime) pending->out_of_time.reset();
      if (alarm.what == Alarm::What::AskAgain) pending->ask_again.reset();
    }
    alarms_.erase(alarms_.begin());
    ring(alarm);
  }
  arm();
}

void Router::ring(const Alarm& alarm) {
  Pending* pending = find(alarm.ticket);
  switch (alarm.what) {
    case Alarm::What::OutOfTime:
      if (pending != nullptr) {
        const bool was_sent = pending->stage == Stage::Sent;
        give_up(*pending, error_about(Reason::TimedOut, pending->message,
                                      was_sent ? "no answer came in time" : "it was not sent in time",
                                      was_sent ? "Look whether TWS is busy or logged out, or allow more time"
                                               : "Ask more slowly, or allow more time"));
      }
      return;
    case Alarm::What::AskAgain:
      if (pending != nullptr && pending->stage == Stage::Sent) {
        exchanges_.forget(pending->index);
        sent_.erase(pending->index);
        ++waiting_;
        enqueue(*pending);
      }
      return;
    case Alarm::What::Forget:
      break;
  }
  const auto given_up = given_up_.find(alarm.index);
  if (given_up == given_up_.end()) return;
  exchanges_.forget(alarm.index);
  const GivenUp gone = std::move(given_up->second);
  given_up_.erase(given_up);
  pass_turn(gone.turn, gone.ticket);
}

// ---- connections ----------------------------------------------------------------------------------------------------

void Router::lost(const Error& error, bool comes_back) {
  server_version_ = 0;
  std::vector<std::pair<std::unique_ptr<AnswerSink>, Error>> failed;
  std::vector<Ticket> gone;
  for (auto& [ticket, pending] : pending_) {
    if (pending.want == Want::Stream && comes_back) {
      pending.stage = Stage::Down;
      pending.index = kNoRequest;
      pending.turn.reset();
      if (pending.sink) pending.sink->gap(error);
      continue;
    }
    Error own = error_about(error.reason, pending.message, error.text, error.suggestion);
    own.code = error.code;
    failed.emplace_back(std::move(pending.sink), std::move(own));
    gone.push_back(ticket);
    if (pending.is_order) orders_.erase(protocol::integer_with_role(pending.message, Role::OrderId).value_or(0));
  }
  for (const Ticket ticket : gone) pending_.erase(ticket);
  for (auto& [ticket, pending] : pending_) pending.out_of_time.reset(), pending.ask_again.reset();
  alarms_.clear();
  alarm_.cancel();
  armed_ns_ = kNever;
  pace_.cancel();
  sent_.clear();
  shared_.clear();
  given_up_.clear();
  turns_.clear();
  urgent_.clear();
  queue_.clear();
  out_.clear();
  waiting_ = 0;
  for (auto& [sink, own] : failed) {
    if (sink) sink->fail(own);
  }
}

void Router::connected(int server_version) {
  server_version_ = server_version;
  exchanges_.reset(server_version);
  next_index_ = 0;
  pacing_.reset();
  begin_batch();
  for (const auto& [type, setting] : std::map(settings_)) {
    submit({next_own_ticket_++, setting, Want::Sent, nullptr, 0});
  }
  std::vector<Ticket> streams;
  for (const auto& [ticket, pending] : pending_) {
    if (pending.stage == Stage::Down) streams.push_back(ticket);
  }
  std::ranges::sort(streams);
  for (const Ticket ticket : streams) {
    Pending& pending = *find(ticket);
    if (pending.is_order) {  // TWS goes on telling of it; nothing is sent again
      pending.sink->resumed();
      continue;
    }
    give_ids(pending.message);
    pending.resumes = true;
    start(pending);
  }
  end_batch();
}

}  // namespace ibkr::client
