#include "view/described_fields.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "protocol/catalogue.h"
#include "protocol/json.h"
#include "view/described.h"
#include "view/layout_steps.h"

namespace ibkr::view {
namespace {

using protocol::FieldInfo;
using protocol::MessageInfo;
using protocol::StructInfo;

/// Letters and digits in small letters: what is left of camelCase, snake_case and CONSTANTS alike, and of combo_legs[1].
std::string folded(std::string_view name) {
  name = name.substr(0, name.find('['));
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c - 'A' + 'a');
    } else if (c != '_') {
      out += c;
    }
  }
  return out;
}

/// True when the path's last words are those that were asked for; the words in front may also name the message.
bool asks_for(const std::vector<std::string>& asked, const MessageInfo& message, const StructInfo& holder,
              std::string_view path) {
  std::vector<std::string> words = {folded(message.name)};
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('.', at), path.size());
    words.push_back(folded(path.substr(at, end - at)));
    at = end + 1;
  }
  if (asked.size() == 2 && asked[0] == folded(holder.name)) return asked[1] == words.back();
  return asked.size() <= words.size() && std::equal(asked.rbegin(), asked.rend(), words.rbegin());
}

/// Visits every field of a message with its path; parts stand in one another, but never in themselves.
template <class Visit>
void walk(const StructInfo& holder, const std::string& path, const Visit& visit) {
  for (const FieldInfo& field : holder.fields) {
    const std::string here = path.empty() ? std::string(field.name) : path + "." + std::string(field.name);
    visit(holder, field, here);
    if (field.type != nullptr) walk(*field.type, here, visit);
  }
}

/// Where the field stands in a message's text at a server version, "" where it does not.
std::string text_places(const MessageInfo& message, const FieldInfo& field, int server_version) {
  if (message.text == nullptr || server_version < message.since ||
      protocol::wire_at(message, server_version) != protocol::Wire::Text) {
    return "";
  }
  std::string places;
  for (const LayoutStep& step : layout_steps(message, server_version)) {
    if (step.field == &field && !step.place.empty()) places += (places.empty() ? "" : ", ") + step.place;
  }
  return places;
}

}  // namespace

std::vector<DescribedField> find_fields(std::string_view name, std::optional<protocol::Direction> direction) {
  std::vector<std::string> asked;
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find('.', at), name.size());
    asked.push_back(folded(name.substr(at, end - at)));
    at = end + 1;
  }
  std::vector<DescribedField> found;
  for (const MessageInfo* message : protocol::all_messages()) {
    if (direction && message->direction != *direction) continue;
    walk(*message->body, "", [&](const StructInfo& holder, const FieldInfo& field, const std::string& path) {
      if (folded(field.name) != asked.back() || !asks_for(asked, *message, holder, path)) return;
      auto one = std::ranges::find(found, &field, &DescribedField::field);
      if (one == found.end()) one = found.insert(found.end(), {&holder, &field, {}});
      one->places.push_back({message, path});
    });
  }
  return found;
}

std::vector<std::string_view> field_names() {
  std::vector<std::string_view> names;
  for (const MessageInfo* message : protocol::all_messages()) {
    walk(*message->body, "",
         [&](const StructInfo&, const FieldInfo& field, const std::string&) { names.push_back(field.name); });
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

void append_described(const DescribedField& what, int server_version, std::string& out) {
  const FieldInfo& field = *what.field;
  const auto line = [&](std::string_view label, std::string_view text) {
    if (!text.empty()) out += fmt::format("  {:<14}{}\n", label, text);
  };
  out += fmt::format("{}.{}: {}\n  {}\n\n", what.holder->name, field.name, type_name(field), field.doc);
  line("protobuf", field.number == 0 ? "text only" : fmt::format("field {}", field.number));
  line("remarks", field_remarks(field));
  bool first = true;
  for (const DescribedField::Place& place : what.places) {
    const std::string index = server_version == 0 ? "" : text_places(*place.message, field, server_version);
    line(first ? "in" : "", fmt::format("{}.{} ({} TWS{})", place.message->name, place.path,
                                        place.message->direction == protocol::Direction::In ? "from" : "to",
                                        index.empty() ? "" : fmt::format("; index {} at {}", index, server_version)));
    first = false;
  }
}

void append_described_json(const DescribedField& what, int server_version, std::string& out) {
  const FieldInfo& field = *what.field;
  out += fmt::format(R"({{"name":"{}","is":"field","of":"{}","number":{},"type":"{}")", field.name, what.holder->name,
                     field.number, type_name(field));
  append_remarks_json(field, out);
  out += ",\"meaning\":" + protocol::json_string(field.doc) + ",\"places\":[";
  for (const DescribedField::Place& place : what.places) {
    if (out.back() != '[') out += ',';
    out += fmt::format(R"({{"message":"{}","direction":"{}","path":"{}")", place.message->name,
                       direction_name(place.message->direction), place.path);
    const std::string index = server_version == 0 ? "" : text_places(*place.message, field, server_version);
    if (!index.empty()) out += fmt::format(R"(,"index":"{}")", index);
    out += '}';
  }
  out += "]}";
}

}  // namespace ibkr::view
