#include "client/account_book.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "client/fills.h"

namespace ibkr::client {
namespace {

using protocol::Decimal;

/// A short position is below 0.
std::optional<Decimal> told_quantity(const std::optional<Decimal>& units) {
  return units && units->is_finite() && !units->is_unset_mark() ? units : std::nullopt;
}

std::string instrument_text(const protocol::Contract& contract) {
  std::string text;
  for (const auto& part : {std::optional<std::string>(contract.symbol), std::optional<std::string>(contract.sec_type),
                           std::optional<std::string>(contract.last_trade_date_or_contract_month),
                           std::optional<std::string>(contract.right), std::optional<std::string>(contract.currency),
                           std::optional<std::string>(contract.local_symbol)}) {
    (text += part.value_or("")) += '\n';
  }
  return text + std::to_string(contract.strike.value_or(0));
}

auto says(const Position& position) {
  return std::tie(position.contract, position.quantity, position.average_cost, position.market_price,
                  position.market_value, position.unrealized_pnl, position.realized_pnl, position.daily_pnl);
}

/// Tells the position when it is not as it was before.
void publish(Position& position, const Position& before, Moment at, std::vector<AccountEvent>& events) {
  if (says(position) == says(before)) return;
  position.updated_at = at;
  events.push_back(PositionChanged{position});
}

}  // namespace

// ---- what the app asks ----

bool AccountBook::has_room_for_request(std::size_t known) {
  if (known < kMostRequests) return true;
  ++left_out_;
  return false;
}

std::vector<AccountEvent> AccountBook::sent(const protocol::Message& request, Moment) {
  ++now_;
  if (const auto* pnl = request.get_if<protocol::PnLRequest>()) {
    if (has_room_for_request(pnl_.size()))
      pnl_[pnl->req_id.value_or(0)] = {{pnl->account.value_or(""), pnl->model_code.value_or("")}, 0};
  } else if (const auto* single = request.get_if<protocol::PnLSingleRequest>()) {
    if (has_room_for_request(pnl_.size()))
      pnl_[single->req_id.value_or(0)] = {{single->account.value_or(""), single->model_code.value_or("")},
                                          single->con_id.value_or(0)};
  } else if (const auto* no_pnl = request.get_if<protocol::CancelPnL>()) {
    pnl_.erase(no_pnl->req_id.value_or(0));
  } else if (const auto* no_single = request.get_if<protocol::CancelPnLSingle>()) {
    pnl_.erase(no_single->req_id.value_or(0));
  } else if (const auto* no_positions = request.get_if<protocol::CancelPositionsMulti>()) {
    model_positions_.erase(no_positions->req_id.value_or(0));
  } else if (request.is<protocol::PositionsRequest>()) {
    all_positions_ = Reading{now_, std::nullopt, ""};
  } else if (const auto* some = request.get_if<protocol::PositionsMultiRequest>()) {
    // A group of accounts has a name, too; nothing has that one as its account, so nothing is closed by its list.
    if (!some->account.value_or("").empty() && has_room_for_request(model_positions_.size()))
      model_positions_[some->req_id.value_or(0)] = {now_, some->account, some->model_code.value_or("")};
  } else if (const auto* data = request.get_if<protocol::AccountDataRequest>()) {
    portfolio_.reset();
    if (data->subscribe.value_or(false)) portfolio_ = Reading{now_, std::nullopt, ""};
  }
  return {};
}

std::vector<AccountEvent> AccountBook::disconnected(Moment at) {
  ++now_;
  pnl_.clear();
  model_positions_.clear();
  all_positions_.reset();
  portfolio_.reset();
  Events events;
  for (auto& [key, account] : accounts_) {
    account.daily_pnl.reset();
    publish(account, at, events);
  }
  for (auto& [key, holding] : holdings_) {
    const Position before = holding.position;
    holding.position.daily_pnl.reset();
    client::publish(holding.position, before, at, events);
  }
  return events;
}

// ---- what TWS says ----

std::vector<AccountEvent> AccountBook::came(const protocol::Message& answer, Moment at) {
  ++now_;
  Events events;
  if (const auto* value = answer.get_if<protocol::AccountValue>()) {
    take_value({value->account_name.value_or(""), ""}, value->key.value_or(""), value->currency.value_or(""),
               value->value.value_or(""), at, events);
  } else if (const auto* summary = answer.get_if<protocol::AccountSummary>()) {
    take_value({summary->account.value_or(""), ""}, summary->tag.value_or(""), summary->currency.value_or(""),
               summary->value.value_or(""), at, events);
  } else if (const auto* multi = answer.get_if<protocol::AccountUpdateMulti>()) {
    take_value({multi->account.value_or(""), multi->model_code.value_or("")}, multi->key.value_or(""),
               multi->currency.value_or(""), multi->value.value_or(""), at, events);
  } else if (const auto* position = answer.get_if<protocol::Position>()) {
    if (position->contract)
      take_position({position->account.value_or(""), ""}, *position->contract, position->position, position->avg_cost,
                    at, events);
  } else if (const auto* of_model = answer.get_if<protocol::PositionMulti>()) {
    if (of_model->contract)
      take_position({of_model->account.value_or(""), of_model->model_code.value_or("")}, *of_model->contract,
                    of_model->position, of_model->avg_cost, at, events);
  } else if (const auto* portfolio = answer.get_if<protocol::PortfolioValue>()) {
    on(*portfolio, at, events);
  } else if (const auto* pnl = answer.get_if<protocol::PnL>()) {
    on(*pnl, at, events);
  } else if (const auto* single = answer.get_if<protocol::PnLSingle>()) {
    on(*single, at, events);
  } else if (const auto* managed = answer.get_if<protocol::ManagedAccounts>()) {
    on(*managed);
  } else if (answer.is<protocol::PositionEnd>()) {
    if (all_positions_) close_what_is_not_in(*std::exchange(all_positions_, std::nullopt), at, events);
  } else if (const auto* multi_end = answer.get_if<protocol::PositionMultiEnd>()) {
    const auto reading = model_positions_.extract(multi_end->req_id.value_or(0));
    if (!reading.empty()) close_what_is_not_in(reading.mapped(), at, events);
  } else if (const auto* end = answer.get_if<protocol::AccountDataEnd>()) {
    if (portfolio_ && end->account_name) {
      portfolio_->account = end->account_name;
      close_what_is_not_in(*std::exchange(portfolio_, std::nullopt), at, events);
    }
  }
  return events;
}

AccountBook::Account* AccountBook::account_at(const Key& key) {
  const auto found = accounts_.find(key);
  if (found != accounts_.end()) return &found->second;
  if (key.first.empty() || accounts_.size() >= kMostAccounts) {
    ++left_out_;
    return nullptr;
  }
  Account& account = accounts_[key];
  account.info.account_id = key.first;
  account.info.model_code = key.second;
  return &account;
}

void AccountBook::take_value(const Key& key, std::string tag, std::string currency, std::string text, Moment at,
                             Events& events) {
  Account* account = account_at(key);
  if (account == nullptr) return;
  ValueKey name{std::move(tag), std::move(currency)};
  if (account->values.size() >= kMostValues && !account->values.contains(name)) {
    ++left_out_;
    return;
  }
  account->values[std::move(name)] = std::move(text);
  publish(*account, at, events);
}

AccountBook::Holding* AccountBook::holding_at(const Key& key, const protocol::Contract& contract, Moment at) {
  const std::int32_t con_id = contract.con_id.value_or(0);
  const std::pair<Key, Instrument> place{key, {con_id, con_id > 0 ? "" : instrument_text(contract)}};
  auto found = holdings_.find(place);
  if (found == holdings_.end()) {
    if (key.first.empty() || holdings_.size() >= kMostPositions) {
      ++left_out_;
      return nullptr;
    }
    found = holdings_.try_emplace(place).first;
    Position& position = found->second.position;
    position.account_id = key.first;
    position.model_code = key.second;
    position.contract = std::make_shared<const protocol::Contract>(contract);
    position.updated_at = at;
  }
  // One that was made for its profit and loss has no more than its con_id.
  auto& known = found->second.position.contract;
  if (!known->symbol && contract.symbol) known = std::make_shared<const protocol::Contract>(contract);
  return &found->second;
}

void AccountBook::take_position(const Key& key, const protocol::Contract& contract,
                                const std::optional<Decimal>& quantity, const std::optional<double>& average_cost,
                                Moment at, Events& events) {
  Holding* holding = holding_at(key, contract, at);
  if (holding == nullptr) return;
  holding->told_at = now_;
  const Position before = holding->position;
  Position& position = holding->position;
  if (const auto units = told_quantity(quantity)) position.quantity = units;
  if (const auto cost = told(average_cost)) position.average_cost = cost;
  client::publish(position, before, at, events);
}

void AccountBook::on(const protocol::PortfolioValue& told_one, Moment at, Events& events) {
  if (!told_one.contract) return;
  Holding* holding = holding_at({told_one.account_name.value_or(""), ""}, *told_one.contract, at);
  if (holding == nullptr) return;
  holding->told_at = now_;
  const Position before = holding->position;
  Position& position = holding->position;
  if (const auto units = told_quantity(told_one.position)) position.quantity = units;
  if (const auto cost = told(told_one.average_cost)) position.average_cost = cost;
  position.market_price = told(told_one.market_price);
  position.market_value = told(told_one.market_value);
  position.unrealized_pnl = told(told_one.unrealized_pnl);
  position.realized_pnl = told(told_one.realized_pnl);
  client::publish(position, before, at, events);
}

void AccountBook::on(const protocol::PnL& told_one, Moment at, Events& events) {
  const auto of = pnl_.find(told_one.req_id.value_or(0));
  if (of == pnl_.end() || of->second.con_id != 0) return;
  Account* account = account_at(of->second.key);
  if (account == nullptr) return;
  account->daily_pnl = told(told_one.daily_pnl);
  account->unrealized_pnl = told(told_one.unrealized_pnl);
  account->realized_pnl = told(told_one.realized_pnl);
  publish(*account, at, events);
}

void AccountBook::on(const protocol::PnLSingle& told_one, Moment at, Events& events) {
  const auto of = pnl_.find(told_one.req_id.value_or(0));
  if (of == pnl_.end() || of->second.con_id == 0) return;
  protocol::Contract contract;
  contract.con_id = of->second.con_id;
  Holding* holding = holding_at(of->second.key, contract, at);
  if (holding == nullptr) return;
  const Position before = holding->position;
  Position& position = holding->position;
  if (const auto units = told_quantity(told_one.position)) position.quantity = units;
  position.daily_pnl = told(told_one.daily_pnl);
  if (const auto unrealized = told(told_one.unrealized_pnl)) position.unrealized_pnl = unrealized;
  if (const auto realized = told(told_one.realized_pnl)) position.realized_pnl = realized;
  if (const auto value = told(told_one.value)) position.market_value = value;
  client::publish(position, before, at, events);
}

void AccountBook::on(const protocol::ManagedAccounts& told_one) {
  managed_.clear();
  const std::string list = told_one.accounts_list.value_or("");
  for (std::size_t from = 0; from < list.size() && managed_.size() < kMostAccounts;) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    if (comma > from) managed_.push_back(list.substr(from, comma - from));
    from = comma + 1;
  }
}

void AccountBook::close_what_is_not_in(const Reading& reading, Moment at, Events& events) {
  for (auto& [key, holding] : holdings_) {
    Position& position = holding.position;
    const bool is_of_list =
        position.model_code == reading.model_code && (!reading.account || position.account_id == *reading.account);
    if (!is_of_list || holding.told_at > reading.asked || !position.is_open()) continue;
    const Position before = position;
    position.quantity = Decimal(0);
    position.market_value = position.unrealized_pnl = std::nullopt;
    client::publish(position, before, at, events);
  }
}

}  // namespace ibkr::client
