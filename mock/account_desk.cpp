#include "mock/account_desk.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "mock/order_checks.h"

namespace ibkr::mock {
namespace {

constexpr std::size_t kMostSummaries = 2;
constexpr std::array<std::string_view, 8> kLedger = {"Currency",         "CashBalance",       "TotalCashBalance",
                                                     "StockMarketValue", "OptionMarketValue", "UnrealizedPnL",
                                                     "RealizedPnL",      "ExchangeRate"};

bool is_asked_for(const std::string& tags, const std::string& tag) {
  if (("," + tags + ",").find("," + tag + ",") != std::string::npos) return true;
  return tags.find("$LEDGER") != std::string::npos && std::find(kLedger.begin(), kLedger.end(), tag) != kLedger.end();
}

/// Positions name the exchange where the instrument lives, not the one that orders are routed to.
protocol::Contract position_contract(const Holding& holding) {
  protocol::Contract contract = holding.instrument->contract;
  if (contract.primary_exch) contract.exchange = contract.primary_exch;
  return contract;
}

protocol::Contract portfolio_contract(const Holding& holding) {
  protocol::Contract contract = holding.instrument->contract;
  if (!contract.primary_exch) contract.primary_exch = contract.exchange;
  contract.exchange.reset();
  return contract;
}

}  // namespace

AccountDesk::AccountDesk(Counter counter, Handlers& handlers) : counter_(counter) {
  serve<protocol::ManagedAccountsRequest, protocol::FamilyCodesRequest, protocol::AccountDataRequest,
        protocol::PositionsRequest, protocol::CancelPositions, protocol::PositionsMultiRequest,
        protocol::CancelPositionsMulti, protocol::AccountSummaryRequest, protocol::CancelAccountSummary,
        protocol::AccountUpdatesMultiRequest, protocol::CancelAccountUpdatesMulti, protocol::PnLRequest,
        protocol::CancelPnL, protocol::PnLSingleRequest, protocol::CancelPnLSingle>(handlers, *this);
}

const Account* AccountDesk::find(std::int32_t id, const std::string& name) {
  auto& accounts = counter_.world.accounts;
  if (name.empty() || name == "All") return &accounts.front();
  if (const Account* account = find_account(accounts, name)) return account;
  counter_.out.error(id, 321, "Error validating request.-'bT' : cause - Invalid account code '" + name + "'.");
  return nullptr;
}

void AccountDesk::send_accounts() {
  protocol::ManagedAccounts out;
  out.accounts_list.emplace();
  for (const Account& account : counter_.world.accounts)
    out.accounts_list->append(out.accounts_list->empty() ? "" : ",").append(account.name());
  counter_.out.send(std::move(out));
}

void AccountDesk::answer(const protocol::ManagedAccountsRequest&) { send_accounts(); }

void AccountDesk::answer(const protocol::FamilyCodesRequest&) {
  protocol::FamilyCodes out;
  for (const Account& account : counter_.world.accounts) {
    protocol::FamilyCode code;
    code.account_id = account.name();
    code.family_code = "";
    out.family_codes.push_back(std::move(code));
  }
  counter_.out.send(std::move(out));
}

void AccountDesk::send_position(const Account& account, const Holding& holding) {
  protocol::Position out;
  out.account = account.name();
  out.contract = position_contract(holding);
  out.position = holding.position;
  out.avg_cost = holding.average_cost;
  counter_.out.send(std::move(out));
}

void AccountDesk::answer(const protocol::PositionsRequest&) {
  positions_ = true;
  for (const Account& account : counter_.world.accounts)
    for (const auto& [con_id, holding] : account.holdings()) send_position(account, holding);
  counter_.out.send(protocol::PositionEnd{});
}

void AccountDesk::answer(const protocol::CancelPositions&) { positions_ = false; }

void AccountDesk::send_position(std::int32_t id, const Account& account, const Holding& holding) {
  protocol::PositionMulti out;
  out.req_id = id;
  out.account = account.name();
  out.contract = position_contract(holding);
  out.position = holding.position;
  out.avg_cost = holding.average_cost;
  out.model_code = "";
  counter_.out.send(std::move(out));
}

void AccountDesk::answer(const protocol::PositionsMultiRequest& request) {
  const std::int32_t id = request.req_id.value_or(0);
  const Account* account = find(id, request.account.value_or(""));
  if (account == nullptr) return;
  for (const auto& [con_id, holding] : account->holdings()) send_position(id, *account, holding);
  protocol::PositionMultiEnd end;
  end.req_id = id;
  counter_.out.send(std::move(end));
  position_multi_[id] = account;
}

void AccountDesk::answer(const protocol::CancelPositionsMulti& request) {
  position_multi_.erase(request.req_id.value_or(0));
}

void AccountDesk::send_portfolio(const Account& account, const Holding& holding) {
  protocol::PortfolioValue out;
  out.contract = portfolio_contract(holding);
  out.position = holding.position;
  const Quote& quote = counter_.world.market.quote(*holding.instrument);
  out.market_price = holding.instrument->has_trades ? quote.last : quote.mid();
  out.market_value = account.market_value(holding);
  out.average_cost = holding.average_cost;
  out.unrealized_pnl = account.unrealized(holding);
  out.realized_pnl = holding.realized;
  out.account_name = account.name();
  counter_.out.send(std::move(out));
}

void AccountDesk::send_values(const Account& account) {
  for (AccountFigure& figure : account.figures()) {
    protocol::AccountValue out;
    out.key = std::move(figure.tag);
    out.value = std::move(figure.value);
    out.currency = std::move(figure.currency);
    out.account_name = account.name();
    counter_.out.send(std::move(out));
  }
  protocol::AccountUpdateTime time;
  time.time_stamp = eastern_minutes(counter_.world.market.now());
  counter_.out.send(std::move(time));
}

void AccountDesk::answer(const protocol::AccountDataRequest& request) {
  if (!request.subscribe.value_or(false)) {
    updates_ = nullptr;
    return;
  }
  const Account* account = find(-1, request.acct_code.value_or(""));
  if (account == nullptr) return;
  updates_ = account;
  send_values(*account);
  for (const auto& [con_id, holding] : account->holdings()) send_portfolio(*account, holding);
  protocol::AccountDataEnd end;
  end.account_name = account->name();
  counter_.out.send(std::move(end));
}

void AccountDesk::answer(const protocol::AccountSummaryRequest& request) {
  const std::int32_t id = request.req_id.value_or(0);
  if (summaries_.count(id) == 0 && summaries_.size() >= kMostSummaries) {
    return counter_.out.error(
        id, 322, "Error processing request.-'bS' : cause - Maximum number of account summary requests exceeded");
  }
  summaries_.insert(id);
  const std::string tags = request.tags.value_or("");
  for (const Account& account : counter_.world.accounts) {
    for (AccountFigure& figure : account.figures()) {
      if (!is_asked_for(tags, figure.tag)) continue;
      protocol::AccountSummary row;
      row.req_id = id;
      row.account = account.name();
      row.tag = std::move(figure.tag);
      row.value = std::move(figure.value);
      row.currency = std::move(figure.currency);
      counter_.out.send(std::move(row));
    }
  }
  protocol::AccountSummaryEnd end;
  end.req_id = id;
  counter_.out.send(std::move(end));
}

void AccountDesk::answer(const protocol::CancelAccountSummary& request) {
  summaries_.erase(request.req_id.value_or(0));
}

void AccountDesk::send_multi(std::int32_t id, const Account& account) {
  for (AccountFigure& figure : account.figures()) {
    protocol::AccountUpdateMulti row;
    row.req_id = id;
    row.account = account.name();
    row.model_code = "";
    row.key = std::move(figure.tag);
    row.value = std::move(figure.value);
    row.currency = std::move(figure.currency);
    counter_.out.send(std::move(row));
  }
}

void AccountDesk::answer(const protocol::AccountUpdatesMultiRequest& request) {
  const std::int32_t id = request.req_id.value_or(0);
  const Account* account = find(id, request.account.value_or(""));
  if (account == nullptr) return;
  send_multi(id, *account);
  protocol::AccountUpdateMultiEnd end;
  end.req_id = id;
  counter_.out.send(std::move(end));
  update_multi_[id] = account;
}

void AccountDesk::answer(const protocol::CancelAccountUpdatesMulti& request) {
  update_multi_.erase(request.req_id.value_or(0));
}

void AccountDesk::send_profit(std::int32_t id, const Profit& profit) {
  const Account& account = *profit.account;
  if (profit.con_id == 0) {
    protocol::PnL out;
    out.req_id = id;
    out.unrealized_pnl = account.unrealized();
    out.realized_pnl = account.realized();
    out.daily_pnl = *out.unrealized_pnl + *out.realized_pnl;
    return counter_.out.send(std::move(out));
  }
  const Instrument* instrument = counter_.world.market.with_con_id(profit.con_id);
  if (instrument == nullptr) return;  // TWS is silent about what is not held, too
  const Holding holding = account.holding(*instrument);
  protocol::PnLSingle out;
  out.req_id = id;
  out.position = holding.position;
  out.unrealized_pnl = account.unrealized(holding);
  out.realized_pnl = holding.realized;
  out.daily_pnl = *out.unrealized_pnl + *out.realized_pnl;
  out.value = account.market_value(holding);
  counter_.out.send(std::move(out));
}

void AccountDesk::start_profit(std::int32_t id, const std::string& name, std::int32_t con_id) {
  const Account* account = find(id, name);
  if (account == nullptr) return;
  profits_[id] = {account, con_id};
  send_profit(id, profits_[id]);
}

void AccountDesk::answer(const protocol::PnLRequest& request) {
  start_profit(request.req_id.value_or(0), request.account.value_or(""), 0);
}

void AccountDesk::answer(const protocol::PnLSingleRequest& request) {
  start_profit(request.req_id.value_or(0), request.account.value_or(""), request.con_id.value_or(0));
}

void AccountDesk::answer(const protocol::CancelPnL& request) {
  const std::int32_t id = request.req_id.value_or(0);
  if (profits_.erase(id) == 0) counter_.out.error(id, 10185, "Failed to cancel PNL (not subscribed)");
}

void AccountDesk::answer(const protocol::CancelPnLSingle& request) {
  const std::int32_t id = request.req_id.value_or(0);
  if (profits_.erase(id) == 0) counter_.out.error(id, 10186, "Failed to cancel PNL single (not subscribed)");
}

void AccountDesk::changed(const Account& account, const Instrument& instrument) {
  const Holding holding = account.holding(instrument);
  if (positions_) send_position(account, holding);
  for (const auto& [id, of] : position_multi_)
    if (of == &account) send_position(id, account, holding);
  for (const auto& [id, of] : update_multi_)
    if (of == &account) send_multi(id, account);
  if (updates_ != &account) return;
  send_portfolio(account, holding);
  send_values(account);
}

void AccountDesk::push() {
  const Seconds now = counter_.world.market.now();
  if (now == profits_sent_) return;
  profits_sent_ = now;
  for (const auto& [id, profit] : profits_) send_profit(id, profit);
}

}  // namespace ibkr::mock
