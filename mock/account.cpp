#include "mock/account.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ibkr::mock {
namespace {

constexpr double kMaintenance = 0.8;  // of the initial margin
constexpr double kBuyingPower = 4;    // times the available funds
constexpr std::int32_t kFirstHolding = 272093;

bool settles_daily(const Instrument& instrument) { return instrument.sec_type() == "FUT"; }

}  // namespace

std::string money(double amount) {
  // Without this, tiny negative sums are written as -0.00.
  return protocol::Decimal::from_double(std::abs(amount) < 0.005 ? 0.0 : amount, 2).to_string();
}

Account::Account(std::string name, const Market& market) : name_(std::move(name)), market_(market) {
  // Something to show for apps that list positions before they trade.
  if (const Instrument* instrument = market_.with_con_id(kFirstHolding))
    holdings_[kFirstHolding] = {instrument, protocol::Decimal(200), instrument->start_price - 20, 0};
}

Holding Account::holding(const Instrument& instrument) const {
  const auto found = holdings_.find(instrument.con_id());
  return found == holdings_.end() ? Holding{&instrument, {}, 0, 0} : found->second;
}

double Account::price(const Instrument& instrument) const {
  const Quote& quote = market_.quote(instrument);
  return instrument.has_trades ? quote.last : quote.mid();
}

double Account::market_value(const Holding& holding) const {
  return holding.position.to_double() * price(*holding.instrument) * holding.instrument->multiplier;
}

double Account::unrealized(const Holding& holding) const {
  return market_value(holding) - holding.position.to_double() * holding.average_cost;
}

double Account::unrealized() const {
  double sum = 0;
  for (const auto& [con_id, holding] : holdings_) sum += unrealized(holding);
  return sum;
}

double Account::notional(const Holding& holding) const { return std::abs(market_value(holding)); }

double Account::initial_margin() const {
  double sum = 0;
  for (const auto& [con_id, holding] : holdings_) sum += notional(holding) * holding.instrument->margin_rate;
  return sum;
}

double Account::net_liquidation() const {
  double sum = cash_;
  for (const auto& [con_id, holding] : holdings_)
    sum += settles_daily(*holding.instrument) ? unrealized(holding) : market_value(holding);
  return sum;
}

double Account::fill(const Instrument& instrument, protocol::Decimal quantity, double price, double commission) {
  Holding& holding = holdings_[instrument.con_id()];
  holding.instrument = &instrument;
  const double before = holding.position.to_double();
  const double change = quantity.to_double();
  const double unit = price * instrument.multiplier;
  const double closed = before * change < 0 ? std::min(std::abs(before), std::abs(change)) : 0;
  const double opened = std::abs(change) - closed;
  const double sign = change < 0 ? -1 : 1;
  const double commission_per_unit = commission / std::abs(change);

  const double profit = closed * -sign * (unit - holding.average_cost) - closed * commission_per_unit;
  const double realized = closed > 0 ? profit : 0;
  if (opened > 0) {
    const double kept = closed > 0 ? 0 : std::abs(before);
    holding.average_cost =
        (kept * holding.average_cost + opened * (unit + sign * commission_per_unit)) / (kept + opened);
  }
  holding.position = holding.position + quantity;
  if (holding.position.is_zero()) holding.average_cost = 0;
  holding.realized += realized;
  realized_ += realized;
  // A future moves cash when it closes only; its opening commission waits in the average cost.
  cash_ += settles_daily(instrument) ? realized : -change * unit - commission;
  return realized;
}

MarginCheck Account::check(const Instrument& instrument, protocol::Decimal quantity) const {
  const Holding held = holding(instrument);
  Holding after = held;
  after.position = after.position + quantity;
  MarginCheck check;
  check.equity = net_liquidation();
  check.initial_before = initial_margin();
  check.initial_change = (notional(after) - notional(held)) * instrument.margin_rate;
  check.maintenance_before = check.initial_before * kMaintenance;
  check.maintenance_change = check.initial_change * kMaintenance;
  return check;
}

std::vector<AccountFigure> Account::figures() const {
  const double equity = net_liquidation();
  const double initial = initial_margin();
  double gross = 0, stocks = 0, options = 0;
  for (const auto& [con_id, holding] : holdings_) {
    if (!settles_daily(*holding.instrument)) gross += notional(holding);
    if (holding.instrument->sec_type() == "STK") stocks += market_value(holding);
    if (holding.instrument->sec_type() == "OPT") options += market_value(holding);
  }
  const auto dollars = [](std::string tag, double amount) {
    return AccountFigure{std::move(tag), money(amount), "USD"};
  };
  return {
      {"AccountCode", name_, ""},
      {"AccountReady", "true", ""},
      {"AccountType", "INDIVIDUAL", ""},
      {"Cushion",
       protocol::Decimal::from_double(equity > 0 ? (equity - initial * kMaintenance) / equity : 0, 6).to_string(), ""},
      {"LookAheadNextChange", "0", ""},
      dollars("AccruedCash", 0),
      dollars("AvailableFunds", equity - initial),
      dollars("BuyingPower", (equity - initial) * kBuyingPower),
      dollars("CashBalance", cash_),
      dollars("EquityWithLoanValue", equity),
      dollars("ExcessLiquidity", equity - initial * kMaintenance),
      dollars("FullAvailableFunds", equity - initial),
      dollars("FullExcessLiquidity", equity - initial * kMaintenance),
      dollars("FullInitMarginReq", initial),
      dollars("FullMaintMarginReq", initial * kMaintenance),
      dollars("GrossPositionValue", gross),
      dollars("InitMarginReq", initial),
      dollars("MaintMarginReq", initial * kMaintenance),
      dollars("NetLiquidation", equity),
      dollars("OptionMarketValue", options),
      dollars("RealizedPnL", realized_),
      dollars("SettledCash", cash_),
      dollars("StockMarketValue", stocks),
      dollars("TotalCashBalance", cash_),
      dollars("TotalCashValue", cash_),
      dollars("UnrealizedPnL", unrealized()),
      {"Currency", "USD", "USD"},
      {"ExchangeRate", "1.00", "USD"},
  };
}

}  // namespace ibkr::mock
