// Matcher: which recorded request a live one is, and what becomes of one that is none. Exact: the first unused recorded
// request of the same type that says the same (protocol/statements.h), in order among equals. What differs from run to
// run by its nature takes no part: ids (they are mapped), stamps and users.
//
//   live payload ──► says the same as an unused one, ids agree ──► Matched
//                ├─► takes back something served / refused ──────► Accepted / Ignored
//                ├─► asks for the clock or the next order id ─────► Answered
//                └─► anything else ───────────────────────────────► Refused, with the nearest recorded one
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "protocol/pseudonyms.h"
#include "replay/contents.h"
#include "replay/outcome.h"

namespace ibkr::replay {

/// What a matcher may let go.
struct MatchOptions {
  /// Moments that are asked for (Role::When) may be others than those recorded: the nearest is taken. A request that
  /// names none is no other time of one that does.
  bool any_time = false;
};

/// For one connection. What it is given must outlive it. Not thread safe. Takes about the same time for a request
/// whatever the number of recorded ones; an explanation looks at the first kExplained different ones of the type.
class Matcher {
 public:
  static constexpr std::size_t kExplained = 1000;
  /// Refused requests whose cancels are known to be such. Past it, all are forgotten.
  static constexpr std::size_t kMaxRefused = 65'536;

  Matcher(const Contents& contents, Ids& ids, protocol::Pseudonyms& pseudonyms, MatchOptions options = {});
  /// Another session of the journal, for explanations only: "session 1 has it".
  void also_knows(const Contents& other) { others_.push_back(&other); }

  /// Decides about a request, uses up the recorded one that it is, and binds its ids. `wall_ns` is the server's clock.
  Outcome match(std::string_view payload, std::int64_t wall_ns);

  /// The same about a frame before START_API, which TWS passes over: Matched, or Refused.
  Outcome match_early(std::string_view payload, std::int64_t wall_ns);

  bool used(RequestIndex index) const { return used_[index]; }
  /// How many recorded requests were compared with live ones, for whoever wonders about the time.
  std::size_t looked_at() const { return looked_at_; }

 private:
  using Own = std::pair<const protocol::MessageInfo*, std::int64_t>;  // a type, and the live id; 0 where it has none

  bool agrees(RequestIndex index, const IdUses& live);
  std::optional<RequestIndex> unused_in(GroupIndex group, const IdUses& live);
  std::optional<RequestIndex> first_agreeing(const std::vector<RequestIndex>& requests, const IdUses& live);
  std::optional<RequestIndex> nearest_in_time(const Said& said);
  Matched served(RequestIndex index, const protocol::Message* live, const Said& said);
  std::optional<std::int64_t> stream_with_id_of(const protocol::Message& live, const Said& said) const;
  void follow_stream(RequestIndex index, const protocol::Message& live, const IdUses& ids);
  std::optional<Outcome> taken_back(const protocol::Message& live, const Said& said) const;
  /// `part` is what could be read of a request that cannot be decoded.
  Refused refused(std::string name, const protocol::Message* live, const std::optional<protocol::Message>& part,
                  const Said& said, std::int64_t wall_ns);
  Mismatch explain(const protocol::MessageInfo* type, const protocol::Message* live, const Said& said);

  const Contents& contents_;
  Ids& ids_;
  protocol::Pseudonyms& pseudonyms_;
  MatchOptions options_;
  std::vector<const Contents*> others_;
  std::vector<bool> used_;
  std::vector<std::size_t> next_;  // by group: requests before it are used
  std::unordered_map<KindIndex, std::set<std::pair<std::int64_t, GroupIndex>>> by_moment_;  // with unused requests
  std::map<Own, RequestIndex> served_;  // what can be taken back, by what a cancel would name
  std::set<Own> refused_;
  std::map<Own, std::int64_t> streams_;  // that go on, and their recorded ids
  std::optional<std::int64_t> in_use_;   // while one is matched: the recorded id of the stream that has its live id
  std::int64_t next_order_id_;
  std::size_t looked_at_ = 0;
};

}  // namespace ibkr::replay
