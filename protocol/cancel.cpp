#include "protocol/cancel.h"

#include <cassert>

#include "protocol/fields.h"
#include "protocol/relations.h"
#include "protocol/ties.h"

namespace ibkr::protocol {
namespace {

/// Sets the fields of a request that make it the cancel of its own type. The description compares whole numbers of the
/// message itself for that; the test of all cancels says when it begins to say more.
void make_own_cancel(Message& request) {
  for (const Condition& condition : request.type().cancels_own_if) {
    const bool one_of = !condition.integers.empty();
    FieldRef(*condition.field, request.body())
        .set_integer(one_of ? condition.integers.front() : static_cast<std::int64_t>(condition.number));
  }
}

}  // namespace

std::optional<Message> cancel_of(const Message& request) {
  const MessageInfo& type = request.type();
  if (type.cancel == nullptr) return std::nullopt;
  if (type.cancel != &type) {
    Message cancel(*type.cancel);
    copy_ties(request, cancel);
    return cancel;
  }
  Message cancel = request;
  cancel.residue.clear();
  make_own_cancel(cancel);
  assert(cancelled_by(cancel) == &type);
  return cancel;
}

}  // namespace ibkr::protocol
