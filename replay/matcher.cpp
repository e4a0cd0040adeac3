#include "replay/matcher.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/identity.h"
#include "protocol/relations.h"
#include "protocol/statements.h"
#include "protocol/unicode.h"
#include "replay/refusal.h"

namespace ibkr::replay {

using protocol::Message;
using protocol::MessageInfo;
using protocol::Pseudonyms;
using protocol::Role;

namespace {

/// What a near miss shows of one value.
constexpr std::size_t kShownBytes = 200;

struct Value {
  std::string path;
  std::string shown;
  std::string exact;
};

std::string shown(Pseudonyms& pseudonyms, Role role, std::string_view value) {
  if (value.empty()) return "\"\"";
  const std::string text = protocol::printable(pseudonyms.shown(role, value));
  if (text.size() <= kShownBytes) return text;
  return text.substr(0, kShownBytes) + "… (" + std::to_string(value.size()) + " bytes)";
}

std::vector<Value> values_of(const Message& message, Pseudonyms& pseudonyms) {
  std::vector<Value> values;
  std::unordered_map<std::string, std::size_t> repeated;  // an unknown field can stand there several times
  protocol::for_each_statement(message, [&](const protocol::Statement& said) {
    if (!takes_part(said.role)) return;
    std::string path(said.path);
    const std::size_t before = said.field == nullptr ? repeated[path]++ : 0;
    if (before > 0) path += "[" + std::to_string(before) + "]";
    values.push_back({std::move(path), shown(pseudonyms, said.role, said.value), std::string(said.value)});
  });
  return values;
}

std::vector<Differing> differences(const std::vector<Value>& recorded, const std::vector<Value>& live) {
  std::unordered_map<std::string_view, const Value*> live_by_path;
  for (const Value& value : live) live_by_path.emplace(value.path, &value);
  std::vector<Differing> found;
  for (const Value& value : recorded) {
    const auto other = live_by_path.find(value.path);
    if (other == live_by_path.end()) {
      found.push_back({value.path, value.shown, ""});
      continue;
    }
    if (other->second->exact != value.exact) found.push_back({value.path, value.shown, other->second->shown});
    live_by_path.erase(other);
  }
  for (const Value& value : live) {
    if (live_by_path.erase(value.path) != 0) found.push_back({value.path, "", value.shown});
  }
  return found;
}

/// An order's cancel is a question to TWS that only TWS can answer, so it is none that could be let pass.
bool asks_tws(const MessageInfo& cancel) { return protocol::has_role(cancel, Role::OrderId); }

/// What stands before the fault of a payload that cannot be decoded; none where its type is not known.
std::optional<Message> read_in_part(std::string_view payload, int server_version) {
  const auto front = protocol::read_head(payload, server_version);
  const MessageInfo* type = front ? protocol::find_message(protocol::Direction::Out, front->id) : nullptr;
  if (type == nullptr) return std::nullopt;
  Message part(*type);
  // The fault is known already; what was read before it stays in the message.
  static_cast<void>(protocol::decode_into(part, server_version, *front, payload));
  return part;
}

std::uint64_t distance(std::int64_t a, std::int64_t b) {
  return a < b ? static_cast<std::uint64_t>(b - a) : static_cast<std::uint64_t>(a - b);
}

}  // namespace

Matcher::Matcher(const Contents& contents, Ids& ids, Pseudonyms& pseudonyms, MatchOptions options)
    : contents_(contents),
      ids_(ids),
      pseudonyms_(pseudonyms),
      options_(options),
      used_(contents.recording().requests().size(), false),
      next_(contents.groups().size(), 0),
      next_order_id_(contents.largest_order_id()) {
  ids_.orders_begin_at(contents.first_order_id());
}

Outcome Matcher::match(std::string_view payload, std::int64_t wall_ns) {
  const int version = contents_.recording().server_version();
  auto decoded = protocol::decode(protocol::Direction::Out, version, payload);
  if (!decoded) {
    const Said said = said_by_raw(payload);
    const auto group = contents_.equal(said);
    if (const auto index = group ? unused_in(*group, said.ids) : std::nullopt) return served(*index, nullptr, said);
    return refused("a frame of " + std::to_string(payload.size()) + " bytes that cannot be decoded (" +
                       protocol::printable(pseudonyms_.masked(decoded.error().to_string())) + ")",
                   nullptr, read_in_part(payload, version), said, wall_ns);
  }
  const Said said = said_by(*decoded);
  next_order_id_ = std::max(next_order_id_, own_order(said.ids) + 1);
  in_use_ = stream_with_id_of(*decoded, said);
  const auto taken = taken_back(*decoded, said);
  if (taken && std::holds_alternative<Ignored>(*taken)) return *taken;
  const auto group = contents_.equal(said);
  if (const auto index = group ? unused_in(*group, said.ids) : std::nullopt) return served(*index, &*decoded, said);
  if (taken) {
    streams_.erase(Own(protocol::cancelled_by(*decoded), own_id(said.ids)));
    return *taken;
  }
  if (const auto index = options_.any_time ? nearest_in_time(said) : std::nullopt) {
    auto let_go =
        differences(values_of(contents_.recording().request(*index), pseudonyms_), values_of(*decoded, pseudonyms_));
    Matched matched = served(*index, &*decoded, said);
    matched.let_go = std::move(let_go);
    return matched;
  }
  if (!said.unknown) {
    if (auto made = answer_from_own(*decoded, version, next_order_id_, wall_ns)) return Answered{{std::move(*made)}};
  }
  return refused(std::string(decoded->name()), &*decoded, std::nullopt, said, wall_ns);
}

Outcome Matcher::match_early(std::string_view payload, std::int64_t wall_ns) {
  const int version = contents_.recording().server_version();
  const auto decoded = protocol::decode(protocol::Direction::Out, version, payload);
  const Said said = decoded ? said_by(*decoded) : said_by_raw(payload);
  for (const RequestIndex index : contents_.early(said)) {
    if (used_[index]) continue;
    used_[index] = true;
    return Matched{index, {}};
  }
  Refused outcome;
  outcome.mismatch.name =
      (decoded ? std::string(decoded->name()) : "a frame of " + std::to_string(payload.size()) + " bytes") +
      " before START_API, where TWS passes requests over";
  outcome.messages =
      refusal(decoded ? &*decoded : nullptr, version, "ibkr replay: " + outcome.mismatch.summary(), wall_ns);
  return outcome;
}

bool Matcher::agrees(RequestIndex index, const IdUses& live) {
  ++looked_at_;
  if (in_use_ && own_id(contents_.request(index).ids) != *in_use_) return false;
  return !used_[index] && ids_.conflicts(contents_.request(index).ids, live, contents_.request(index).choice).empty();
}

std::optional<RequestIndex> Matcher::first_agreeing(const std::vector<RequestIndex>& requests, const IdUses& live) {
  const auto found = std::ranges::find_if(requests, [&](RequestIndex index) { return agrees(index, live); });
  return found == requests.end() ? std::nullopt : std::optional(*found);
}

std::optional<RequestIndex> Matcher::unused_in(GroupIndex group, const IdUses& live) {
  const auto& requests = contents_.groups()[group].requests;
  std::size_t& next = next_[group];
  while (next < requests.size() && used_[requests[next]]) ++next;
  if (next == requests.size()) return std::nullopt;
  // Where the id says which recorded request it must be, the others are not looked at.
  const std::int64_t order = own_order(live), id = own_id(live);
  const Choice free = contents_.request(requests[next]).choice;
  if (id != 0 && (order != 0 || free == Choice::Refers)) {
    const auto recorded = order != 0 ? ids_.recorded_order(order) : ids_.recorded_request(id);
    if (recorded) return first_agreeing(contents_.with_own_id(group, *recorded), live);
    if (const auto older = ids_.older_order(order)) {
      if (const auto found = first_agreeing(contents_.with_own_id(group, *older), live)) return found;
    }
    if (free == Choice::Refers) return first_agreeing(contents_.with_own_id(group, id), live);
  }
  for (std::size_t i = next; i < requests.size(); ++i) {
    if (agrees(requests[i], live)) return requests[i];
  }
  return std::nullopt;
}

std::optional<RequestIndex> Matcher::nearest_in_time(const Said& said) {
  const auto kind = contents_.alike(said);
  if (!kind) return std::nullopt;
  const auto [place, is_new] = by_moment_.try_emplace(*kind);
  auto& moments = place->second;
  if (is_new) {
    for (const GroupIndex group : contents_.of_kind(*kind)) {
      moments.emplace(contents_.groups()[group].moment.value_or(0), group);
    }
  }
  const std::int64_t wanted = said.moment.value_or(0);
  std::vector<std::pair<std::int64_t, GroupIndex>> exhausted;
  std::optional<RequestIndex> nearest;
  for (auto after = moments.lower_bound({wanted, 0}), before = after;
       !nearest && (after != moments.end() || before != moments.begin());) {
    // The earlier one is taken where both are as near.
    const bool back =
        before != moments.begin() &&
        (after == moments.end() || distance(std::prev(before)->first, wanted) <= distance(after->first, wanted));
    const auto candidate = back ? --before : after++;
    nearest = unused_in(candidate->second, said.ids);
    const auto& requests = contents_.groups()[candidate->second].requests;
    if (!nearest && next_[candidate->second] == requests.size()) exhausted.push_back(*candidate);
  }
  for (const auto& moment : exhausted) moments.erase(moment);
  return nearest;
}

Matched Matcher::served(RequestIndex index, const Message* live, const Said& said) {
  used_[index] = true;
  if (live == nullptr) return {index, {}};
  ids_.bind(contents_.request(index).ids, said.ids);
  follow_stream(index, *live, said.ids);
  if (live->type().cancel != nullptr && protocol::cancelled_by(*live) == nullptr) {
    const Own own(&live->type(), own_id(said.ids));
    served_[own] = index;
    refused_.erase(own);
  }
  return {index, {}};
}

/// The recorded id of the subscription that goes on under the id that a new one has, too. TWS takes no second one.
std::optional<std::int64_t> Matcher::stream_with_id_of(const Message& live, const Said& said) const {
  if (!protocol::goes_on(live, contents_.recording().server_version())) return std::nullopt;
  const auto found = streams_.find(Own(&live.type(), own_id(said.ids)));
  return found == streams_.end() ? std::nullopt : std::optional(found->second);
}

void Matcher::follow_stream(RequestIndex index, const Message& live, const IdUses& ids) {
  const Recording& recording = contents_.recording();
  const Own own(&live.type(), own_id(ids));
  if (const MessageInfo* cancels = protocol::cancelled_by(live)) {
    streams_.erase(Own(cancels, own.second));
  } else if (own_order(ids) == 0 && own.second != 0 && protocol::goes_on(live, recording.server_version())) {
    const auto refused = [&](FrameIndex answer) {
      const RecordedFrame& frame = recording.frames()[answer];
      return frame.cause.end && protocol::has_role(recording.frame(answer).type(), Role::RequestOrOrderId);
    };
    if (std::ranges::any_of(recording.requests()[index].answers, refused)) return;
    streams_[own] = own_id(contents_.request(index).ids);
  }
}

std::optional<Outcome> Matcher::taken_back(const Message& live, const Said& said) const {
  const MessageInfo* cancels = protocol::cancelled_by(live);
  if (cancels == nullptr) return std::nullopt;
  const Own own(cancels, own_id(said.ids));
  if (refused_.count(own) != 0) return Ignored{};
  const auto found = served_.find(own);
  if (found == served_.end() || asks_tws(live.type()) || said.unknown) return std::nullopt;
  return Accepted{found->second};
}

Refused Matcher::refused(std::string name, const Message* live, const std::optional<Message>& part, const Said& said,
                         std::int64_t wall_ns) {
  Refused outcome;
  outcome.mismatch = explain(live ? &live->type() : nullptr, live, said);
  outcome.mismatch.name = std::move(name);
  const Message* about = live != nullptr ? live : part ? &*part : nullptr;
  outcome.messages =
      refusal(about, contents_.recording().server_version(), "ibkr replay: " + outcome.mismatch.summary(), wall_ns);
  if (about != nullptr && about->type().cancel != nullptr && protocol::cancelled_by(*about) == nullptr) {
    const Own own(&about->type(), own_id(live != nullptr ? said.ids : said_by(*about).ids));
    if (refused_.size() >= kMaxRefused) refused_.clear();
    if (served_.count(own) == 0) refused_.insert(own);
  }
  return outcome;
}

Mismatch Matcher::explain(const MessageInfo* type, const Message* live, const Said& said) {
  Mismatch mismatch;
  for (const Contents* other : others_) {
    if (other != &contents_ && !mismatch.elsewhere && other->equal(said)) {
      mismatch.elsewhere = other->recording().session().id;
    }
  }
  if (live == nullptr) {
    if (const auto group = contents_.equal(said)) {
      mismatch.nearest = contents_.recording().requests()[contents_.groups()[*group].requests.back()].sequence;
      mismatch.used = true;
    }
    return mismatch;
  }
  const auto live_values = values_of(*live, pseudonyms_);
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  // An unused request is the better explanation; among equals the first.
  for (const bool used : {false, true}) {
    if (mismatch.nearest) break;
    std::size_t looked_at = 0;
    for (const GroupIndex group : contents_.of_type(type)) {
      const auto& requests = contents_.groups()[group].requests;
      const auto found = std::ranges::find_if(requests.begin() + static_cast<std::ptrdiff_t>(used ? 0 : next_[group]),
                                              requests.end(), [&](RequestIndex i) { return used_[i] == used; });
      if (found == requests.end()) continue;
      if (++looked_at > kExplained) break;
      auto differing = differences(values_of(contents_.recording().request(*found), pseudonyms_), live_values);
      for (const IdConflict& id :
           ids_.conflicts(contents_.request(*found).ids, said.ids, contents_.request(*found).choice)) {
        differing.push_back({id.path, id.recorded, id.live});
      }
      if (in_use_ && own_id(contents_.request(*found).ids) != *in_use_) {
        const auto id = std::ranges::find(said.ids, Role::RequestId, &IdUse::role);
        differing.push_back({id == said.ids.end() ? "id" : id->path,
                             std::to_string(own_id(contents_.request(*found).ids)),
                             std::to_string(own_id(said.ids)) + ", which another subscription has that goes on"});
      }
      if (differing.size() >= fewest) continue;
      fewest = differing.size();
      mismatch.nearest = contents_.recording().requests()[*found].sequence;
      mismatch.used = used;
      mismatch.differences = std::move(differing);
    }
  }
  if (mismatch.differences.size() > kMaxDiffering) {
    mismatch.more = mismatch.differences.size() - kMaxDiffering;
    mismatch.differences.resize(kMaxDiffering);
  }
  return mismatch;
}

}  // namespace ibkr::replay
