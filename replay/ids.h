// Ids: which live id stands for which recorded one, and how a recorded message is rewritten to live ids. Fields are
// found by their role; no message is known by name.
//
//   request ids   bound when a request is matched; a later request may use the same recorded id again
//   order ids     bound once for the whole session, and known to the client's later ones. Zero, negative and foreign
//   ids
//                 stay as they are
//   client id     bound by START_API
//   permanent ids stay as recorded
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "protocol/compare.h"
#include "protocol/message.h"

namespace ibkr::replay {

/// An id that a request carries. Zero stands for none and is left out.
struct IdUse {
  protocol::Role role;
  std::string path;  ///< "order_id", "order.parent_id"
  std::int64_t value;
  bool refers = false;  ///< to something that must be there already, such as a parent
};
using IdUses = std::vector<IdUse>;

/// The id of the order that a request is about, or of the request itself where it is about none; 0 when it has neither.
std::int64_t own_id(const IdUses& ids);
/// The first of these alone.
std::int64_t own_order(const IdUses& ids);

/// How free a request is to choose its ids.
enum class Choice : std::uint8_t {
  New,      ///< its ids may be new ones
  Refers,   ///< its own id is that of an earlier request, perhaps of another session: a cancel
  Changes,  ///< its own id is that of an order that was placed in this session
  Older,    ///< its own id is that of an order that was placed before this session
};

/// An id that stands in the way of a match, both sides as people write them.
struct IdConflict {
  std::string path;
  std::string recorded;  ///< "5", or "5 (live 105)" where it has been bound to another id
  std::string live;
};

/// A mapping of recorded ids to live ones that is one to one.
class IdMap {
 public:
  void bind(std::int64_t recorded, std::int64_t live);
  bool knows(std::int64_t recorded) const { return live_.contains(recorded); }
  /// The live id; the recorded one where it is not known.
  std::int64_t of(std::int64_t recorded) const;
  std::optional<std::int64_t> recorded_of(std::int64_t live) const;
  /// They are bound to each other, or neither is bound and both are equal, or both may be bound.
  bool agree(std::int64_t recorded, std::int64_t live, bool may_bind) const;

 private:
  std::unordered_map<std::int64_t, std::int64_t> live_;
  std::unordered_map<std::int64_t, std::int64_t> recorded_;
};

/// What all connections that are served one recording know: orders outlive the connection that placed them, and are
/// told to other clients.
struct KnownIds {
  std::unordered_map<std::int64_t, IdMap> orders;  ///< by the recorded client id
  IdMap clients;
  bool identical = true;  ///< every live id equals its recorded one
};

class Ids {
 public:
  /// Of one connection. `known` is shared with others, and must outlive it.
  Ids(KnownIds& known, std::int64_t recorded_client) : known_(known), client_(recorded_client) {}
  Ids(const Ids&) = delete;
  Ids& operator=(const Ids&) = delete;

  /// Ids of orders below this one are of before the session: they are not this app's to choose.
  void orders_begin_at(std::int64_t first_id) { first_order_ = first_id; }
  /// Why `live` cannot be `recorded` although what they say may be equal: it names another request, order or client.
  /// Empty when it can. Both are requests of one type.
  std::vector<IdConflict> conflicts(const IdUses& recorded, const IdUses& live, Choice choice) const;
  /// From now on the ids of `live` stand for those of `recorded`. They must not be in conflict.
  void bind(const IdUses& recorded, const IdUses& live);
  /// The recorded id that an order's, or a request's, live id stands for; none when it has not been bound.
  std::optional<std::int64_t> recorded_order(std::int64_t live) const { return orders_.recorded_of(live); }
  /// The same of an earlier connection of this client.
  std::optional<std::int64_t> older_order(std::int64_t live) const { return older().recorded_of(live); }
  std::optional<std::int64_t> recorded_request(std::int64_t live) const { return requests_.recorded_of(live); }

  /// Rewrites a message that TWS sent to live ids, also where its prose quotes its own ids. `cause` is the request that
  /// brought it about, or null; it decides what an id means that can be a request's or an order's. True when anything
  /// was changed.
  bool rewrite(protocol::Message& answer, const protocol::Message* cause) const;

  /// True while every live id equals its recorded one: rewriting would change nothing.
  bool identical() const { return identical_ && known_.identical; }

 private:
  struct Pair {
    protocol::Role role;
    std::string_view path;
    std::int64_t recorded;
    std::int64_t live;
    bool own;     // at the top level of the request
    bool refers;  // IdUse::refers
  };
  static std::vector<Pair> side_by_side(const IdUses& recorded, const IdUses& live);
  bool agree(const Pair& pair, bool of_order, Choice choice) const;
  bool agree_on_order(const Pair& pair, Choice choice) const;
  std::int64_t live_of(const Pair& pair) const;
  void bind(IdMap& map, std::int64_t from, std::int64_t to);
  /// The orders of all connections of a client so far.
  const IdMap& orders_of(std::int64_t recorded_client) const;
  const IdMap& older() const { return orders_of(client_); }
  std::int64_t live_order(std::int64_t recorded, std::int64_t owner) const;
  std::int64_t live_id(const protocol::FieldInfo& field, std::int64_t id, const protocol::Message* cause,
                       std::int64_t owner) const;

  KnownIds& known_;
  std::int64_t client_;
  std::int64_t first_order_ = 0;
  IdMap requests_;
  IdMap orders_;
  IdMap clients_;
  bool identical_ = true;
};

/// `text` with each whole number that equals a `from` replaced by its `to`.
std::string replace_numbers(std::string_view text, const std::vector<std::pair<std::int64_t, std::int64_t>>& changes);

}  // namespace ibkr::replay
