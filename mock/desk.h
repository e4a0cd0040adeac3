// Desks: each answers the requests of one domain for one client, and pushes what its subscriptions ask for.
//
//   frame ── Session ── Handlers (by message type) ──► ReferenceDesk, DataDesk, HistoryDesk, AccountDesk, OrderDesk
//                                                          └── World (market, accounts, orders) ── Outbox ──► frames
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "mock/outbox.h"
#include "mock/world.h"
#include "protocol/message.h"

namespace ibkr::mock {

/// What a desk works with. All three outlive it.
struct Counter {
  World& world;
  Outbox& out;
  const std::int32_t& client_id;  ///< known from START_API on
};

/// What answers each type of request.
using Handlers = std::unordered_map<const protocol::MessageInfo*, std::function<void(const protocol::Message&)>>;

/// Enters `desk.answer(const Request&)` for each of the requests. A new request is one more name in such a list.
template <class... Requests, class Desk>
void serve(Handlers& handlers, Desk& desk) {
  (handlers.emplace(&Requests::info, [&desk](const protocol::Message& m) { desk.answer(m.as<Requests>()); }), ...);
}

/// Keeps subscriptions by request id.
template <class Subscription>
using Subscriptions = std::unordered_map<std::int32_t, Subscription>;

}  // namespace ibkr::mock
