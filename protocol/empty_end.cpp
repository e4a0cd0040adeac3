#include "protocol/empty_end.h"

#include "protocol/relations.h"
#include "protocol/ties.h"

namespace ibkr::protocol {

std::optional<Message> empty_end(const Message& request, int server_version) {
  const auto ends = ends_of(request, server_version);
  if (ends.empty() || ends.front()->pushed) return std::nullopt;
  Message end(*ends.front());
  copy_ties(request, end);
  return end;
}

}  // namespace ibkr::protocol
