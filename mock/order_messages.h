// Orders and fills as the messages that tell of them.
#pragma once

#include <string>

#include "mock/orders.h"
#include "protocol/messages.h"

namespace ibkr::mock {

protocol::OpenOrder open_order(const WorkingOrder& order);
protocol::OrderStatus order_status(const WorkingOrder& order);
/// total_quantity is what was left unfilled, as a Gateway has it.
protocol::CompletedOrder completed_order(const WorkingOrder& order);
/// The answer to a what-if: the order, and what it would do to the margins.
protocol::OpenOrder what_if_answer(const WorkingOrder& order, const MarginCheck& check);

/// A fill of `quantity` at the order's last price, as it is told; its commission is the caller's to fill in.
Fill make_fill(const WorkingOrder& order, protocol::Decimal quantity, std::string exec_id, Seconds at);

/// What the broker takes for a fill.
double commission_for(const Instrument& instrument, protocol::Decimal quantity);

}  // namespace ibkr::mock
