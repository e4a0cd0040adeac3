#include "replay/ids.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "protocol/fields.h"
#include "protocol/identity.h"

namespace ibkr::replay {

using protocol::Difference;
using protocol::FieldRef;
using protocol::Message;
using protocol::RequestKind;
using protocol::Role;

namespace {

/// A field with an id.
struct IdField {
  Role role;
  std::string path;
  std::int64_t value;
};

std::vector<IdField> ids_in(const Message& message) {
  std::vector<IdField> found;
  protocol::for_each_field(const_cast<Message&>(message), [&](const FieldRef& field, std::string_view path) {
    const Role role = field.info().role;
    if (role != Role::RequestId && role != Role::OrderId && role != Role::ClientId) return;
    if (const auto value = field.integer()) found.push_back({role, std::string(path), *value});
  });
  return found;
}

const IdField* find(const std::vector<IdField>& fields, std::string_view path) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const IdField& f) { return f.path == path; });
  return found == fields.end() ? nullptr : &*found;
}

bool nested(const IdField& field) { return field.path.find('.') != std::string::npos; }

/// The id of `fields`' own order, 0 when there is none.
std::int64_t own_order(const std::vector<IdField>& fields) {
  for (const IdField& field : fields) {
    if (field.role == Role::OrderId && !nested(field)) return field.value;
  }
  return 0;
}

/// Some clients repeat the order's own id inside the order, others leave it out.
bool repeats_own_id(const IdField& field, std::int64_t own) { return nested(field) && field.value == own; }

struct Pair {
  Role role;
  std::string path;
  std::int64_t recorded;
  std::int64_t live;
};

/// The ids of two requests side by side, 0 where one has none.
std::vector<Pair> side_by_side(const Message& recorded, const Message& live) {
  const auto left = ids_in(recorded), right = ids_in(live);
  const std::int64_t left_own = own_order(left), right_own = own_order(right);
  std::vector<Pair> pairs;
  for (const IdField& field : left) {
    const IdField* other = find(right, field.path);
    if (other == nullptr && repeats_own_id(field, left_own)) continue;
    if (other != nullptr && other->value == 0 && repeats_own_id(field, left_own)) continue;
    if (other != nullptr && field.value == 0 && repeats_own_id(*other, right_own)) continue;
    pairs.push_back({field.role, field.path, field.value, other ? other->value : 0});
  }
  for (const IdField& field : right) {
    if (find(left, field.path) == nullptr && !repeats_own_id(field, right_own)) {
      pairs.push_back({field.role, field.path, 0, field.value});
    }
  }
  return pairs;
}

/// "5", or "5 (live 105)" where it has been bound to another id.
std::string with_live(std::int64_t recorded, std::int64_t live) {
  const std::string text = std::to_string(recorded);
  return live == recorded ? text : text + " (live " + std::to_string(live) + ")";
}

}  // namespace

void Ids::Map::bind(std::int64_t from, std::int64_t to) {
  if (const auto old = live.find(from); old != live.end()) recorded.erase(old->second);
  if (const auto old = recorded.find(to); old != recorded.end()) live.erase(old->second);
  live[from] = to;
  recorded[to] = from;
}

std::int64_t Ids::Map::of(std::int64_t id) const {
  const auto known = live.find(id);
  return known == live.end() ? id : known->second;
}

void Ids::bind(Map& map, std::int64_t from, std::int64_t to) {
  map.bind(from, to);
  identical_ = identical_ && from == to;
}

/// Only for requests that refer to an earlier one: any other is free to choose its id.
bool Ids::same_request(std::int64_t recorded, std::int64_t live) const {
  if (requests_.knows(recorded)) return requests_.of(recorded) == live;
  return requests_.recorded.count(live) == 0 && recorded == live;
}

bool Ids::same_order(std::int64_t recorded, std::int64_t live, bool new_allowed) const {
  if (recorded <= 0 || live <= 0) return recorded == live;
  if (orders_.knows(recorded)) return orders_.of(recorded) == live;
  return orders_.recorded.count(live) == 0 && (new_allowed || recorded == live);
}

std::vector<Difference> Ids::conflicts(const Message& recorded, const Message& live) const {
  const bool refers = recorded.type().kind == RequestKind::Command;
  std::vector<Difference> found;
  for (const Pair& pair : side_by_side(recorded, live)) {
    if (pair.role == Role::RequestId && refers && !same_request(pair.recorded, pair.live)) {
      found.push_back({pair.path, with_live(pair.recorded, requests_.of(pair.recorded)), std::to_string(pair.live)});
    }
    if (pair.role == Role::OrderId && !same_order(pair.recorded, pair.live, !refers)) {
      found.push_back({pair.path, with_live(pair.recorded, orders_.of(pair.recorded)), std::to_string(pair.live)});
    }
  }
  return found;
}

void Ids::bind(const Message& recorded, const Message& live) {
  for (const Pair& pair : side_by_side(recorded, live)) {
    if (pair.role == Role::RequestId) bind(requests_, pair.recorded, pair.live);
    if (pair.role == Role::OrderId && pair.recorded > 0) bind(orders_, pair.recorded, pair.live);
    // A filter's client id is not the connection's: only the top level says who connects.
    if (pair.role == Role::ClientId && pair.path.find('.') == std::string::npos)
      bind(clients_, pair.recorded, pair.live);
  }
}

std::int64_t Ids::live_id(const protocol::FieldInfo& field, std::int64_t id, const Message* cause) const {
  switch (field.role) {
    case Role::RequestId:
      return requests_.of(id);
    case Role::OrderId:
      return id > 0 ? orders_.of(id) : id;
    case Role::ClientId:
      return clients_.of(id);
    case Role::RequestOrOrderId: {
      if (id < 0) return id;
      const bool order = cause != nullptr && protocol::integer_with_role(*cause, Role::RequestId) != id &&
                         protocol::integer_with_role(*cause, Role::OrderId) == id;
      return order || !requests_.knows(id) ? orders_.of(id) : requests_.of(id);
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
  if (identical_) return false;
  std::vector<std::pair<std::int64_t, std::int64_t>> changes;
  bool changed = false;
  protocol::for_each_field(
      answer,
      [&](FieldRef field, std::string_view) {
        const auto id = field.integer();
        if (!id) return;
        const std::int64_t live = live_id(field.info(), *id, cause);
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
