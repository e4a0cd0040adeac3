#include "replay/ids.h"

#include <algorithm>
#include <cctype>

#include "protocol/fields.h"
#include "protocol/identity.h"

namespace ibkr::replay {

using protocol::FieldRef;
using protocol::Message;
using protocol::Role;

namespace {

const IdUse* find(const IdUses& ids, std::string_view path) {
  const auto found = std::find_if(ids.begin(), ids.end(), [&](const IdUse& id) { return id.path == path; });
  return found == ids.end() ? nullptr : &*found;
}

bool nested(std::string_view path) { return path.find('.') != std::string::npos; }

std::int64_t own(const IdUses& ids, Role role) {
  for (const IdUse& id : ids) {
    if (id.role == role && !nested(id.path)) return id.value;
  }
  return 0;
}

/// "5", or "5 (live 105)" where it has been bound to another id.
std::string with_live(std::int64_t recorded, std::int64_t live) {
  const std::string text = std::to_string(recorded);
  return live == recorded ? text : text + " (live " + std::to_string(live) + ")";
}

}  // namespace

std::int64_t own_order(const IdUses& ids) { return own(ids, Role::OrderId); }

std::int64_t own_id(const IdUses& ids) {
  const std::int64_t order = own_order(ids);
  return order != 0 ? order : own(ids, Role::RequestId);
}

void IdMap::bind(std::int64_t recorded, std::int64_t live) {
  if (const auto old = live_.find(recorded); old != live_.end()) recorded_.erase(old->second);
  if (const auto old = recorded_.find(live); old != recorded_.end()) live_.erase(old->second);
  live_[recorded] = live;
  recorded_[live] = recorded;
}

std::int64_t IdMap::of(std::int64_t recorded) const {
  const auto known = live_.find(recorded);
  return known == live_.end() ? recorded : known->second;
}

std::optional<std::int64_t> IdMap::recorded_of(std::int64_t live) const {
  const auto known = recorded_.find(live);
  return known == recorded_.end() ? std::nullopt : std::optional(known->second);
}

bool IdMap::agree(std::int64_t recorded, std::int64_t live, bool may_bind) const {
  if (knows(recorded)) return of(recorded) == live;
  return !recorded_of(live) && (may_bind || recorded == live);
}

void Ids::bind(IdMap& map, std::int64_t from, std::int64_t to) {
  map.bind(from, to);
  identical_ = identical_ && from == to;
  known_.identical = known_.identical && from == to;
}

const IdMap& Ids::orders_of(std::int64_t recorded_client) const {
  static const IdMap none;
  const auto found = known_.orders.find(recorded_client);
  return found == known_.orders.end() ? none : found->second;
}

/// Some clients repeat the order's own id inside the order, others leave it out.
std::vector<Ids::Pair> Ids::side_by_side(const IdUses& recorded, const IdUses& live) {
  const std::int64_t recorded_own = own_order(recorded), live_own = own_order(live);
  const auto repeats = [](const IdUse& id, std::int64_t own) {
    return id.role == Role::OrderId && nested(id.path) && id.value == own;
  };
  std::vector<Pair> pairs;
  for (const IdUse& id : recorded) {
    const IdUse* other = find(live, id.path);
    if (other == nullptr && repeats(id, recorded_own)) continue;
    pairs.push_back({id.role, id.path, id.value, other ? other->value : 0, !nested(id.path), id.refers});
  }
  for (const IdUse& id : live) {
    if (find(recorded, id.path) != nullptr || repeats(id, live_own)) continue;
    pairs.push_back({id.role, id.path, 0, id.value, !nested(id.path), id.refers});
  }
  return pairs;
}

bool Ids::agree_on_order(const Pair& pair, Choice choice) const {
  if (pair.recorded <= 0 || pair.live <= 0) return pair.recorded == pair.live;
  if (orders_.knows(pair.recorded) || orders_.recorded_of(pair.live)) return orders_.of(pair.recorded) == pair.live;
  if (pair.own && choice == Choice::Changes) return false;
  // An id that an order of before has stands for no other one.
  const auto older_one = older_order(pair.live);
  if (older_one && *older_one != pair.recorded && *older_one < first_order_) return false;
  if (pair.own ? choice == Choice::New : !pair.refers) return true;
  return older().of(pair.recorded) == pair.live;
}

bool Ids::agree(const Pair& pair, bool of_order, Choice choice) const {
  switch (pair.role) {
    case Role::RequestId:
      // A new request may use any id, one that was used before too.
      return choice == Choice::New || requests_.agree(pair.recorded, pair.live, false);
    case Role::OrderId:
      return agree_on_order(pair, choice);
    case Role::ClientId:
      if (pair.own) return true;
      // An order may name its owner or leave that out; a filter by client says something else without it.
      if (pair.recorded == 0 || pair.live == 0) return of_order || pair.recorded == pair.live;
      return clients_.agree(pair.recorded, pair.live, false);
    case Role::PermId:
      return pair.recorded == 0 || pair.live == 0 || pair.recorded == pair.live;
    case Role::RequestOrOrderId:
    case Role::None:
    case Role::Account:
    case Role::ExecId:
    case Role::Stamp:
    case Role::When:
    case Role::User:
    case Role::Secret:
    case Role::Tag:
    case Role::Text:
      return true;
  }
  return true;
}

std::int64_t Ids::live_of(const Pair& pair) const {
  if (pair.role == Role::RequestId) return requests_.of(pair.recorded);
  if (pair.role == Role::OrderId) return live_order(pair.recorded, client_);
  if (pair.role == Role::ClientId) return clients_.of(pair.recorded);
  return pair.recorded;
}

std::vector<IdConflict> Ids::conflicts(const IdUses& recorded, const IdUses& live, Choice choice) const {
  const bool of_order = own_order(recorded) != 0;
  std::vector<IdConflict> found;
  for (const Pair& pair : side_by_side(recorded, live)) {
    if (agree(pair, of_order, choice)) continue;
    found.push_back({std::string(pair.path), with_live(pair.recorded, live_of(pair)), std::to_string(pair.live)});
  }
  return found;
}

void Ids::bind(const IdUses& recorded, const IdUses& live) {
  for (const Pair& pair : side_by_side(recorded, live)) {
    if (pair.role == Role::RequestId) bind(requests_, pair.recorded, pair.live);
    if (pair.role == Role::OrderId && pair.recorded > 0) {
      bind(orders_, pair.recorded, pair.live);
      known_.orders[client_].bind(pair.recorded, pair.live);
    }
    if (pair.role == Role::ClientId && pair.own) {
      bind(clients_, pair.recorded, pair.live);
      known_.clients.bind(pair.recorded, pair.live);
    }
  }
}

std::int64_t Ids::live_order(std::int64_t recorded, std::int64_t owner) const {
  if (recorded <= 0) return recorded;
  return owner == client_ && orders_.knows(recorded) ? orders_.of(recorded) : orders_of(owner).of(recorded);
}

std::int64_t Ids::live_id(const protocol::FieldInfo& field, std::int64_t id, const Message* cause,
                          std::int64_t owner) const {
  switch (field.role) {
    case Role::RequestId:
      return requests_.of(id);
    case Role::OrderId:
      return live_order(id, owner);
    case Role::ClientId:
      return clients_.knows(id) ? clients_.of(id) : known_.clients.of(id);
    case Role::RequestOrOrderId: {
      if (id < 0) return id;
      const bool order = cause != nullptr && protocol::integer_with_role(*cause, Role::RequestId) != id &&
                         protocol::integer_with_role(*cause, Role::OrderId) == id;
      return order || !requests_.knows(id) ? live_order(id, owner) : requests_.of(id);
    }
    case Role::None:
    case Role::PermId:
    case Role::Account:
    case Role::ExecId:
    case Role::Stamp:
    case Role::When:
    case Role::User:
    case Role::Secret:
    case Role::Tag:
    case Role::Text:
      break;
  }
  return id;
}

bool Ids::rewrite(Message& answer, const Message* cause) const {
  if (identical()) return false;
  const std::int64_t owner = protocol::integer_with_role(answer, Role::ClientId).value_or(client_);
  std::vector<std::pair<std::int64_t, std::int64_t>> changes;
  bool changed = false;
  protocol::for_each_field(
      answer,
      [&](FieldRef field, std::string_view) {
        const auto id = field.integer();
        if (!id) return;
        const std::int64_t live = live_id(field.info(), *id, cause, owner);
        if (live == *id) return;
        field.set_integer(live);
        changed = true;
        if (field.info().role != Role::ClientId) changes.emplace_back(*id, live);
      },
      false);
  if (changes.empty()) return changed;
  protocol::for_each_field(
      answer,
      [&](FieldRef field, std::string_view) {
        if (field.info().role != Role::Text) return;
        if (const auto text = field.text()) field.set_text(replace_numbers(*text, changes));
      },
      false);
  return true;
}

std::string replace_numbers(std::string_view text, const std::vector<std::pair<std::int64_t, std::int64_t>>& changes) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  // A digit next to a point or a letter belongs to a price, a date or a name.
  const auto joins = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) {
      out += text[at++];
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    const std::string_view number = text.substr(at, end - at);
    const bool decimal = (at > 1 && text[at - 1] == '.' && is_digit(text[at - 2])) ||
                         (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1]));
    const bool whole = !decimal && (at == 0 || !joins(text[at - 1])) && (end == text.size() || !joins(text[end]));
    const auto change =
        std::find_if(changes.begin(), changes.end(), [&](const auto& c) { return std::to_string(c.first) == number; });
    if (whole && change != changes.end()) {
      out += std::to_string(change->second);
    } else {
      out += number;
    }
    at = end;
  }
  return out;
}

}  // namespace ibkr::replay
