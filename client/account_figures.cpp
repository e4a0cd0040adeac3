// An account from the values that TWS tells of it, and what else the account book can be asked (account_book.h).
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <iterator>
#include <tuple>

#include "client/account_book.h"
#include "client/fills.h"

namespace ibkr::client {
namespace {

constexpr std::string_view kBase = "BASE";

/// The whole text as a number; none where it is none.
std::optional<double> number(const std::optional<AccountValue>& value) {
  if (!value) return std::nullopt;
  double read = 0;
  const char* const end = value->value.data() + value->value.size();
  const auto [at, error] = std::from_chars(value->value.data(), end, read);
  return error == std::errc() && at == end ? told(read) : std::nullopt;
}

std::optional<int> whole_number(const std::optional<AccountValue>& value) {
  const auto read = number(value);
  const bool fits = read && std::abs(*read) < 1e9 && std::floor(*read) == *read;
  return fits ? std::optional<int>(static_cast<int>(*read)) : std::nullopt;
}

auto says(const AccountInfo& info) {
  return std::tie(info.account_type, info.base_currency, info.equity, info.buying_power, info.cash_balance,
                  info.day_trades_remaining, info.leverage, info.maintenance_margin, info.initial_margin,
                  info.excess_liquidity, info.daily_pnl, info.unrealized_pnl, info.realized_pnl, info.is_ready);
}

}  // namespace

std::string AccountBook::base_currency(const Account& account) {
  for (const std::string_view tag : {"NetLiquidation", "BuyingPower", "TotalCashValue", "ExcessLiquidity"}) {
    const auto at = account.values.lower_bound({std::string(tag), ""});
    for (auto one = at; one != account.values.end() && one->first.first == tag; ++one)
      if (!one->first.second.empty() && one->first.second != kBase) return one->first.second;
  }
  return "";
}

std::optional<AccountValue> AccountBook::value_of(const Account& account, std::string_view tag,
                                                  std::string_view currency) {
  const auto in = [&](std::string_view wanted) -> std::optional<AccountValue> {
    const auto found = account.values.find({std::string(tag), std::string(wanted)});
    if (found == account.values.end()) return std::nullopt;
    return AccountValue{found->first.first, found->first.second, found->second};
  };
  if (!currency.empty()) return in(currency);
  for (const std::string& wanted : {std::string(kBase), base_currency(account), std::string()})
    if (auto value = in(wanted)) return value;
  const auto first = account.values.lower_bound({std::string(tag), ""});
  if (first == account.values.end() || first->first.first != tag) return std::nullopt;
  const auto second = std::next(first);
  if (second != account.values.end() && second->first.first == tag) return std::nullopt;
  return AccountValue{first->first.first, first->first.second, first->second};
}

void AccountBook::publish(Account& account, Moment at, Events& events) {
  const auto text = [&](std::string_view tag) { return value_of(account, tag, ""); };
  const auto amount = [&](std::initializer_list<std::string_view> tags) -> std::optional<double> {
    for (const std::string_view tag : tags)
      if (const auto value = number(text(tag))) return value;
    return std::nullopt;
  };
  AccountInfo info = account.info;
  const auto type = text("AccountType"), ready = text("AccountReady");
  info.account_type = type ? type->value : "";
  info.base_currency = base_currency(account);
  info.equity = amount({"NetLiquidation", "NetLiquidationByCurrency"});
  info.buying_power = amount({"BuyingPower"});
  info.cash_balance = amount({"TotalCashValue", "TotalCashBalance", "CashBalance"});
  info.day_trades_remaining = whole_number(text("DayTradesRemaining"));
  info.leverage = amount({"Leverage", "Leverage-S"});
  info.maintenance_margin = amount({"MaintMarginReq"});
  info.initial_margin = amount({"InitMarginReq"});
  info.excess_liquidity = amount({"ExcessLiquidity"});
  info.daily_pnl = account.daily_pnl;
  info.unrealized_pnl = account.unrealized_pnl ? account.unrealized_pnl : amount({"UnrealizedPnL"});
  info.realized_pnl = account.realized_pnl ? account.realized_pnl : amount({"RealizedPnL"});
  info.is_ready = ready ? std::optional<bool>(ready->value == "true") : std::nullopt;
  if (account.is_told && says(info) == says(account.info)) return;
  account.is_told = true;
  info.updated_at = at;
  account.info = std::move(info);
  events.push_back(AccountChanged{account.info});
}

const AccountBook::Account* AccountBook::find(std::string_view account_id, std::string_view model_code) const {
  const auto found = accounts_.find({std::string(account_id), std::string(model_code)});
  return found == accounts_.end() ? nullptr : &found->second;
}

std::optional<AccountInfo> AccountBook::account(std::string_view account_id, std::string_view model_code) const {
  const Account* account = find(account_id, model_code);
  return account == nullptr ? std::nullopt : std::optional<AccountInfo>(account->info);
}

std::vector<AccountInfo> AccountBook::accounts() const {
  std::vector<AccountInfo> all;
  for (const auto& [key, account] : accounts_) all.push_back(account.info);
  return all;
}

std::optional<AccountValue> AccountBook::value(std::string_view account_id, std::string_view tag,
                                               std::string_view currency, std::string_view model_code) const {
  const Account* account = find(account_id, model_code);
  return account == nullptr ? std::nullopt : value_of(*account, tag, currency);
}

std::vector<AccountValue> AccountBook::values(std::string_view account_id, std::string_view model_code) const {
  std::vector<AccountValue> all;
  if (const Account* account = find(account_id, model_code))
    for (const auto& [name, text] : account->values) all.push_back({name.first, name.second, text});
  return all;
}

std::vector<Position> AccountBook::open_positions() const {
  std::vector<Position> open;
  for (const auto& [key, holding] : holdings_)
    if (holding.position.model_code.empty() && holding.position.is_open()) open.push_back(holding.position);
  return open;
}

std::vector<Position> AccountBook::positions(std::string_view account_id, std::string_view model_code) const {
  std::vector<Position> all;
  for (const auto& [key, holding] : holdings_)
    if (holding.position.account_id == account_id && holding.position.model_code == model_code)
      all.push_back(holding.position);
  return all;
}

}  // namespace ibkr::client
