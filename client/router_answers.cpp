// The way in: whose a message is, and whether the request is over with it.
#include <algorithm>
#include <utility>

#include "client/router.h"
#include "protocol/error_codes.h"
#include "protocol/identity.h"
#include "protocol/messages.h"
#include "protocol/relations.h"

namespace ibkr::client {

using protocol::kNoRequest;
using protocol::Message;
using protocol::MessageInfo;
using protocol::Role;
using protocol::Unnumbered;

namespace {

/// Of a number that we have no facts about: TWS keeps this range for what goes on.
bool is_warning_by_range(std::int32_t code) { return code >= 2100 && code < 2200; }

std::int32_t code_of(const Message& error) { return error.as<protocol::ErrorMessage>().error_code.value_or(0); }

}  // namespace

Router::Pending* Router::find_sent(RequestIndex index) {
  const auto found = sent_.find(index);
  return found == sent_.end() ? nullptr : find(found->second);
}

bool Router::count_late(RequestIndex index, bool end) {
  const auto found = given_up_.find(index);
  if (found == given_up_.end()) return false;
  ++late_answers_;
  if (end) {
    const GivenUp gone = std::move(found->second);
    given_up_.erase(found);
    pass_turn(gone.turn, gone.ticket);
  }
  return true;
}

void Router::came(Message message) {
  if (server_version_ == 0) return;
  const protocol::Cause cause = exchanges_.came(message);
  if (message.is<protocol::ErrorMessage>()) return came_error(message, cause);
  deliver_to_order(message, cause);
  if (cause.request != kNoRequest) deliver(cause.request, std::move(message), cause);
}

// ---- answers --------------------------------------------------------------------------------------------------------

/// The stream of the order that a message is about: what placed it, also on an earlier connection.
Router::Pending* Router::order_of(const Message& message, const protocol::Cause& cause) {
  if (orders_.empty()) return nullptr;
  if (Pending* placed = find_sent(cause.order)) return placed->is_order ? placed : nullptr;
  auto id = protocol::integer_with_role(message, Role::OrderId);
  if (!id) id = protocol::integer_with_role(message, Role::RequestOrOrderId);
  const auto found = id ? orders_.find(*id) : orders_.end();
  return found == orders_.end() ? nullptr : find(found->second);
}

/// What is an answer to another request, and news of an order.
void Router::deliver_to_order(const Message& message, const protocol::Cause& cause) {
  Pending* order = order_of(message, cause);
  if (order == nullptr || order->sink == nullptr) return;
  if (cause.request != kNoRequest && order->index == cause.request) return;
  const auto& answers = order->message.type().answers;
  if (std::ranges::find(answers, &message.type()) != answers.end()) order->sink->row(message);
}

void Router::deliver(RequestIndex index, Message message, const protocol::Cause& cause) {
  if (Pending* pending = find_sent(index)) {
    return deliver(*pending, std::move(message), cause.end, cause.update);
  }
  const auto shared = std::ranges::find_if(
      shared_, [&](const auto& one) { return std::ranges::count(one.second.indices, index) != 0; });
  if (shared != shared_.end()) return deliver_shared(*shared->first, index, message, cause.end);
  count_late(index, cause.end);
}

void Router::deliver(Pending& pending, Message message, bool end, bool update) {
  if (update && pending.want == Want::FirstBatch) return;
  if (end && pending.message.type().unnumbered == Unnumbered::Joined) answer_those_in_line(pending, message);
  if (pending.sink != nullptr && !pending.sink->row(std::move(message))) {
    return give_up(pending, error_about(Reason::Cancelled, pending.message, "it has too many answers", ""));
  }
  if (!end) return;
  if (pending.want == Want::Stream && (pending.is_order || protocol::goes_on(pending.message, server_version_))) {
    return pending.sink->end_of_batch();
  }
  complete(pending);
}

/// It has what it wanted; a subscription of which no more is wanted is cancelled.
void Router::complete(Pending& pending) {
  const bool goes_on = !pending.is_order && protocol::goes_on(pending.message, server_version_);
  const bool is_last = !pending.is_shared || shared_[&pending.message.type()].users.size() == 1;
  const Message request = pending.message;
  if (goes_on && !pending.is_shared) abandon(pending.index, pending.ticket, std::nullopt);
  const auto sink = remove(pending);
  if (goes_on && is_last) send_cancel(request);
  if (sink) sink->done();
}

/// TWS may answer one of them alone: the answer is for all.
void Router::answer_those_in_line(const Pending& pending, const Message& message) {
  for (const Ticket ticket : turns_.waiting(*pending.turn)) {
    Pending* waiting = find(ticket);
    if (waiting == nullptr) continue;
    const auto sink = remove(*waiting);
    if (sink == nullptr) continue;
    sink->row(message);
    sink->done();
  }
}

void Router::deliver_shared(const MessageInfo& type, RequestIndex index, const Message& message, bool end) {
  for (const Ticket ticket : std::vector<Ticket>(shared_[&type].users)) {
    Pending* pending = find(ticket);
    // A batch that was asked for before this user came is not whole for him.
    const bool asked = pending != nullptr && pending->index != kNoRequest && pending->index <= index;
    if (asked || (pending != nullptr && pending->want == Want::Stream && pending->index != kNoRequest)) {
      deliver(*pending, message, end && asked, false);
    }
  }
}

// ---- errors ---------------------------------------------------------------------------------------------------------

void Router::came_error(const Message& message, const protocol::Cause& cause) {
  if (Pending* pending = find_sent(cause.request)) {
    if (refuse(*pending, message, cause.end)) return;
    return on_notice_(error_of(message, &pending->message, false));
  }
  const auto shared = std::ranges::find_if(
      shared_, [&](const auto& one) { return std::ranges::count(one.second.indices, cause.request) != 0; });
  if (shared != shared_.end()) {
    bool ended = false;
    for (const Ticket ticket : std::vector<Ticket>(shared->second.users)) {
      if (Pending* pending = find(ticket)) ended = refuse(*pending, message, cause.end) || ended;
    }
    if (!ended) on_notice_(error_of(message, nullptr, false));
    return;
  }
  if (count_late(cause.request, cause.end)) return;
  Pending* order = order_of(message, cause);
  if (order != nullptr && refuse(*order, message, false)) return;
  on_notice_(error_of(message, order == nullptr ? nullptr : &order->message, false));
}

/// True when the request is over with it. An order never is, by an error alone; whoever waits for its first word is
/// told.
bool Router::refuse(Pending& pending, const Message& message, bool ends_exchange) {
  const protocol::ErrorCodeInfo* code = protocol::find_error_code(code_of(message));
  const bool is_call = pending.want != Want::Stream;
  const bool says_so = code != nullptr && code->effect == protocol::ErrorEffect::Ends;
  const bool unknown = code == nullptr && !is_warning_by_range(code_of(message));
  const bool ends = pending.is_order ? is_call && (says_so || unknown) : ends_exchange || (is_call && unknown);
  const Error error = error_of(message, &pending.message, ends);
  if (!ends) {
    if (pending.sink) pending.sink->remark(error);
    return false;
  }
  if (!ends_exchange && !pending.is_order && !pending.is_shared) {
    abandon(pending.index, pending.ticket, std::exchange(pending.turn, std::nullopt));
  }
  const auto sink = remove(pending);
  if (sink) sink->fail(error);
  return true;
}

}  // namespace ibkr::client
