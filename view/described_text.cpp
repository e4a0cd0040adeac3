// The description for people: `ibkr describe` without --json.
#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "protocol/catalogue.h"
#include "protocol/error_codes.h"
#include "view/described.h"
#include "view/layout_steps.h"
#include "view/table.h"

namespace ibkr::view {
namespace {

using protocol::FieldInfo;
using protocol::MessageInfo;

void append_line(std::string_view label, std::string_view text, std::string& out) {
  if (!text.empty()) out += fmt::format("  {:<14}{}\n", label, text);
}

template <class Messages>
std::string names(const Messages& messages) {
  std::vector<std::string_view> list;
  list.reserve(std::size(messages));
  for (const MessageInfo* type : messages) list.push_back(type->name);
  return fmt::format("{}", fmt::join(list, ", "));
}

std::string manner(const MessageInfo& type) {
  using protocol::RequestKind;
  switch (type.kind) {
    case RequestKind::None:
      return "";
    case RequestKind::Command:
      return "command: no answer of its own";
    case RequestKind::OneShot:
      return "one-shot: one answer";
    case RequestKind::Finite:
      return "finite: answers up to an end";
    case RequestKind::Stream:
      return "stream: answers until it is cancelled";
  }
  return "";
}

std::string versions(const MessageInfo& type) {
  if (type.proto_since == 0) return fmt::format("text from {} on", type.since);
  if (type.text == nullptr) return fmt::format("protobuf from {} on", type.proto_since);
  return fmt::format("text {}..{}, protobuf from {} on", type.since, type.proto_since - 1, type.proto_since);
}

/// The errors that answer a cancel, by what they mean.
std::string errors_of_cancel(const MessageInfo& cancel,
                             std::span<const MessageInfo* const> protocol::ErrorCodeInfo::*relation) {
  std::vector<std::int32_t> codes;
  for (const auto& code : protocol::all_error_codes()) {
    const auto& cancels = code.*relation;
    if (std::ranges::find(cancels, &cancel) != cancels.end()) codes.push_back(code.code);
  }
  return codes.empty() ? "" : fmt::format("error {}", fmt::join(codes, ", "));
}

/// "HistoricalDataEnd from 196 on, if keep_up_to_date == 0"
std::string told(const protocol::End& end) {
  std::string text(end.answer->name);
  if (end.since != 0 && end.until != 0) {
    text += fmt::format(" from {} to {}", end.since, end.until - 1);
  } else if (end.since != 0) {
    text += fmt::format(" from {} on", end.since);
  } else if (end.until != 0) {
    text += fmt::format(" up to {}", end.until - 1);
  }
  if (!end.then.empty()) text += ", then " + names(end.then);
  const std::string condition = condition_text(end);
  return condition.empty() ? text : text + ", if " + condition;
}

/// What ends it in any case on one line, the rest on one each.
void append_ends(const MessageInfo& type, bool batch, std::string& out) {
  std::vector<std::string> lines;
  bool listing = false;
  for (const protocol::End& end : type.ends) {
    if (end.batch != batch) continue;
    const bool always = end.since == 0 && end.until == 0 && end.conditions.empty() && end.answer_conditions.empty();
    if (always && listing) {
      lines.back() += ", " + told(end);
    } else {
      lines.push_back(told(end));
    }
    listing = always;
  }
  for (const std::string& line : lines) {
    const bool first = &line == lines.data();
    append_line(!first ? "" : batch ? "first batch" : "ended by", line, out);
  }
}

/// "CancelPositions", "AccountDataRequest, if subscribe == 0", "GlobalCancelRequest (all)"
void append_cancels(const MessageInfo& type, std::string& out) {
  const std::string condition = conditions_text(type.cancels_own_if, type.cancels_own_slots);
  if (type.cancel != nullptr) {
    append_line("cancelled by", std::string(type.cancel->name) + (condition.empty() ? "" : ", if " + condition), out);
  }
  if (type.cancel_all != nullptr) append_line("all by", type.cancel_all->name, out);
  if (type.cancels != nullptr) append_line("cancels", type.cancels->name, out);
  if (type.cancels_all != nullptr) append_line("cancels all", type.cancels_all->name, out);
}

/// How answers find a request without an id.
std::string_view rule(const MessageInfo& type) {
  using protocol::Unnumbered;
  switch (type.unnumbered) {
    case Unnumbered::No:
      return "";
    case Unnumbered::Alone:
      return "alone: its answers are nobody else's, and come in turn";
    case Unnumbered::Joined:
      return "joined: alone, but asked again too soon it may get no answer of its own";
    case Unnumbered::Keyed:
      return "keyed: the answer repeats its key";
    case Unnumbered::Family:
      return "family: other requests have these answers; one at a time";
    case Unnumbered::Counted:
      return "counted: one subscription per connection, ended with its last user";
    case Unnumbered::Command:
      return "command: nothing comes back that is its own";
  }
  return "";
}

void append_relations(const MessageInfo& type, std::string& out) {
  append_line("manner", manner(type), out);
  append_line("answers", names(type.answers), out);
  append_ends(type, false, out);
  append_ends(type, true, out);
  append_cancels(type, out);
  append_line("without id", rule(type), out);
  append_line("confirmed by", errors_of_cancel(type, &protocol::ErrorCodeInfo::confirms), out);
  append_line("refused by", errors_of_cancel(type, &protocol::ErrorCodeInfo::refuses), out);
  append_line("answer to", names(requests_answered_by(type)), out);
  if (type.pushed) append_line("pushed", "TWS sends it unasked, too", out);
  if (type.setting) append_line("setting", "holds for the connection: a new one needs it again", out);
}

void append_fields(const protocol::StructInfo& info, std::string& out) {
  if (info.fields.empty()) return;
  out += "\nfields (protobuf number, name, type, role, values or versions, meaning)\n";
  std::vector<Row> rows;
  for (const FieldInfo& field : info.fields) {
    rows.push_back({field.number == 0 ? "-" : std::to_string(field.number), std::string(field.name), type_name(field),
                    field_remarks(field), std::string(field.doc)});
  }
  append_table(rows, 1, out);
}

void append_layout(const MessageInfo& type, int server_version, std::string& out) {
  if (server_version < type.since) {
    out += fmt::format("\nnot known at server version {}\n", server_version);
    return;
  }
  if (protocol::wire_at(type, server_version) == protocol::Wire::Protobuf) {
    out += fmt::format("\nprotobuf at server version {}: id {} as 4 raw bytes, then the fields by their numbers\n",
                       server_version, type.id + protocol::kProtobufIdOffset);
    return;
  }
  out += fmt::format("\ntext at server version {}, each field ended by NUL (index, field, type, how it is written)\n",
                     server_version);
  std::vector<Row> rows;
  for (const LayoutStep& step : layout_steps(type, server_version)) {
    rows.push_back({step.place, std::string(static_cast<std::size_t>(step.depth) * 2, ' ') + step.what,
                    step.field != nullptr ? type_name(*step.field) : "", step.note});
  }
  append_table(rows, 1, out);
}

void append(const MessageInfo& type, int server_version, std::string& out) {
  const std::string protobuf =
      type.proto_since == 0 ? "" : fmt::format(", {} as protobuf", type.id + protocol::kProtobufIdOffset);
  out += fmt::format("{}: message {} TWS, id {}{}\n  {}\n\n", type.name,
                     type.direction == protocol::Direction::In ? "from" : "to", type.id, protobuf, type.doc);
  append_line("known as", fmt::format("{}", fmt::join(type.aliases, ", ")), out);
  append_line("servers", versions(type), out);
  append_relations(type, out);
  append_fields(*type.body, out);
  if (server_version != 0) append_layout(type, server_version, out);
}

void append(const protocol::StructInfo& info, int, std::string& out) {
  out += fmt::format("{}: part of messages\n  {}\n", info.name, info.doc);
  append_fields(info, out);
}

void append(const protocol::EnumInfo& info, int, std::string& out) {
  out += fmt::format("{}: values of numbers\n  {}\n\n", info.name, info.doc);
  std::vector<Row> rows;
  for (const auto& value : info.values) {
    rows.push_back({std::to_string(value.value), std::string(value.name), std::string(value.doc)});
  }
  append_table(rows, 1, out);
}

void append(const protocol::TextValues& info, int, std::string& out) {
  out += fmt::format("{}: known values of texts; others can occur\n  {}\n\n", info.name, info.doc);
  std::vector<Row> rows;
  for (const auto& value : info.values) rows.push_back({'"' + std::string(value.value) + '"', std::string(value.doc)});
  append_table(rows, 1, out);
}

}  // namespace

void append_described(const Described& what, int server_version, std::string& out) {
  std::visit([&](const auto* named) { append(*named, server_version, out); }, what);
}

}  // namespace ibkr::view
