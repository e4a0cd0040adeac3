#include "protocol/exchanges.h"

#include <algorithm>
#include <iterator>

#include "protocol/catalogue.h"
#include "protocol/error_codes.h"
#include "protocol/identity.h"
#include "protocol/messages.h"
#include "protocol/relations.h"

namespace ibkr::protocol {
namespace {

constexpr std::size_t kKeptLasting = 4;   // of one type; a newer one takes the place of the older
constexpr std::size_t kKeptRefused = 64;  // of one type

bool contains(std::span<const MessageInfo* const> list, const MessageInfo& type) {
  return std::ranges::find(list, &type) != list.end();
}

/// kNoRequest counts as older than any request.
bool newer(RequestIndex a, RequestIndex b) { return a != kNoRequest && (b == kNoRequest || a > b); }

template <class Queue>
void keep_last(Queue& queue, std::size_t most) {
  while (queue.size() > most) queue.pop_front();
}

/// The type of requests that one cancel can take back all together, which are orders.
const MessageInfo* order_type() {
  static const MessageInfo* const found = [] {
    const auto all = all_messages();
    const auto at = std::ranges::find_if(all, [](const MessageInfo* type) { return type->cancel_all != nullptr; });
    return at == all.end() ? nullptr : *at;
  }();
  return found;
}

/// Whether an order, whatever was asked for, is over with this.
bool is_last_state(const Message& answer) {
  const MessageInfo* type = order_type();
  if (type == nullptr) return false;
  std::uint32_t any_order = 0;
  for (std::size_t i = 0; i < type->ends.size(); ++i) {
    if (type->ends[i].conditions.empty()) any_order |= std::uint32_t{1} << i;
  }
  return end_by(*type, any_order, answer) != nullptr;
}

/// Whether a type of answer comes only after the first batch, and at its own time.
bool follows_batch(const MessageInfo& request, std::uint32_t ends, const MessageInfo& answer) {
  for (std::size_t i = 0; i < request.ends.size(); ++i) {
    if ((ends >> i & 1) != 0 && contains(request.ends[i].then, answer)) return true;
  }
  return false;
}

const ErrorCodeInfo* code_of(const Message& answer) {
  const auto* error = answer.get_if<ErrorMessage>();
  return error == nullptr ? nullptr : find_error_code(error->error_code.value_or(0));
}

bool ends_requests(const ErrorCodeInfo* code) { return code != nullptr && code->effect == ErrorEffect::Ends; }

}  // namespace

// ---- what the app sends ---------------------------------------------------------------------------------------------

std::span<const Silenced> Exchanges::sent(RequestIndex index, const Message& request) {
  silenced_.clear();
  const MessageInfo& type = request.type();
  const MessageInfo* cancels = cancelled_by(request);
  const Sent sent{index, &type, cancels != nullptr ? 0 : ends_that_count(request, server_version_)};
  const auto request_id = integer_with_role(request, Role::RequestId);
  const auto order_id = integer_with_role(request, Role::OrderId);
  const bool nothing_comes = cancels != nullptr || type.answers.empty();
  if (request_id) {
    if (cancels != nullptr) {
      silence(*request_id, *cancels, false);
    } else if (type.kind != RequestKind::Command) {
      silence(*request_id, type, true);
    }
    Sent& added = add(Space::Requests, *request_id, sent);
    if (nothing_comes) finish(Space::Requests, *request_id, added);
  }
  if (order_id) {
    Sent& added = add(Space::Orders, *order_id, sent);
    if (nothing_comes) finish(Space::Orders, *order_id, added);
  }
  if (!request_id && !order_id && type.unnumbered != Unnumbered::No) {
    if (const auto client_id = integer_with_role(request, Role::ClientId)) client_id_ = client_id;
    if (type.cancels_all != nullptr) {
      for (auto& [id, order] : orders_) {
        if (!order.closed) order.cancelled = index;
      }
    }
    if (cancels != nullptr) {
      silence(*cancels, false);
    } else {
      if (type.kind == RequestKind::Stream) silence(type, true);
      take_turn(sent, request);
    }
  }
  drop_what_is_over();
  return silenced_;
}

Exchanges::Sent& Exchanges::add(Space space, std::int64_t id, const Sent& sent) {
  const auto [known, fresh] = ids(space).try_emplace(id);
  Same& same = known->second;
  if (!fresh && same.sent.empty()) --strangers_;
  same.closed = false;
  if (same.sent.size() >= kKeptPerId) {
    const auto over = std::ranges::find_if(same.sent, [](const Sent& old) { return old.over; });
    same.sent.erase(over != same.sent.end() ? over : same.sent.begin());
  }
  return same.sent.emplace_back(sent);
}

void Exchanges::finish(Space space, std::int64_t id, Sent& sent) {
  if (sent.over) return;
  sent.over = true;
  over_.push_back({space, id, sent.index});
}

void Exchanges::drop_what_is_over() {
  for (; over_.size() > kKeptRequests; over_.pop_front()) {
    const Over& oldest = over_.front();
    const auto found = ids(oldest.space).find(oldest.id);
    if (found == ids(oldest.space).end()) continue;
    auto& list = found->second.sent;
    const auto dropped = std::erase_if(list, [&](const Sent& sent) { return sent.index == oldest.index && sent.over; });
    if (dropped != 0 && list.empty()) ids(oldest.space).erase(found);
  }
}

void Exchanges::silence(std::int64_t id, const MessageInfo& type, bool replaced) {
  const auto known = requests_.find(id);
  if (known == requests_.end()) return;
  for (Sent& sent : known->second.sent) {
    if (sent.type != &type || sent.cancelled) continue;
    silenced_.push_back({sent.index, replaced});
    sent.cancelled = true;
    finish(Space::Requests, id, sent);
  }
}

void Exchanges::silence(const MessageInfo& type, bool replaced) {
  const auto unfinished = std::ranges::find(unnumbered_, &type, &Unfinished::type);
  if (unfinished == unnumbered_.end()) return;
  for (auto* queue : {&unfinished->open, &unfinished->lasting}) {
    for (InTurn& turn : *queue) {
      if (turn.sent.cancelled) continue;
      silenced_.push_back({turn.sent.index, replaced});
      turn.sent.cancelled = true;
    }
  }
  if (replaced) return;
  // What was cancelled does not take the answer of the next one.
  std::ranges::move(unfinished->open, std::back_inserter(unfinished->lasting));
  unfinished->open.clear();
  keep_last(unfinished->lasting, kKeptLasting);
}

void Exchanges::take_turn(const Sent& sent, const Message& request) {
  const MessageInfo& type = *sent.type;
  auto found = std::ranges::find(unnumbered_, &type, &Unfinished::type);
  if (found == unnumbered_.end()) found = unnumbered_.insert(unnumbered_.end(), Unfinished{&type, {}, {}, {}});
  InTurn turn{sent, key_of(request)};
  if (sent.ends == 0) {
    found->lasting.push_back(std::move(turn));
    return keep_last(found->lasting, kKeptLasting);
  }
  found->open.push_back(std::move(turn));
  keep_last(found->open, kKeptInTurn);
}

void Exchanges::forget(RequestIndex index) {
  for (const Space space : {Space::Requests, Space::Orders}) {
    for (auto& [id, same] : ids(space)) {
      if (std::erase_if(same.sent, [&](const Sent& sent) { return sent.index == index; }) == 0) continue;
      if (same.sent.empty()) ids(space).erase(std::int64_t{id});
      break;
    }
  }
  for (Unfinished& unfinished : unnumbered_) {
    for (auto* queue : {&unfinished.open, &unfinished.lasting, &unfinished.refused}) {
      std::erase_if(*queue, [&](const InTurn& turn) { return turn.sent.index == index; });
    }
  }
  for (Executions* executions : {&executions_, &older_executions_}) {
    std::erase_if(*executions, [&](const auto& execution) { return execution.second.request == index; });
  }
}

void Exchanges::reset(int server_version) { *this = Exchanges(server_version); }

// ---- what TWS sends -------------------------------------------------------------------------------------------------

Cause Exchanges::came(const Message& answer) {
  const Cause cause = cause_of(answer);
  if (newer(cause.request, answered_)) answered_ = cause.request;
  drop_what_is_over();
  return cause;
}

Cause Exchanges::cause_of(const Message& answer) {
  const MessageInfo& type = answer.type();
  if (has_role(type, Role::RequestOrOrderId)) {
    const auto id = integer_with_role(answer, Role::RequestOrOrderId).value_or(-1);
    return id == -1 ? refused_without_id(answer) : by_either_id(id, answer);
  }
  Cause cause;
  const auto request_id = integer_with_role(answer, Role::RequestId);
  const auto order_id = integer_with_role(answer, Role::OrderId);
  const auto exec_id = text_with_role(answer, Role::ExecId);
  if (request_id) cause = by_request_id(*request_id, answer);
  if (order_id) {
    const Cause of_order = by_order_id(*order_id, answer);
    if (cause.request == kNoRequest) {
      cause = of_order;
    } else {
      cause.order = of_order.order;
    }
  }
  if (cause.request == kNoRequest && exec_id) cause = by_exec_id(*exec_id);
  if (cause.request == kNoRequest && !request_id && !order_id) cause = by_no_id(answer);
  if (exec_id && cause.request != kNoRequest) keep_exec_id(*exec_id, cause);
  return cause;
}

Exchanges::Sent* Exchanges::newest(Ids& ids, std::int64_t id, const MessageInfo* answer) {
  const auto known = ids.find(id);
  if (known == ids.end()) return nullptr;
  auto& list = known->second.sent;
  const auto found = std::find_if(list.rbegin(), list.rend(), [&](const Sent& sent) {
    return answer == nullptr || contains(sent.type->answers, *answer);
  });
  return found == list.rend() ? nullptr : &*found;
}

/// What placed or last changed an order; null when this connection did neither.
Exchanges::Sent* Exchanges::placed(Same& order) {
  const auto found =
      std::find_if(order.sent.rbegin(), order.sent.rend(), [](const Sent& s) { return s.type->cancels == nullptr; });
  return found == order.sent.rend() ? nullptr : &*found;
}

Cause Exchanges::by_request_id(std::int64_t id, const Message& answer) {
  Sent* sent = newest(requests_, id, &answer.type());
  if (sent == nullptr) return {};
  const End* end = sent->ended ? nullptr : end_by(*sent->type, sent->ends, answer);
  const bool update = sent->ended && !follows_batch(*sent->type, sent->ends, answer.type());
  const Cause cause{sent->index, update, end != nullptr, kNoRequest};
  if (end != nullptr) {
    sent->ended = true;
    if (!end->batch) finish(Space::Requests, id, *sent);
  }
  return cause;
}

/// An error, or something else that names a request or an order: the newer of the two.
Cause Exchanges::by_either_id(std::int64_t id, const Message& answer) {
  const MessageInfo* type = answer.is<ErrorMessage>() ? nullptr : &answer.type();
  Sent* request = newest(requests_, id, type);
  Sent* order = newest(orders_, id, type);
  const auto same = orders_.find(id);
  const RequestIndex all = same == orders_.end() ? kNoRequest : same->second.cancelled;
  RequestIndex about_order = order == nullptr ? kNoRequest : order->index;
  if (newer(all, about_order)) about_order = all;
  if (request != nullptr && newer(request->index, about_order)) return refused_request(id, *request, answer);
  if (about_order == kNoRequest) return {};
  const Sent* owner = placed(same->second);
  const bool refused_at_once = same->second.sent.size() == 1 && order != nullptr && order == owner;
  if (refused_at_once && ends_requests(code_of(answer))) finish(Space::Orders, id, *order);
  return {about_order, false, false, owner == nullptr ? kNoRequest : owner->index};
}

/// A number that says nothing of a cancel is about what was cancelled: the two have crossed on their way.
Cause Exchanges::refused_request(std::int64_t id, Sent& newest, const Message& answer) {
  const ErrorCodeInfo* code = code_of(answer);
  Sent* about = &newest;
  if (newest.type->cancels != nullptr && code != nullptr && !contains(code->refuses, *newest.type) &&
      !contains(code->confirms, *newest.type)) {
    auto& list = requests_.find(id)->second.sent;
    const auto cancelled =
        std::find_if(list.rbegin(), list.rend(), [&](const Sent& sent) { return sent.type == newest.type->cancels; });
    if (cancelled != list.rend()) about = &*cancelled;
  }
  const bool end = ends_requests(code);
  const Cause cause{about->index, false, end, kNoRequest};
  if (end) finish(Space::Requests, id, *about);
  return cause;
}

/// Which request it can be stands beside the numbers of errors. TWS answers in turn, so that it is the oldest one under
/// way, or the last one of those that have no end; what has been answered is not refused afterwards, nor is what was
/// sent before something that has been answered.
Cause Exchanges::refused_without_id(const Message& error) {
  const ErrorCodeInfo* code = code_of(error);
  if (code == nullptr || code->concerns.empty()) return {};
  const bool end = ends_requests(code);
  Unfinished* open = nullptr;
  Unfinished* last = nullptr;
  for (Unfinished& unfinished : unnumbered_) {
    if (!contains(code->concerns, *unfinished.type)) continue;
    if (!unfinished.open.empty()) {
      const RequestIndex oldest = unfinished.open.front().sent.index;
      if (open == nullptr || oldest < open->open.front().sent.index) open = &unfinished;
    }
    if (unfinished.lasting.empty()) continue;
    const Sent& newest = unfinished.lasting.back().sent;
    if (end && (newest.ended || newer(answered_, newest.index))) continue;
    if (last == nullptr || newest.index > last->lasting.back().sent.index) last = &unfinished;
  }
  if (open != nullptr) {
    const Cause cause{open->open.front().sent.index, false, end, kNoRequest};
    if (!end) return cause;
    if (open->type->unnumbered == Unnumbered::Keyed) {
      open->refused.push_back(std::move(open->open.front()));
      keep_last(open->refused, kKeptRefused);
    }
    open->open.pop_front();
    return cause;
  }
  if (last == nullptr) return {};
  const Cause cause{last->lasting.back().sent.index, false, end, kNoRequest};
  if (end) last->lasting.pop_back();
  return cause;
}

Cause Exchanges::by_order_id(std::int64_t id, const Message& answer) {
  const MessageInfo& type = answer.type();
  const bool of_orders = order_type() != nullptr && contains(order_type()->answers, type);
  if (!of_orders || !of_this_client(answer)) return by_no_id(answer);
  const auto known = orders_.find(id);
  Same stranger;
  Same& order = known == orders_.end() ? stranger : known->second;
  Sent* owner = placed(order);
  Sent* asked = newest(orders_, id, &type);
  const bool closes =
      is_last_state(answer) || (owner != nullptr && end_by(*owner->type, owner->ends, answer) != nullptr);

  const RequestIndex of_owner = owner == nullptr ? kNoRequest : owner->index;
  Cause cause{asked == nullptr ? kNoRequest : asked->index, false, asked != nullptr && closes && !order.closed};
  if (newer(order.cancelled, cause.request)) cause = {order.cancelled};
  const Place list = under_way(answer);
  if (list.among != nullptr && newer(list.among->open[list.at].sent.index, cause.request)) {
    cause = in_turn(list, answer);
  }
  if (cause.request == kNoRequest) cause = lasting(answer);
  cause.order = of_owner;
  if (id != 0) follow(order, id, closes);
  return cause;
}

/// An order's state, for what comes next. `order` may be one that is not kept yet.
void Exchanges::follow(Same& order, std::int64_t id, bool closes) {
  const bool kept = orders_.contains(id);
  if (order.sent.empty()) {
    if (kept && closes) {
      orders_.erase(id);
      --strangers_;
    } else if (!kept && !closes && strangers_ < kKeptStrangers) {
      orders_.emplace(id, Same());
      ++strangers_;
    }
    return;
  }
  order.closed = order.closed || closes;
  if (closes) order.cancelled = kNoRequest;
  for (Sent& sent : order.sent) {
    if (closes) finish(Space::Orders, id, sent);
    // An error that did not end it after all.
    if (!order.closed && sent.type->cancels == nullptr) sent.over = false;
  }
}

bool Exchanges::of_this_client(const Message& answer) const {
  const auto client_id = integer_with_role(answer, Role::ClientId);
  return !client_id || !client_id_ || *client_id == *client_id_;
}

Cause Exchanges::by_no_id(const Message& answer) {
  const Place place = under_way(answer);
  if (place.among != nullptr) return in_turn(place, answer);
  for (const Unfinished& unfinished : unnumbered_) {
    if (unfinished.refused.empty() || !contains(unfinished.type->answers, answer.type())) continue;
    const auto refused = std::ranges::find(unfinished.refused, key_of(answer), &InTurn::key);
    if (refused != unfinished.refused.end()) return {refused->sent.index};
  }
  return lasting(answer);
}

/// The request under way that the answer is for: among those of a type by its key, or the oldest; among types the
/// oldest.
Exchanges::Place Exchanges::under_way(const Message& answer) {
  Place oldest;
  for (Unfinished& unfinished : unnumbered_) {
    const auto& open = unfinished.open;
    if (open.empty() || !contains(unfinished.type->answers, answer.type())) continue;
    const Unnumbered rule = unfinished.type->unnumbered;
    std::size_t at = 0;
    if (rule == Unnumbered::Keyed || rule == Unnumbered::Counted) {
      const auto found = std::ranges::find(open, key_of(answer), &InTurn::key);
      if (found == open.end() && rule == Unnumbered::Keyed) continue;
      if (found != open.end()) at = static_cast<std::size_t>(found - open.begin());
    }
    if (oldest.among == nullptr || open[at].sent.index < oldest.among->open[oldest.at].sent.index) {
      oldest = {&unfinished, at};
    }
  }
  return oldest;
}

Cause Exchanges::in_turn(Place place, const Message& answer) {
  auto& open = place.among->open;
  InTurn& turn = open[place.at];
  const End* end = end_by(*turn.sent.type, turn.sent.ends, answer);
  const Cause cause{turn.sent.index, false, end != nullptr, kNoRequest};
  if (end == nullptr) return cause;
  if (end->batch) {
    turn.sent.ended = true;
    place.among->lasting.push_back(std::move(turn));
    keep_last(place.among->lasting, kKeptLasting);
  }
  open.erase(open.begin() + static_cast<std::ptrdiff_t>(place.at));
  return cause;
}

/// The newest one that goes on and has this answer; of subscriptions rather the one with the answer's key. A cancel of
/// all is none: what it did is told of each order.
Cause Exchanges::lasting(const Message& answer) {
  Sent* found = nullptr;
  for (Unfinished& unfinished : unnumbered_) {
    auto& list = unfinished.lasting;
    const MessageInfo& type = *unfinished.type;
    if (list.empty() || type.cancels_all != nullptr || !contains(type.answers, answer.type())) continue;
    InTurn* newest = &list.back();
    if (type.unnumbered == Unnumbered::Counted) {
      const std::string key = key_of(answer);
      const auto same = std::find_if(list.rbegin(), list.rend(), [&](const InTurn& turn) { return turn.key == key; });
      if (!key.empty() && same != list.rend()) newest = &*same;
    }
    if (found == nullptr || newest->sent.index > found->index) found = &newest->sent;
  }
  if (found == nullptr) return {};
  // One that was cancelled in its first batch can come to its end all the same.
  const bool end = !found->ended && end_by(*found->type, found->ends, answer) != nullptr;
  const Cause cause{found->index, found->ended, end, kNoRequest};
  found->ended = found->ended || end;
  return cause;
}

Cause Exchanges::by_exec_id(std::string_view id) const {
  for (const Executions* executions : {&executions_, &older_executions_}) {
    if (const auto known = executions->find(id); known != executions->end()) return known->second;
  }
  return {};
}

void Exchanges::keep_exec_id(std::string_view id, const Cause& cause) {
  const Cause kept{cause.request, cause.update, false, cause.order};
  if (const auto known = executions_.find(id); known != executions_.end()) {
    known->second = kept;
    return;
  }
  if (executions_.size() >= kKeptExecutions) {
    older_executions_ = std::move(executions_);
    executions_.clear();
  }
  executions_.emplace(id, kept);
}

}  // namespace ibkr::protocol
