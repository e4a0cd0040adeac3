// Orders, order statuses and executions from decoded messages (ledger.h).
#include "journal/ledger.h"

#include "protocol/messages.h"

namespace ibkr::journal {

namespace {

using protocol::CommissionAndFeesReport;
using protocol::ExecutionDetails;
using protocol::OpenOrder;
using protocol::OrderStatus;
using protocol::PlaceOrderRequest;

const std::string kUpsertOrder =
    "INSERT INTO orders(session_id, client_id, order_id, perm_id, account, contract_symbol, con_id, sec_type, exchange,"
    " currency, action, quantity, order_type, limit_price, aux_price, tif, parent_id, order_ref, what_if, status,"
    " created_at, updated_at, message_id)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?21, ?22)"
    " ON CONFLICT(session_id, client_id, order_id, CASE WHEN order_id > 0 THEN 0 ELSE coalesce(perm_id, 0) END)"
    // An order replaces what its predecessor of that id said, limit price included: it may have been taken away.
    " DO UPDATE SET perm_id = coalesce(excluded.perm_id, perm_id), account = coalesce(excluded.account, account),"
    " contract_symbol = excluded.contract_symbol, con_id = coalesce(excluded.con_id, con_id),"
    " sec_type = excluded.sec_type, exchange = excluded.exchange, currency = excluded.currency,"
    " action = excluded.action, quantity = excluded.quantity, order_type = excluded.order_type,"
    " limit_price = excluded.limit_price, aux_price = excluded.aux_price, tif = excluded.tif,"
    " parent_id = excluded.parent_id, order_ref = excluded.order_ref, what_if = excluded.what_if,"
    " status = coalesce(excluded.status, status), updated_at = excluded.updated_at";

const std::string kInsertStatus =
    "INSERT INTO order_status(session_id, client_id, order_id, perm_id, status, filled_quantity, remaining_quantity,"
    " average_price, last_price, parent_id, why_held, timestamp, message_id)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const std::string kLatestStatus =
    "UPDATE orders SET status = coalesce(?4, status), perm_id = coalesce(?5, perm_id), updated_at = ?6"
    " WHERE session_id = ?1 AND client_id = ?2 AND order_id = ?3 AND (order_id > 0 OR perm_id = ?5)";

const std::string kUpsertExecution =
    "INSERT INTO executions(session_id, execution_id, client_id, order_id, perm_id, account, time, symbol, con_id,"
    " sec_type, exchange, currency, side, quantity, price, timestamp, message_id)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
    " ON CONFLICT(session_id, execution_id) DO UPDATE SET client_id = excluded.client_id,"
    " order_id = excluded.order_id, perm_id = excluded.perm_id, account = excluded.account, time = excluded.time,"
    " symbol = excluded.symbol, con_id = excluded.con_id, sec_type = excluded.sec_type, exchange = excluded.exchange,"
    " currency = excluded.currency, side = excluded.side, quantity = excluded.quantity, price = excluded.price";

// The report may come before its execution.
const std::string kUpsertCommission =
    "INSERT INTO executions(session_id, execution_id, commission, commission_currency, realized_pnl, timestamp,"
    " message_id) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(session_id, execution_id) DO UPDATE SET"
    " commission = excluded.commission, commission_currency = excluded.commission_currency,"
    " realized_pnl = excluded.realized_pnl";

std::optional<double> number(const std::optional<protocol::Decimal>& decimal) {
  if (!decimal) return std::nullopt;
  return decimal->to_double();
}

// TWS writes "no id yet" as 0.
template <class Field>
std::optional<std::int64_t> id(const Field& value) {
  return value && *value != 0 ? std::optional<std::int64_t>(*value) : std::nullopt;
}

void write_order(Statement& statement, SessionId session, Sequence sequence, std::int64_t client_id,
                 std::int64_t order_id, const protocol::Contract& contract, const protocol::Order& order,
                 const std::optional<std::string>& status, std::int64_t wall_ns) {
  statement.run(session, client_id, order_id, id(order.perm_id), order.account, contract.symbol, id(contract.con_id),
                contract.sec_type, contract.exchange, contract.currency, order.action, number(order.total_quantity),
                order.order_type, order.lmt_price, order.aux_price, order.tif, id(order.parent_id), order.order_ref,
                order.what_if, status, wall_ns, sequence);
}

}  // namespace

Ledger::Ledger(Database& database)
    : order_(database, kUpsertOrder),
      status_(database, kInsertStatus),
      latest_status_(database, kLatestStatus),
      execution_(database, kUpsertExecution),
      commission_(database, kUpsertCommission) {}

bool Ledger::concerns(const protocol::MessageInfo& type) {
  return &type == &PlaceOrderRequest::info || &type == &OpenOrder::info || &type == &OrderStatus::info ||
         &type == &ExecutionDetails::info || &type == &CommissionAndFeesReport::info;
}

void Ledger::enter(const protocol::Message& message, SessionId session, Sequence sequence, std::int64_t client_id,
                   std::int64_t wall_ns) {
  static const protocol::Contract no_contract;
  static const protocol::Order no_order;
  if (const auto* place = message.get_if<PlaceOrderRequest>()) {
    write_order(order_, session, sequence, client_id, place->order_id.value_or(0),
                place->contract ? *place->contract : no_contract, place->order ? *place->order : no_order, std::nullopt,
                wall_ns);
  } else if (const auto* open = message.get_if<OpenOrder>()) {
    const auto& order = open->order ? *open->order : no_order;
    write_order(order_, session, sequence, order.client_id.value_or(static_cast<std::int32_t>(client_id)),
                open->order_id.value_or(0), open->contract ? *open->contract : no_contract, order,
                open->order_state ? std::optional<std::string>(open->order_state->status) : std::nullopt, wall_ns);
  } else if (const auto* status = message.get_if<OrderStatus>()) {
    const std::int64_t owner = status->client_id ? *status->client_id : client_id;
    const std::int64_t order_id = status->order_id.value_or(0);
    status_.run(session, owner, order_id, id(status->perm_id), status->status, number(status->filled),
                number(status->remaining), status->avg_fill_price, status->last_fill_price, id(status->parent_id),
                status->why_held, wall_ns, sequence);
    latest_status_.run(session, owner, order_id, status->status, id(status->perm_id), wall_ns);
  } else if (const auto* details = message.get_if<ExecutionDetails>()) {
    if (!details->execution || !details->execution->exec_id) return;
    const auto& execution = *details->execution;
    const auto& contract = details->contract ? *details->contract : no_contract;
    execution_.run(session, execution.exec_id, execution.client_id, execution.order_id, id(execution.perm_id),
                   execution.acct_number, execution.time, contract.symbol, id(contract.con_id), contract.sec_type,
                   execution.exchange, contract.currency, execution.side, number(execution.shares), execution.price,
                   wall_ns, sequence);
  } else if (const auto* report = message.get_if<CommissionAndFeesReport>()) {
    if (!report->exec_id) return;
    commission_.run(session, report->exec_id, report->commission_and_fees, report->currency, report->realized_pnl,
                    wall_ns, sequence);
  }
}

}  // namespace ibkr::journal
