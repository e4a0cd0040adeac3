#include "protocol/relations.h"

#include <algorithm>

#include "protocol/storage.h"
#include "protocol/text_conditions.h"

namespace ibkr::protocol {
namespace {

bool holds(const End& end, const Message& request, int server_version) {
  if (server_version < end.since || (end.until != 0 && server_version >= end.until)) return false;
  // Conditions only read.
  TextScope scope(server_version, end.slots.size(), const_cast<void*>(request.body()));
  for (std::size_t slot = 1; slot < end.slots.size(); ++slot) {
    const TextSlot& info = end.slots[slot];
    scope.objects[slot] = const_cast<void*>(part(*info.field, scope.objects[info.parent]));
  }
  return hold(end.conditions, scope);
}

}  // namespace

std::vector<const MessageInfo*> ends_of(const Message& request, int server_version) {
  std::vector<const MessageInfo*> answers;
  for (const End& end : request.type().ends) {
    if (holds(end, request, server_version)) answers.push_back(end.answer);
  }
  return answers;
}

bool ends(const MessageInfo& answer, const Message& request, int server_version) {
  return std::ranges::any_of(request.type().ends, [&](const End& end) {
    return end.answer == &answer && holds(end, request, server_version);
  });
}

}  // namespace ibkr::protocol
