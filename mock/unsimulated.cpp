#include "mock/unsimulated.h"

#include <string>

#include "protocol/empty_end.h"
#include "protocol/identity.h"
#include "protocol/relations.h"

namespace ibkr::mock {
namespace {

using protocol::Message;

constexpr std::int32_t kNoId = -1;
// Not 321, which ib_async takes for a warning: it would wait on.
constexpr std::int32_t kProcessing = 322;

/// True when a client that gets an error with protocol::error_id(request) would not find its request by it, or waits
/// for rows up to an end.
bool wants_end(const Message& request) {
  return protocol::error_id(request) == kNoId || request.type().kind == protocol::RequestKind::Finite;
}

}  // namespace

void answer_unsimulated(const Message& request, Outbox& out) {
  if (protocol::cancelled_by(request) != nullptr) return;
  if (wants_end(request)) {
    if (const auto end = protocol::empty_end(request, out.server_version())) return out.send(*end);
  }
  out.error(protocol::error_id(request), kProcessing,
            "Error processing request.-'mock' : cause - The mock TWS does not simulate " + std::string(request.name()));
}

}  // namespace ibkr::mock
