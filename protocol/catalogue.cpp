#include "protocol/catalogue.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace ibkr::protocol {
namespace {

constexpr std::int32_t kIds = 256;  // ids are below 200; the protobuf offset is already taken off

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return out;
}

std::size_t index_of(Direction direction) { return direction == Direction::In ? 0 : 1; }

/// The catalogue by id and by name, made once.
struct Index {
  std::array<std::array<const MessageInfo*, kIds>, 2> by_id{};
  std::array<std::unordered_map<std::string, const MessageInfo*>, 2> by_name;
  Index() {
    for (const MessageInfo* type : all_messages()) {
      const std::size_t side = index_of(type->direction);
      by_id[side][static_cast<std::size_t>(type->id)] = type;
      by_name[side].emplace(lower(type->name), type);
    }
    for (const MessageInfo* type : all_messages()) {
      for (const std::string_view alias : type->aliases) by_name[index_of(type->direction)].emplace(lower(alias), type);
    }
  }
};

const Index& index() {
  static const Index made;
  return made;
}

}  // namespace

const MessageInfo* find_message(Direction direction, std::int32_t id) {
  if (id < 0 || id >= kIds) return nullptr;
  return index().by_id[index_of(direction)][static_cast<std::size_t>(id)];
}

const MessageInfo* find_message(Direction direction, std::string_view name) {
  const auto& names = index().by_name[index_of(direction)];
  const auto found = names.find(lower(name));
  return found == names.end() ? nullptr : found->second;
}

const MessageInfo* find_message(std::string_view name) {
  const MessageInfo* answer = find_message(Direction::In, name);
  return answer ? answer : find_message(Direction::Out, name);
}

std::string_view value_name(const EnumInfo& values, std::int32_t value) {
  const auto found = std::ranges::find(values.values, value, &EnumValue::value);
  return found == values.values.end() ? std::string_view() : found->name;
}

}  // namespace ibkr::protocol
