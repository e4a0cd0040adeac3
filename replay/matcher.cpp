#include "replay/matcher.h"

#include <limits>

#include "protocol/fields.h"

namespace ibkr::replay {

using protocol::Difference;
using protocol::Message;
using protocol::Role;

namespace {

/// Enough to find the nearest; explaining must not take long where a session has a million requests.
constexpr std::size_t kExplained = 1000;
constexpr std::size_t kAllDifferences = 1000;

bool takes_part(const protocol::FieldInfo& field, const void* object) {
  switch (protocol::role_of(field, object)) {
    case Role::RequestId:
    case Role::OrderId:
    case Role::RequestOrOrderId:
    case Role::PermId:
    case Role::ClientId:
    case Role::Stamp:
    case Role::User:
      return false;
    case Role::None:
    case Role::When:
    case Role::Secret:
    case Role::Account:
    case Role::ExecId:
    case Role::Tag:
    case Role::Text:
      return true;
  }
  return true;
}

std::string shown(const std::string& value) { return value.empty() ? "nothing" : value; }

std::string line(const Difference& difference) {
  return difference.path + ": recorded " + shown(difference.left) + ", live " + shown(difference.right);
}

}  // namespace

std::string Mismatch::summary() const {
  const std::string start = "no recorded request matches " + name;
  if (!nearest) return start + "; the recording has none";
  const std::string number = "#" + std::to_string(*nearest);
  if (differences.empty()) return start + "; " + number + " is equal, and has been served already";
  std::string text = start + "; nearest is " + number + (used ? " (served already)" : "") + ": " + line(differences[0]);
  if (differences.size() > 1) text += ", and " + std::to_string(differences.size() - 1) + " more";
  return text;
}

std::string Mismatch::report() const {
  if (differences.size() < 2) return summary();
  std::string text = "no recorded request matches " + name + "; nearest is #" + std::to_string(*nearest) +
                     (used ? " (served already)" : "") + ":";
  for (const Difference& difference : differences) text += "\n  " + line(difference);
  return text;
}

Matcher::Matcher(const Recording& recording, Ids& ids)
    : recording_(recording), ids_(ids), used_(recording.requests().size(), false) {
  for (RequestIndex index = 0; index < recording.requests().size(); ++index) {
    by_type_[recording.requests()[index].type].all.push_back(index);
  }
}

Expected<RequestIndex, Mismatch> Matcher::match(const Message& live) {
  Candidates& candidates = by_type_[&live.type()];
  for (std::size_t i = candidates.first_unused; i < candidates.all.size(); ++i) {
    const RequestIndex index = candidates.all[i];
    if (used_[index] || !differences(index, live, 1).empty()) continue;
    ids_.bind(recording_.request(index), live);
    use(candidates, index);
    return index;
  }
  return Unexpected(explain(live, candidates));
}

Expected<RequestIndex, Mismatch> Matcher::match_raw(std::string_view payload) {
  Candidates& candidates = by_type_[nullptr];
  Mismatch mismatch;
  mismatch.name = "a frame of " + std::to_string(payload.size()) + " bytes that cannot be decoded";
  for (const RequestIndex index : candidates.all) {
    const RecordedRequest& request = recording_.requests()[index];
    if (recording_.bytes(request.payload) != payload) continue;
    if (!used_[index]) {
      use(candidates, index);
      return index;
    }
    mismatch.nearest = request.sequence;
    mismatch.used = true;
  }
  return Unexpected(std::move(mismatch));
}

std::vector<Difference> Matcher::differences(RequestIndex index, const Message& live, std::size_t limit) const {
  const Message recorded = recording_.request(index);
  auto found = protocol::compare(recorded, live,
                                 {.takes_part = takes_part, .unset_is_default = true, .unknown = true, .limit = limit});
  if (found.size() >= limit) return found;
  for (Difference& conflict : ids_.conflicts(recorded, live)) found.push_back(std::move(conflict));
  return found;
}

Mismatch Matcher::explain(const Message& live, const Candidates& candidates) const {
  Mismatch mismatch;
  mismatch.name = std::string(live.name());
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  // An unused request is the better explanation; among equals the first.
  for (const bool used : {false, true}) {
    if (mismatch.nearest) break;
    std::size_t looked_at = 0;
    for (const RequestIndex index : candidates.all) {
      if (used_[index] != used || ++looked_at > kExplained) continue;
      auto found = differences(index, live, kAllDifferences);
      if (found.size() >= fewest) continue;
      fewest = found.size();
      mismatch.nearest = recording_.requests()[index].sequence;
      mismatch.used = used;
      mismatch.differences = std::move(found);
    }
  }
  return mismatch;
}

void Matcher::use(Candidates& candidates, RequestIndex index) {
  used_[index] = true;
  while (candidates.first_unused < candidates.all.size() && used_[candidates.all[candidates.first_unused]]) {
    ++candidates.first_unused;
  }
}

}  // namespace ibkr::replay
