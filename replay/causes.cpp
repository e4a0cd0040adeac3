#include "replay/causes.h"

#include <algorithm>

#include "protocol/fields.h"
#include "protocol/relations.h"

namespace ibkr::replay {

using protocol::Message;
using protocol::MessageInfo;
using protocol::RequestKind;
using protocol::Role;

namespace {

bool contains(std::span<const MessageInfo* const> list, const MessageInfo& type) {
  return std::find(list.begin(), list.end(), &type) != list.end();
}

/// kNoRequest counts as older than any request.
RequestIndex newer(RequestIndex a, RequestIndex b) {
  if (a == kNoRequest) return b;
  return b == kNoRequest ? a : std::max(a, b);
}

}  // namespace

std::optional<std::string> text_with_role(const Message& message, Role role) {
  std::optional<std::string> found;
  protocol::for_each_field(
      const_cast<Message&>(message),  // the walk hands out writable fields; this one only reads
      [&](const protocol::FieldRef& field, std::string_view) {
        if (!found && field.info().role == role) {
          if (const auto text = field.text()) found = std::string(*text);
        }
      },
      false);
  return found;
}

void Causes::sent(RequestIndex index, const Message& request) {
  const MessageInfo& type = request.type();
  const auto request_id = protocol::integer_with_role(request, Role::RequestId);
  const auto order_id = protocol::integer_with_role(request, Role::OrderId);
  Sent sent{index, &type, protocol::ends_of(request, server_version_)};
  if (request_id) by_request_id_[*request_id].push_back(sent);
  if (order_id) by_order_id_[*order_id].push_back(sent);
  if (request_id || order_id || type.answers.empty()) return;
  Unnumbered& same = unnumbered_[&type];
  if (sent.ends.empty()) {
    same.endless = index;
  } else {
    same.open.push_back(std::move(sent));
  }
}

Cause Causes::came(const Message& answer) {
  const MessageInfo& type = answer.type();
  const auto request_id = protocol::integer_with_role(answer, Role::RequestId);
  const auto any_id = protocol::integer_with_role(answer, Role::RequestOrOrderId);
  const auto order_id = protocol::integer_with_role(answer, Role::OrderId);
  const auto exec_id = text_with_role(answer, Role::ExecId);
  Cause cause;
  if (request_id) cause = by_request_id(*request_id, type);
  if (cause.request == kNoRequest && any_id) return by_any_id(*any_id);
  if (cause.request == kNoRequest && order_id) cause = by_order_id(*order_id, type);
  if (cause.request == kNoRequest && exec_id) {
    if (const auto known = by_exec_id_.find(*exec_id); known != by_exec_id_.end()) return known->second;
  }
  if (cause.request == kNoRequest && !request_id) cause = unnumbered(type);
  if (exec_id && cause.request != kNoRequest) by_exec_id_[*exec_id] = {cause.request, cause.update, false};
  return cause;
}

Causes::Sent* Causes::newest(Ids& ids, std::int64_t id, const MessageInfo* answer) {
  const auto known = ids.find(id);
  if (known == ids.end()) return nullptr;
  auto& list = known->second;
  const auto found = std::find_if(list.rbegin(), list.rend(), [&](const Sent& sent) {
    return answer == nullptr || contains(sent.type->answers, *answer);
  });
  return found == list.rend() ? nullptr : &*found;
}

Cause Causes::by_request_id(std::int64_t id, const MessageInfo& answer) {
  Sent* sent = newest(by_request_id_, id, &answer);
  if (sent == nullptr) return {};
  const Cause cause{sent->index, sent->ended, !sent->ended && contains(sent->ends, answer)};
  sent->ended = sent->ended || cause.end;
  return cause;
}

Cause Causes::by_any_id(std::int64_t id) {
  const Sent* request = newest(by_request_id_, id, nullptr);
  const Sent* order = newest(by_order_id_, id, nullptr);
  return {newer(request ? request->index : kNoRequest, order ? order->index : kNoRequest)};
}

Cause Causes::by_order_id(std::int64_t id, const MessageInfo& answer) {
  const Sent* order = newest(by_order_id_, id, &answer);
  const Cause listed = unnumbered(answer);
  if (order == nullptr) return listed;
  if (listed.request != kNoRequest && listed.request > order->index) return listed;
  return {order->index, false, contains(order->ends, answer)};
}

RequestIndex Causes::oldest_open(const MessageInfo& answer, Unnumbered*& found) {
  RequestIndex oldest = kNoRequest;
  for (auto& [type, requests] : unnumbered_) {
    if (requests.open.empty() || !contains(type->answers, answer)) continue;
    if (requests.open.front().index < oldest) {
      oldest = requests.open.front().index;
      found = &requests;
    }
  }
  return oldest;
}

Cause Causes::unnumbered(const MessageInfo& answer) {
  Unnumbered* requests = nullptr;
  if (const RequestIndex open = oldest_open(answer, requests); open != kNoRequest) {
    const MessageInfo& type = *requests->open.front().type;
    const bool end = contains(requests->open.front().ends, answer);
    if (end) {
      requests->open.pop_front();
      if (type.kind == RequestKind::Stream) requests->ended_stream = newer(requests->ended_stream, open);
    }
    return {open, false, end};
  }
  RequestIndex endless = kNoRequest, stream = kNoRequest;
  for (const auto& [type, of_type] : unnumbered_) {
    if (!contains(type->answers, answer)) continue;
    endless = newer(endless, of_type.endless);
    stream = newer(stream, of_type.ended_stream);
  }
  const RequestIndex latest = newer(endless, stream);
  return {latest, latest != kNoRequest && latest == stream, false};
}

}  // namespace ibkr::replay
