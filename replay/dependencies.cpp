#include "replay/dependencies.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "protocol/fields.h"
#include "protocol/identity.h"

namespace ibkr::replay {

namespace {

using protocol::Role;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

/// The newest of ascending requests that was recorded before the frame and after its cause.
RequestIndex newest(const std::vector<RequestIndex>& requests, const RecordedFrame& frame) {
  const auto behind = std::lower_bound(requests.begin(), requests.end(), frame.requests_before);
  if (behind == requests.begin() || *std::prev(behind) <= frame.cause.request) return kNoRequest;
  return *std::prev(behind);
}

RequestIndex newer(RequestIndex a, RequestIndex b) {
  if (a == kNoRequest) return b;
  return b == kNoRequest ? a : std::max(a, b);
}

/// How many of the first answers an app must get: all of an order's, else up to the end, as what comes behind it is
/// news; all where there is no end, but none of a stream.
std::size_t owed(const RecordedRequest& request, const std::vector<RecordedFrame>& frames) {
  if (request.about_orders) return request.answers.size();
  const auto end = std::find_if(request.answers.begin(), request.answers.end(),
                                [&](FrameIndex answer) { return frames[answer].cause.end; });
  if (end != request.answers.end()) return static_cast<std::size_t>(end - request.answers.begin()) + 1;
  const bool stream = request.type != nullptr && request.type->kind == protocol::RequestKind::Stream;
  return stream ? 0 : request.answers.size();
}

}  // namespace

std::size_t Dependencies::place_of(std::int64_t order_id) {
  const auto [found, added] = places_.try_emplace(order_id, parents_.size());
  if (added) parents_.push_back(found->second);
  return found->second;
}

std::size_t Dependencies::family(std::size_t place) {
  while (parents_[place] != place) place = parents_[place] = parents_[parents_[place]];
  return place;
}

void Dependencies::asked(RequestIndex index, const protocol::Message& request) {
  if (!protocol::has_role(request.type(), Role::OrderId)) {
    const protocol::MessageInfo* all = request.type().cancels_all;
    if (all != nullptr && protocol::has_role(*all, Role::OrderId)) asked_.push_back({index, kAll});
    return;
  }
  const auto own = protocol::integer_with_role(request, Role::OrderId);
  if (!own) return;
  const std::size_t place = place_of(*own);
  asked_.push_back({index, place});
  protocol::for_each_field(
      request,
      [&](const protocol::FieldView& field, std::string_view) {
        if (field.info().role != Role::OrderId) return;
        const std::int64_t id = field.integer().value_or(0);
        if (id != 0 && id != *own) parents_[family(place_of(id))] = family(place);
      },
      false);
}

void Dependencies::set(std::vector<RecordedRequest>& requests, std::vector<RecordedFrame>& frames) {
  std::vector<RequestIndex> of_any;
  std::map<std::size_t, std::vector<RequestIndex>> of_family;
  std::map<RequestIndex, std::size_t> families;
  for (const Asked& asked : asked_) {
    requests[asked.request].about_orders = true;
    of_any.push_back(asked.request);
    if (asked.place == kAll) continue;
    families[asked.request] = family(asked.place);
    of_family[family(asked.place)].push_back(asked.request);
  }
  std::vector<RequestIndex> cancelled_by(requests.size(), kNoRequest);
  for (RequestIndex index = 0; index < requests.size(); ++index) {
    for (const Silenced& silenced : requests[index].silences) {
      if (!silenced.updates_only) cancelled_by[silenced.request] = index;
    }
  }
  for (RecordedFrame& frame : frames) {
    if (frame.cause.request == kNoRequest) continue;
    if (frame.cause.update) {
      frame.after = newest(of_any, frame);
    } else if (const auto order = families.find(frame.cause.request); order != families.end()) {
      frame.after = newest(of_family[order->second], frame);
    }
    const RequestIndex cancel = cancelled_by[frame.cause.request];
    if (cancel != kNoRequest && cancel < frame.requests_before) frame.after = newer(frame.after, cancel);
  }
  for (RecordedRequest& request : requests) request.owed = owed(request, frames);
}

}  // namespace ibkr::replay
