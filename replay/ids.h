// Ids: which live id stands for which recorded one, and how a recorded message is rewritten to live ids. Fields are
// found by their role; no message is known by name.
//
//   request ids   bound when a request is matched; a later request may use the same recorded id again
//   order ids     bound once for the whole session. Zero, negative and foreign ids stay as they are
//   client id     bound by START_API
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "protocol/compare.h"
#include "protocol/message.h"

namespace ibkr::replay {

class Ids {
 public:
  /// Why `live` cannot be `recorded` although their content may be equal: it names another request or order. Empty when
  /// it can. Both are requests of one type.
  std::vector<protocol::Difference> conflicts(const protocol::Message& recorded, const protocol::Message& live) const;
  /// From now on the ids of `live` stand for those of `recorded`. They must not be in conflict.
  void bind(const protocol::Message& recorded, const protocol::Message& live);

  /// Rewrites a message that TWS sent to live ids, also where its prose quotes its own ids. `cause` is the request that
  /// brought it about, or null; it decides what an id means that can be a request's or an order's. True when anything
  /// was changed.
  bool rewrite(protocol::Message& answer, const protocol::Message* cause) const;

  /// True while every live id equals its recorded one: rewriting would change nothing.
  bool identical() const { return identical_; }

 private:
  /// A mapping that is one to one.
  struct Map {
    std::unordered_map<std::int64_t, std::int64_t> live;
    std::unordered_map<std::int64_t, std::int64_t> recorded;
    void bind(std::int64_t from, std::int64_t to);
    std::int64_t of(std::int64_t id) const;
    bool knows(std::int64_t id) const { return live.count(id) != 0; }
  };
  void bind(Map& map, std::int64_t from, std::int64_t to);
  bool same_request(std::int64_t recorded, std::int64_t live) const;
  bool same_order(std::int64_t recorded, std::int64_t live, bool new_allowed) const;
  std::int64_t live_id(const protocol::FieldInfo& field, std::int64_t id, const protocol::Message* cause) const;

  Map requests_;
  Map orders_;
  Map clients_;
  bool identical_ = true;
};

/// `text` with each whole number that equals a `from` replaced by its `to`.
std::string replace_numbers(std::string_view text, const std::vector<std::pair<std::int64_t, std::int64_t>>& changes);

}  // namespace ibkr::replay
