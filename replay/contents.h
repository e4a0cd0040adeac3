// Contents: what each request of a recording says, so that the one that is equal to a live one is found at once,
// whatever their number. Immutable; all connections that are served the recording share it.
//
//   requests of one type
//     └─ kinds    equal but for the moments that are asked for (Role::When)
//          └─ groups   equal altogether; in the order recorded
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "replay/ids.h"
#include "replay/recording.h"

namespace ibkr::replay {

/// What a request says, taken apart for matching.
struct Said {
  /// All but ids, stamps, users and which moments are asked for; equal for equal requests.
  std::string content;
  std::string moments;                 ///< the moments asked for
  std::optional<std::int64_t> moment;  ///< the first of them in seconds; none when there is none, or it is no date
  IdUses ids;
  bool unknown = false;  ///< something that the description does not know is among it
};
Said said_by(const protocol::Message& request);
/// False for what differs from run to run by its nature: ids, which are mapped, stamps and users.
bool takes_part(protocol::Role role);
/// The same for a payload that cannot be decoded.
Said said_by_raw(std::string_view payload);

/// Number of a group, and of a kind.
using GroupIndex = std::uint32_t;
using KindIndex = std::uint32_t;

class Contents {
 public:
  struct Group {
    const protocol::MessageInfo* type;  ///< null: payloads that cannot be decoded
    KindIndex kind;
    std::optional<std::int64_t> moment;
    std::vector<RequestIndex> requests;  ///< ascending
  };
  struct Request {
    GroupIndex group = 0;
    IdUses ids;
    Choice choice = Choice::New;
  };

  /// The recording must outlive it.
  explicit Contents(const Recording& recording);

  const Recording& recording() const { return recording_; }
  const std::vector<Group>& groups() const { return groups_; }
  const Group& group_of(RequestIndex index) const { return groups_[requests_[index].group]; }
  const Request& request(RequestIndex index) const { return requests_[index]; }
  /// The groups of a type, in the order recorded.
  const std::vector<GroupIndex>& of_type(const protocol::MessageInfo* type) const;
  /// The groups of a kind.
  const std::vector<GroupIndex>& of_kind(KindIndex kind) const { return kinds_[kind]; }

  /// The group that says just this, or none.
  std::optional<GroupIndex> equal(const Said& said) const;
  /// The kind that says this but for its moments, or none.
  std::optional<KindIndex> alike(const Said& said) const;
  /// The requests before START_API that say just this, ascending.
  const std::vector<RequestIndex>& early(const Said& said) const;
  /// The requests of a group whose own id (own_id) was this when recorded.
  const std::vector<RequestIndex>& with_own_id(GroupIndex group, std::int64_t id) const;
  /// The id for a next order that the recording gave before any was placed: lower ones are of before. 0 for none.
  std::int64_t first_order_id() const { return first_order_id_; }
  /// The largest id for a next order that the recording gave; 1 when it gave none.
  std::int64_t largest_order_id() const { return largest_order_id_; }

 private:
  struct OwnId {
    GroupIndex group;
    std::int64_t id;
    friend bool operator==(const OwnId&, const OwnId&) = default;
  };
  struct OwnIdHash {
    std::size_t operator()(const OwnId& own) const {
      return std::hash<std::int64_t>()(own.id * 1'000'003 + static_cast<std::int64_t>(own.group));
    }
  };
  void add(RequestIndex index, const protocol::MessageInfo* type, Said said);

  const Recording& recording_;
  std::vector<Request> requests_;
  std::vector<Group> groups_;
  std::vector<std::vector<GroupIndex>> kinds_;
  std::unordered_map<std::string, GroupIndex> by_moments_;  // by kind and moments
  std::unordered_map<std::string, KindIndex> by_content_;
  std::unordered_map<const protocol::MessageInfo*, std::vector<GroupIndex>> by_type_;
  std::unordered_map<OwnId, std::vector<RequestIndex>, OwnIdHash> by_own_id_;
  std::unordered_map<std::string, std::vector<RequestIndex>> early_;  // by all that they say
  std::int64_t first_order_id_ = 0;
  std::int64_t largest_order_id_ = 1;
};

}  // namespace ibkr::replay
