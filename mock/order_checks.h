// What the mock checks before it takes an order, with the codes and texts that TWS refuses with.
#pragma once

#include <optional>
#include <span>

#include "base/expected.h"
#include "mock/history.h"
#include "mock/orders.h"

namespace ibkr::mock {

/// The one instrument that a contract means. Refuses with 200 when there is none, or more than one.
Expected<const Instrument*, Refusal> resolve(const Market& market, const protocol::Contract& contract);

/// The account that a request names; the first one when it names none and there is only one. Null otherwise.
Account* find_account(std::span<Account> accounts, std::string_view name);

/// Turns a request into an order that has not been released yet. Refuses with 110, 200, 321, 387, 434, 435, 10268…
Expected<WorkingOrder, Refusal> check_order(const Market& market, std::span<Account> accounts, std::int32_t client_id,
                                            const protocol::PlaceOrderRequest& request);

}  // namespace ibkr::mock
