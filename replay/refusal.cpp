#include "replay/refusal.h"

#include <algorithm>
#include <limits>

#include "protocol/empty_end.h"
#include "protocol/identity.h"
#include "protocol/messages.h"
#include "protocol/relations.h"
#include "protocol/storage.h"

namespace ibkr::replay {

using protocol::Clock;
using protocol::FieldInfo;
using protocol::Message;
using protocol::Role;

namespace {

constexpr std::int32_t kNoId = -1;
constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000, kMillisecondsPerSecond = 1'000;

bool is_own(const FieldInfo& field) {
  return field.role == Role::OrderId || (field.role == Role::Stamp && field.clock != Clock::None);
}

std::int64_t own_value(const FieldInfo& field, std::int64_t next_order_id, std::int64_t wall_ns) {
  switch (field.clock) {
    case Clock::Seconds:
      return wall_ns / kNanosecondsPerMillisecond / kMillisecondsPerSecond;
    case Clock::Milliseconds:
      return wall_ns / kNanosecondsPerMillisecond;
    case Clock::None:
      break;
  }
  return std::min<std::int64_t>(next_order_id, std::numeric_limits<std::int32_t>::max());
}

}  // namespace

std::vector<Message> refusal(const Message* request, int server_version, std::string text, std::int64_t wall_ns) {
  protocol::ErrorMessage error;
  error.id = request != nullptr ? protocol::error_id(*request) : kNoId;
  error.error_time = wall_ns / kNanosecondsPerMillisecond;
  error.error_code = kUnmatchedCode;
  error.error_msg = std::move(text);
  const bool found_by_id = *error.id != kNoId;
  std::vector<Message> messages;
  messages.emplace_back(std::move(error));
  if (request == nullptr || found_by_id) return messages;
  if (auto end = protocol::empty_end(*request, server_version)) messages.push_back(std::move(*end));
  return messages;
}

const protocol::MessageInfo* answered_from_own(const Message& request, int server_version) {
  if (request.type().kind != protocol::RequestKind::OneShot || protocol::error_id(request) != kNoId) return nullptr;
  const auto ends = protocol::ends_of(request, server_version);
  if (ends.size() != 1) return nullptr;
  const auto& fields = ends.front()->body->fields;
  return !fields.empty() && std::ranges::all_of(fields, is_own) ? ends.front() : nullptr;
}

std::optional<Message> answer_from_own(const Message& request, int server_version, std::int64_t next_order_id,
                                       std::int64_t wall_ns) {
  const protocol::MessageInfo* type = answered_from_own(request, server_version);
  if (type == nullptr) return std::nullopt;
  Message answer(*type);
  for (const FieldInfo& field : type->body->fields) {
    const std::int64_t value = own_value(field, next_order_id, wall_ns);
    if (field.kind == protocol::Kind::Int32) {
      protocol::set<std::int32_t>(field, answer.body()) = static_cast<std::int32_t>(value);
    } else {
      protocol::set<std::int64_t>(field, answer.body()) = value;
    }
  }
  return answer;
}

}  // namespace ibkr::replay
