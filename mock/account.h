// The mock's accounts: cash, positions, and the values that TWS derives from them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mock/market.h"
#include "protocol/decimal.h"

namespace ibkr::mock {

/// What an account has of one instrument. Stays, with position 0, after it was closed.
struct Holding {
  const Instrument* instrument = nullptr;
  protocol::Decimal position;
  double average_cost = 0;  ///< of one unit times its multiplier, commissions included, as TWS shows it
  double realized = 0;
};

/// One figure of an account. `tag` is TWS's.
struct AccountFigure {
  std::string tag;
  std::string value;
  std::string currency;  ///< "" for what is no money
};

/// Before, change and after of a margin check.
struct MarginCheck {
  double equity = 0;
  double initial_before = 0, initial_change = 0;
  double maintenance_before = 0, maintenance_change = 0;
  bool affordable() const { return initial_change <= 0 || initial_before + initial_change <= equity; }
};

class Account {
 public:
  Account(std::string name, const Market& market);

  const std::string& name() const { return name_; }
  /// By con id.
  const std::map<std::int32_t, Holding>& holdings() const { return holdings_; }
  /// The holding, or an empty one.
  Holding holding(const Instrument& instrument) const;

  /// Books a fill; `quantity` is negative for a sale. Returns the profit that it realised, 0 when it opened.
  double fill(const Instrument& instrument, protocol::Decimal quantity, double price, double commission);
  /// What a further `quantity` at the current price would do to the margins.
  MarginCheck check(const Instrument& instrument, protocol::Decimal quantity) const;

  double market_value(const Holding& holding) const;
  double unrealized(const Holding& holding) const;
  double unrealized() const;
  double realized() const { return realized_; }
  double net_liquidation() const;
  /// The figures that updates, summaries and multi updates show.
  std::vector<AccountFigure> figures() const;

 private:
  double price(const Instrument& instrument) const;
  double notional(const Holding& holding) const;
  double initial_margin() const;

  std::string name_;
  const Market& market_;
  double cash_ = 1000000;
  double realized_ = 0;
  std::map<std::int32_t, Holding> holdings_;
};

/// Money as TWS writes it: two digits.
std::string money(double amount);

}  // namespace ibkr::mock
