#include "mock/unsimulated.h"

#include <algorithm>
#include <string>

#include "protocol/identity.h"
#include "protocol/relations.h"
#include "protocol/storage.h"

namespace ibkr::mock {
namespace {

using protocol::FieldInfo;
using protocol::Kind;
using protocol::Message;

constexpr std::int32_t kNoId = -1;
// Not 321, which ib_async takes for a warning: it would wait on.
constexpr std::int32_t kProcessing = 322;

/// Ids and keys have one name in a request and in its answers.
void copy_what_ties(const Message& request, Message& answer) {
  for (const FieldInfo& field : answer.type().body->fields) {
    const auto& asked = request.type().body->fields;
    const auto same = std::ranges::find_if(
        asked, [&](const FieldInfo& other) { return other.name == field.name && other.kind == field.kind; });
    if (same == asked.end()) continue;
    if (field.kind == Kind::Int32) {
      if (const auto* value = protocol::value_of<std::int32_t>(*same, request.body()))
        protocol::set<std::int32_t>(field, answer.body()) = *value;
    } else if (field.kind == Kind::String) {
      if (const auto* value = protocol::value_of<std::string>(*same, request.body()))
        protocol::set<std::string>(field, answer.body()) = *value;
    }
  }
}

/// True when a client that gets an error with protocol::error_id(request) would not find its request by it, or waits
/// for rows up to an end.
bool wants_end(const Message& request) {
  return protocol::error_id(request) == kNoId || request.type().kind == protocol::RequestKind::Finite;
}

}  // namespace

void answer_unsimulated(const Message& request, Outbox& out) {
  if (protocol::cancelled_by(request) != nullptr) return;
  const auto ends = protocol::ends_of(request, out.server_version());
  if (!ends.empty() && wants_end(request)) {
    Message end(*ends.front());
    copy_what_ties(request, end);
    return out.send(end);
  }
  out.error(protocol::error_id(request), kProcessing,
            "Error processing request.-'mock' : cause - The mock TWS does not simulate " + std::string(request.name()));
}

}  // namespace ibkr::mock
