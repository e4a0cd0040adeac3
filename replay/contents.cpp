#include "replay/contents.h"

#include <algorithm>
#include <chrono>
#include <unordered_set>

#include "protocol/catalogue.h"
#include "protocol/identity.h"
#include "protocol/numbers.h"
#include "protocol/relations.h"
#include "protocol/statements.h"

namespace ibkr::replay {

using protocol::Message;
using protocol::MessageInfo;
using protocol::Role;
using protocol::Statement;

namespace {

/// Lengths keep a value from looking like the statements behind it.
void append(std::string& out, const Statement& said) {
  out += said.path;
  out += '=';
  out += std::to_string(said.value.size());
  out += ':';
  out += said.value;
  out += '\n';
}

/// The seconds of a date with or without a time, in any of the spellings that TWS takes; the zone is left aside.
std::optional<std::int64_t> seconds_of(std::string_view text) {
  constexpr std::size_t kDate = 8, kTime = 14;
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9' && digits.size() < kTime) digits += c;
  }
  if (digits.size() < kDate) return std::nullopt;
  digits.resize(kTime, '0');
  const auto number = [&](std::size_t at, std::size_t size) { return std::stoi(digits.substr(at, size)); };
  const std::chrono::year_month_day day{std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(4, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(6, 2)))};
  if (!day.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return ((days * 24 + number(8, 2)) * 60 + number(10, 2)) * 60 + number(12, 2);
}

std::string head(const MessageInfo& type) { return std::to_string(type.id) + "\n"; }

std::string group_key(KindIndex kind, const Said& said) { return std::to_string(kind) + "\n" + said.moments; }

/// An answer that says nothing but which order id may be used next.
bool gives_order_id(const MessageInfo& type) {
  return type.body->fields.size() == 1 && type.body->fields[0].role == Role::OrderId;
}

Choice choice_of(const Message& request) {
  const MessageInfo& type = request.type();
  const bool command = type.kind == protocol::RequestKind::Command && protocol::has_role(type, Role::RequestId);
  return command || protocol::cancelled_by(request) != nullptr ? Choice::Refers : Choice::New;
}

const std::vector<GroupIndex> kNoGroups;
const std::vector<RequestIndex> kNoRequests;

}  // namespace

bool takes_part(Role role) {
  switch (role) {
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
    case Role::Account:
    case Role::ExecId:
    case Role::Secret:
    case Role::Tag:
    case Role::Text:
      return true;
  }
  return true;
}

Said said_by(const Message& request) {
  Said said;
  said.content = head(request.type());
  protocol::for_each_statement(request, [&said](const Statement& statement) {
    const Role role = statement.role;
    said.unknown = said.unknown || statement.field == nullptr;
    if (role == Role::When) {
      append(said.moments, statement);
      (said.content += statement.path) += '\n';  // that there is one is no matter of time
      if (!said.moment) said.moment = seconds_of(statement.value);
    } else if (takes_part(role)) {
      append(said.content, statement);
    } else if (role != Role::Stamp && role != Role::User) {
      said.ids.push_back({role, std::string(statement.path), 0, statement.field != nullptr && statement.field->refers});
      protocol::read_int64(statement.value, said.ids.back().value);
    }
  });
  return said;
}

Said said_by_raw(std::string_view payload) {
  Said said;
  said.content = "raw\n";
  said.content += payload;
  return said;
}

Contents::Contents(const Recording& recording) : recording_(recording), requests_(recording.requests().size()) {
  const auto first_order =
      std::ranges::find(recording.requests(), true, &RecordedRequest::about_orders) - recording.requests().begin();
  for (FrameIndex index = 0; index < recording.frames().size(); ++index) {
    const RecordedFrame& frame = recording.frames()[index];
    if (!frame.decodable) continue;
    const auto front = protocol::read_head(recording.bytes(frame.payload), recording.server_version());
    const MessageInfo* type = front ? protocol::find_message(protocol::Direction::In, front->id) : nullptr;
    if (type == nullptr || !gives_order_id(*type)) continue;
    const auto id = protocol::integer_with_role(recording.frame(index), Role::OrderId);
    if (first_order_id_ == 0 && frame.requests_before <= first_order) first_order_id_ = id.value_or(0);
    largest_order_id_ = std::max(largest_order_id_, id.value_or(0));
  }
  std::unordered_set<std::int64_t> orders;
  for (RequestIndex index = 0; index < requests_.size(); ++index) {
    const RecordedRequest& recorded = recording.requests()[index];
    if (recorded.early) {
      const Said said =
          recorded.type != nullptr ? said_by(recording.request(index)) : said_by_raw(recording.bytes(recorded.payload));
      early_[said.content + said.moments].push_back(index);
      continue;
    }
    if (recorded.type == nullptr) {
      add(index, nullptr, said_by_raw(recording.bytes(recorded.payload)));
      continue;
    }
    const Message request = recording.request(index);
    add(index, recorded.type, said_by(request));
    requests_[index].choice = choice_of(request);
    const std::int64_t order = own_order(requests_[index].ids);
    if (requests_[index].choice != Choice::New || order == 0) continue;
    if (!orders.insert(order).second) {
      requests_[index].choice = Choice::Changes;
    } else if (order < first_order_id_) {
      requests_[index].choice = Choice::Older;
    }
  }
}

void Contents::add(RequestIndex index, const MessageInfo* type, Said said) {
  const auto [kind, new_kind] = by_content_.try_emplace(said.content, static_cast<KindIndex>(kinds_.size()));
  if (new_kind) kinds_.emplace_back();
  const auto [group, new_group] =
      by_moments_.try_emplace(group_key(kind->second, said), static_cast<GroupIndex>(groups_.size()));
  if (new_group) {
    groups_.push_back({type, kind->second, said.moment, {}});
    kinds_[kind->second].push_back(group->second);
    by_type_[type].push_back(group->second);
  }
  groups_[group->second].requests.push_back(index);
  if (const std::int64_t id = own_id(said.ids); id != 0) by_own_id_[{group->second, id}].push_back(index);
  requests_[index].group = group->second;
  requests_[index].ids = std::move(said.ids);
}

const std::vector<GroupIndex>& Contents::of_type(const MessageInfo* type) const {
  const auto found = by_type_.find(type);
  return found == by_type_.end() ? kNoGroups : found->second;
}

std::optional<GroupIndex> Contents::equal(const Said& said) const {
  const auto kind = alike(said);
  if (!kind) return std::nullopt;
  const auto found = by_moments_.find(group_key(*kind, said));
  return found == by_moments_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<KindIndex> Contents::alike(const Said& said) const {
  const auto found = by_content_.find(said.content);
  return found == by_content_.end() ? std::nullopt : std::optional(found->second);
}

const std::vector<RequestIndex>& Contents::early(const Said& said) const {
  const auto found = early_.find(said.content + said.moments);
  return found == early_.end() ? kNoRequests : found->second;
}

const std::vector<RequestIndex>& Contents::with_own_id(GroupIndex group, std::int64_t id) const {
  const auto found = by_own_id_.find({group, id});
  return found == by_own_id_.end() ? kNoRequests : found->second;
}

}  // namespace ibkr::replay
