#include "view/described.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "protocol/catalogue.h"
#include "view/layout_steps.h"

namespace ibkr::view {
namespace {

using protocol::Direction;
using protocol::FieldInfo;
using protocol::Kind;
using protocol::MessageInfo;
using protocol::StructInfo;

bool same(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// Structs, enumerations and known texts that messages are made of, each once.
class Parts {
 public:
  Parts() {
    for (const MessageInfo* type : protocol::all_messages()) add_fields(*type->body);
  }
  const std::vector<Described>& all() const { return parts_; }

 private:
  void add_fields(const StructInfo& holder) {
    for (const FieldInfo& field : holder.fields) {
      if (field.values != nullptr) add(field.values);
      if (field.texts != nullptr) add(field.texts);
      if (field.type != nullptr && add(field.type)) add_fields(*field.type);
    }
  }
  bool add(Described part) {
    if (std::ranges::find(parts_, part) != parts_.end()) return false;
    parts_.push_back(part);
    return true;
  }

  std::vector<Described> parts_;
};

const std::vector<Described>& parts() {
  static const Parts made;
  return made.all();
}

std::string_view name_of(const Described& what) {
  return std::visit([](const auto* named) { return named->name; }, what);
}

/// " beside key=AccountCode/AccountOrGroup" where another field decides about the role.
std::string beside_text(const FieldInfo& field) {
  if (field.beside == nullptr) return "";
  return fmt::format(" beside {}={}", field.beside->field->name, fmt::join(field.beside->values, "/"));
}

bool goes_by(const MessageInfo& type, std::string_view name) {
  return same(type.name, name) || std::ranges::any_of(type.aliases, [&](auto alias) { return same(alias, name); });
}

}  // namespace

std::vector<Described> find_described(std::string_view name, std::optional<Direction> direction) {
  std::vector<Described> found;
  for (const MessageInfo* type : protocol::all_messages()) {
    if ((!direction || type->direction == *direction) && goes_by(*type, name)) found.emplace_back(type);
  }
  if (!found.empty() || direction) return found;
  std::ranges::copy_if(parts(), std::back_inserter(found),
                       [&](const Described& part) { return same(name_of(part), name); });
  return found;
}

std::vector<Described> find_described(std::int32_t id, std::optional<Direction> direction) {
  std::vector<Described> found;
  const std::int32_t plain = id > protocol::kProtobufIdOffset ? id - protocol::kProtobufIdOffset : id;
  for (const Direction side : {Direction::In, Direction::Out}) {
    const MessageInfo* type = protocol::find_message(side, plain);
    const bool wanted = !direction || side == *direction;
    if (wanted && type != nullptr && (plain == id || type->proto_since != 0)) found.emplace_back(type);
  }
  return found;
}

std::vector<std::string_view> described_names(std::optional<Direction> direction) {
  std::vector<std::string_view> names;
  for (const MessageInfo* type : protocol::all_messages()) {
    if (direction && type->direction != *direction) continue;
    names.push_back(type->name);
    names.insert(names.end(), type->aliases.begin(), type->aliases.end());
  }
  if (!direction) std::ranges::transform(parts(), std::back_inserter(names), name_of);
  return names;
}

std::string type_name(const FieldInfo& field) {
  switch (field.kind) {
    case Kind::Int32:
      return "int32";
    case Kind::Int64:
      return "int64";
    case Kind::Double:
      return "double";
    case Kind::Bool:
      return "bool";
    case Kind::Decimal:
      return "decimal";
    case Kind::String:
      return "string";
    case Kind::Struct:
      return std::string(field.type->name);
    case Kind::Int32List:
      return "int32[]";
    case Kind::DoubleList:
      return "double[]";
    case Kind::StringList:
      return "string[]";
    case Kind::StructList:
      return std::string(field.type->name) + "[]";
  }
  return "";
}

std::string_view role_name(protocol::Role role) {
  using protocol::Role;
  switch (role) {
    case Role::None:
      return "";
    case Role::RequestId:
      return "request_id";
    case Role::OrderId:
      return "order_id";
    case Role::RequestOrOrderId:
      return "request_or_order_id";
    case Role::PermId:
      return "perm_id";
    case Role::ClientId:
      return "client_id";
    case Role::Account:
      return "account";
    case Role::ExecId:
      return "exec_id";
    case Role::Stamp:
      return "stamp";
    case Role::When:
      return "when";
    case Role::Secret:
      return "secret";
    case Role::User:
      return "user";
    case Role::Tag:
      return "tag";
    case Role::Text:
      return "text";
  }
  return "";
}

std::string_view kind_name(protocol::RequestKind kind) {
  using protocol::RequestKind;
  switch (kind) {
    case RequestKind::None:
      return "";
    case RequestKind::Command:
      return "command";
    case RequestKind::OneShot:
      return "one-shot";
    case RequestKind::Finite:
      return "finite";
    case RequestKind::Stream:
      return "stream";
  }
  return "";
}

std::string_view direction_name(Direction direction) { return direction == Direction::In ? "in" : "out"; }

std::string_view values_name(const FieldInfo& field) {
  if (field.values != nullptr) return field.values->name;
  return field.texts != nullptr ? field.texts->name : std::string_view();
}

std::string condition_text(const protocol::End& end) {
  const std::string request = conditions_text(end.conditions, end.slots);
  const std::string answer = conditions_text(end.answer_conditions, end.answer_slots, "answer.");
  return request + (request.empty() || answer.empty() ? "" : " and ") + answer;
}

std::string_view rule_name(protocol::Unnumbered rule) {
  using protocol::Unnumbered;
  switch (rule) {
    case Unnumbered::No:
      return "";
    case Unnumbered::Alone:
      return "alone";
    case Unnumbered::Joined:
      return "joined";
    case Unnumbered::Keyed:
      return "keyed";
    case Unnumbered::Family:
      return "family";
    case Unnumbered::Counted:
      return "counted";
    case Unnumbered::Command:
      return "command";
  }
  return "";
}

std::string conditions_text(std::span<const protocol::Condition> conditions, std::span<const protocol::TextSlot> slots,
                            std::string_view before) {
  std::string text;
  for (const protocol::Condition& condition : conditions) {
    if (!text.empty()) text += " and ";
    text += std::string(before) + condition_text(condition, slots);
  }
  return text;
}

std::string only_if(const FieldInfo& field) {
  static constexpr protocol::TextSlot kOwnStruct[] = {{0, nullptr}};
  return conditions_text(field.conditions, kOwnStruct);
}

bool zero_says_something(const FieldInfo& field) {
  const bool number = field.kind == Kind::Int32 || field.kind == Kind::Int64 || field.kind == Kind::Double ||
                      field.kind == Kind::Decimal;
  return number && field.silent.empty();
}

std::string_view says_nothing(const FieldInfo& field) {
  return field.silent == "0" || field.silent == "false" ? std::string_view() : field.silent;
}

std::string field_remarks(const FieldInfo& field) {
  std::vector<std::string> all;
  if (field.role != protocol::Role::None) all.push_back(std::string(role_name(field.role)) + beside_text(field));
  if (field.key) all.emplace_back("key");
  if (!values_name(field).empty()) all.emplace_back(values_name(field));
  if (field.since != 0) all.push_back(fmt::format("from {} on", field.since));
  if (field.ignorable) all.emplace_back("ignorable");
  if (!field.conditions.empty()) all.push_back("only if " + only_if(field));
  if (zero_says_something(field)) all.emplace_back("0 says something");
  if (!says_nothing(field).empty()) all.push_back(fmt::format("{} says nothing", says_nothing(field)));
  return fmt::format("{}", fmt::join(all, ", "));
}

std::vector<const MessageInfo*> requests_answered_by(const MessageInfo& answer) {
  std::vector<const MessageInfo*> requests;
  std::ranges::copy_if(protocol::all_messages(), std::back_inserter(requests), [&](const MessageInfo* request) {
    return std::ranges::find(request->answers, &answer) != request->answers.end();
  });
  return requests;
}

}  // namespace ibkr::view
