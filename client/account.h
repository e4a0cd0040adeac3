// Accounts and their positions as values, and what happens to them as events. The account book (account_book.h) makes
// them.
//
// Everywhere below: a value that TWS has not told is none, never 0. Amounts are in the account's base currency, unless
// it is said otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "client/order.h"
#include "protocol/decimal.h"
#include "protocol/messages.h"

namespace ibkr::client {

/// What an account, or a model portfolio of an advisor's within it, is worth and may do.
struct AccountInfo {
  std::string account_id;
  std::string model_code;     ///< "" for the account as a whole
  std::string account_type;   ///< such as INDIVIDUAL; "" until it is told
  std::string base_currency;  ///< "" until an amount in it is told

  std::optional<double> equity;             ///< net liquidation value
  std::optional<double> buying_power;       ///< what may be bought, borrowed money included
  std::optional<double> cash_balance;       ///< of all currencies together
  std::optional<int> day_trades_remaining;  ///< before the account counts as a day trader's; -1: there is no limit
  std::optional<double> leverage;           ///< value of the positions ÷ equity
  std::optional<double> maintenance_margin;
  std::optional<double> initial_margin;
  std::optional<double> excess_liquidity;  ///< above the maintenance margin

  std::optional<double> daily_pnl;  ///< since the start of the trading day; while PnLRequest is under way
  std::optional<double> unrealized_pnl;
  std::optional<double> realized_pnl;  ///< of positions closed today

  std::optional<bool> is_ready;  ///< false: TWS is still starting or resetting, and its values cannot be trusted
  Moment updated_at{};           ///< when anything above last changed
};

/// A position of an account or model in one instrument.
struct Position {
  std::string account_id;
  std::string model_code;                              ///< "" for the account as a whole
  std::shared_ptr<const protocol::Contract> contract;  ///< as TWS told it first. Never null
  std::optional<protocol::Decimal> quantity;           ///< units held; below 0 when short; 0 when closed

  // In the contract's currency.
  std::optional<double> average_cost;  ///< per contract: multiplier and commissions included
  std::optional<double> market_price;  ///< per unit
  std::optional<double> market_value;
  std::optional<double> unrealized_pnl;
  std::optional<double> realized_pnl;  ///< closed today
  std::optional<double> daily_pnl;     ///< while PnLSingleRequest is under way for it
  Moment updated_at{};                 ///< when anything above last changed

  /// "" where TWS told none.
  std::string symbol() const { return contract->symbol.value_or(""); }
  bool is_open() const { return quantity && !quantity->is_zero(); }
};

/// An account is not as it was.
struct AccountChanged {
  AccountInfo account;
};
/// A position is not as it was: opened, changed, valued anew, or closed (quantity 0).
struct PositionChanged {
  Position position;
};

/// Something that happened to accounts. In the order of happening; nothing that TWS repeats.
using AccountEvent = std::variant<AccountChanged, PositionChanged>;

}  // namespace ibkr::client
