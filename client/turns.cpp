#include "client/turns.h"

#include <algorithm>
#include <vector>

#include "protocol/catalogue.h"
#include "protocol/identity.h"
#include "protocol/relations.h"

namespace ibkr::client {
namespace {

using protocol::MessageInfo;
using protocol::Unnumbered;

bool share_an_answer(const MessageInfo& left, const MessageInfo& right) {
  return std::ranges::any_of(left.answers, [&](const MessageInfo* answer) {
    return std::ranges::find(right.answers, answer) != right.answers.end();
  });
}

/// The first type that shares an answer with this one, or with one that does.
const MessageInfo& first_of_family(const MessageInfo& type) {
  std::vector<const MessageInfo*> family{&type};
  for (std::size_t i = 0; i < family.size(); ++i) {
    for (const MessageInfo* other : protocol::all_messages()) {
      if (other->unnumbered != Unnumbered::Family || std::ranges::find(family, other) != family.end()) continue;
      if (share_an_answer(*family[i], *other)) family.push_back(other);
    }
  }
  return **std::ranges::min_element(family, {}, &MessageInfo::id);
}

}  // namespace

std::optional<std::string> turn_of(const protocol::Message& request) {
  const MessageInfo& type = request.type();
  if (type.ends.empty()) return std::nullopt;
  switch (type.unnumbered) {
    case Unnumbered::No:
    case Unnumbered::Counted:
    case Unnumbered::Command:
      return std::nullopt;
    case Unnumbered::Alone:
    case Unnumbered::Joined:
      return std::string(type.name);
    case Unnumbered::Keyed:
      return std::string(type.name) + " " + protocol::key_of(request);
    case Unnumbered::Family:
      break;
  }
  return std::string(first_of_family(type).name);
}

bool Turns::take(const std::string& turn, Ticket ticket) {
  auto& line = turns_[turn];
  line.push_back(ticket);
  return line.size() == 1;
}

std::optional<Ticket> Turns::leave(const std::string& turn, Ticket ticket) {
  const auto found = turns_.find(turn);
  if (found == turns_.end()) return std::nullopt;
  auto& line = found->second;
  const bool had_it = !line.empty() && line.front() == ticket;
  std::erase(line, ticket);
  if (line.empty()) {
    turns_.erase(found);
    return std::nullopt;
  }
  return had_it ? std::optional(line.front()) : std::nullopt;
}

std::deque<Ticket> Turns::waiting(const std::string& turn) const {
  const auto found = turns_.find(turn);
  if (found == turns_.end()) return {};
  return {found->second.begin() + 1, found->second.end()};
}

}  // namespace ibkr::client
