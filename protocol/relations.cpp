#include "protocol/relations.h"

#include <algorithm>

#include "protocol/catalogue.h"
#include "protocol/storage.h"
#include "protocol/text_conditions.h"

namespace ibkr::protocol {
namespace {

/// The conditions of a relation ask fields only, not the server version.
bool hold_for(std::span<const Condition> conditions, std::span<const TextSlot> slots, const Message& message) {
  if (conditions.empty()) return true;
  TextScope<const void> scope(kMaxServerVersion, slots.size(), message.body());
  for (std::size_t slot = 1; slot < slots.size(); ++slot) {
    scope.objects[slot] = part(*slots[slot].field, scope.objects[slots[slot].parent]);
  }
  return hold(conditions, scope);
}

bool counts(const End& end, const Message& request, int server_version) {
  return server_version >= end.since && (end.until == 0 || server_version < end.until) &&
         hold_for(end.conditions, end.slots, request);
}

}  // namespace

std::uint32_t ends_that_count(const Message& request, int server_version) {
  const auto ends = request.type().ends;
  std::uint32_t counting = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (counts(ends[i], request, server_version)) counting |= std::uint32_t{1} << i;
  }
  return counting;
}

const End* end_by(const MessageInfo& request_type, std::uint32_t counting, const Message& answer) {
  for (const End& end : request_type.ends) {
    if ((counting & 1) != 0 && end.answer == &answer.type() &&
        hold_for(end.answer_conditions, end.answer_slots, answer)) {
      return &end;
    }
    counting >>= 1;
  }
  return nullptr;
}

std::vector<const MessageInfo*> ends_of(const Message& request, int server_version) {
  std::vector<const MessageInfo*> answers;
  for (const End& end : request.type().ends) {
    if (!counts(end, request, server_version) || std::ranges::count(answers, end.answer) != 0) continue;
    answers.push_back(end.answer);
  }
  return answers;
}

bool ends(const Message& answer, const Message& request, int server_version) {
  return end_by(request.type(), ends_that_count(request, server_version), answer) != nullptr;
}

bool goes_on(const Message& request, int server_version) {
  bool batch = false, ended = false;
  for (const End& end : request.type().ends) {
    if (!counts(end, request, server_version)) continue;
    (end.batch ? batch : ended) = true;
  }
  return !ended && (batch || request.type().kind == RequestKind::Stream) && cancelled_by(request) == nullptr;
}

const MessageInfo* cancelled_by(const Message& request) {
  const MessageInfo& type = request.type();
  if (type.cancels_own_if.empty()) return type.cancels;
  return hold_for(type.cancels_own_if, type.cancels_own_slots, request) ? &type : type.cancels;
}

}  // namespace ibkr::protocol
