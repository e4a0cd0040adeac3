#include "client/fills.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "client/orders.h"
#include "protocol/exec_id.h"
#include "protocol/unset.h"

namespace ibkr::client {
namespace {

using protocol::Decimal;

constexpr std::string_view kCombination = "BAG";

bool is_combination(const Execution& execution) { return execution.contract->sec_type == kCombination; }

std::optional<OrderSide> side_of(std::string_view text) {
  if (text == "BOT") return OrderSide::Buy;
  if (text == "SLD") return OrderSide::Sell;
  return std::nullopt;
}

Execution read(const protocol::Execution& told_one, SharedContract contract) {
  Execution execution;
  execution.execution_id = told_one.exec_id.value_or("");
  execution.contract = std::move(contract);
  execution.account = told_one.acct_number.value_or("");
  execution.exchange = told_one.exchange.value_or("");
  execution.side = side_of(told_one.side.value_or(""));
  execution.quantity = told_units(told_one.shares);
  execution.price = told(told_one.price);
  execution.cumulative_quantity = told_units(told_one.cum_qty);
  execution.average_price = told(told_one.avg_price);
  execution.time = told_one.time.value_or("");
  execution.order_ref = told_one.order_ref.value_or("");
  execution.model_code = told_one.model_code.value_or("");
  execution.liquidity = told_one.last_liquidity;
  execution.price_may_change = told_one.is_price_revision_pending.value_or(false);
  return execution;
}

/// Adds, or becomes none for good where there is nothing to add.
void add(std::optional<Decimal>& sum, const std::optional<Decimal>& units) {
  sum = sum && units ? told_units(*sum + *units) : std::nullopt;
}

/// Sum of price × units ÷ sum of units; exact where all prices are the same.
struct Average {
  double value = 0, units = 0;
  std::optional<double> only_price;
  bool is_known = true;

  void add(const Execution& execution) {
    if (!execution.price || !execution.quantity) {
      is_known = false;
      return;
    }
    const double part = execution.quantity->to_double();
    if (units == 0) only_price = execution.price;
    if (only_price != execution.price) only_price.reset();
    value += *execution.price * part;
    units += part;
  }
  std::optional<double> price() const {
    if (!is_known || !(units > 0)) return std::nullopt;
    return only_price ? only_price : told(value / units);
  }
};

}  // namespace

std::optional<double> told(const std::optional<double>& value) {
  return value && std::isfinite(*value) && !protocol::means_unset(*value) ? value : std::nullopt;
}

std::optional<Decimal> told_units(const std::optional<Decimal>& value) {
  const bool counts = value && value->is_finite() && !value->is_unset_mark() && *value >= Decimal(0);
  return counts ? value : std::nullopt;
}

Fills::Entered Fills::place(Fill& fill, Telling telling) {
  auto& tellings = fill.tellings;
  const auto at = std::lower_bound(tellings.begin(), tellings.end(), telling.revision,
                                   [](const Telling& one, std::int64_t revision) { return one.revision < revision; });
  Entered entered{Entered::As::News, {telling.execution, OrderExecuted::Telling::First, {}, {}}};
  const auto replaces = [&](const Execution& before) {
    entered.event.telling = OrderExecuted::Telling::Correction;
    entered.event.replaced_quantity = before.quantity;
    entered.event.replaced_price = before.price;
  };

  if (at != tellings.end() && at->revision == telling.revision) {
    Execution& known = at->execution;
    const bool same = known.quantity == telling.execution.quantity && known.price == telling.execution.price;
    if (same) return {};
    if (at + 1 != tellings.end()) {
      entered.event.telling = OrderExecuted::Telling::Superseded;
    } else {
      replaces(known);
    }
    telling.execution.commission = std::move(known.commission);
    known = std::move(telling.execution);
    return entered;
  }
  if (at != tellings.end()) {
    entered.event.telling = OrderExecuted::Telling::Superseded;
  } else if (!tellings.empty()) {
    replaces(tellings.back().execution);
  }
  // The first one says what the fill was counted as, the last one what it is.
  if (tellings.size() == kMostTellings) {
    if (at != tellings.end()) return {Entered::As::NoRoom, {}};
    tellings.back() = std::move(telling);
  } else {
    tellings.insert(at, std::move(telling));
  }
  return entered;
}

Fills::Entered Fills::enter(const protocol::Execution& execution, SharedContract contract, std::size_t most) {
  const std::string_view id = execution.exec_id ? std::string_view(*execution.exec_id) : std::string_view();
  const auto [name, revision] = protocol::revision_of(id);
  auto fill = fills_.find(name);
  const bool is_new = fill == fills_.end();
  if (is_new) {
    if (fills_.size() >= most) return {Entered::As::NoRoom, {}};
    fill = fills_.try_emplace(std::string(name)).first;
  }
  Entered entered = place(fill->second, {revision, read(execution, std::move(contract))});
  has_combination_ |= is_combination(fill->second.last());
  if (is_new && totals_) {
    include(*totals_, fill->second);
  } else if (entered.as == Entered::As::News) {
    totals_.reset();
  }
  return entered;
}

/// The execution of exactly that id, or null.
template <class Map>
auto* Fills::find(Map& fills, std::string_view execution_id) {
  const auto fill = fills.find(protocol::revision_of(execution_id).fill);
  using Found = decltype(&fill->second.tellings.front().execution);
  if (fill == fills.end()) return Found{nullptr};
  for (auto& telling : fill->second.tellings)
    if (telling.execution.execution_id == execution_id) return &telling.execution;
  return Found{nullptr};
}

bool Fills::has(std::string_view execution_id) const { return find(fills_, execution_id) != nullptr; }

bool Fills::enter(std::string_view execution_id, const Commission& commission) {
  Execution* const execution = find(fills_, execution_id);
  if (execution == nullptr || execution->commission == commission) return false;
  const bool is_first = !execution->commission;
  execution->commission = commission;
  const auto fill = fills_.find(protocol::revision_of(execution_id).fill);
  if (&fill->second.last() != execution) return true;
  if (totals_ && is_first) {
    --(is_leg(*execution) ? totals_->unpaid_legs : totals_->unpaid);
    include_commission(*totals_, *execution);
  } else {
    totals_.reset();
  }
  return true;
}

bool Fills::is_leg(const Execution& execution) const { return of_combination_ && !is_combination(execution); }

void Fills::include_commission(Totals& totals, const Execution& execution) const {
  if (!execution.commission || !execution.commission->amount) {
    ++(is_leg(execution) ? totals.unpaid_legs : totals.unpaid);
    return;
  }
  Decimal& sum = totals.commissions.try_emplace(execution.commission->currency, 0).first->second;
  sum = sum + quantity_of(*execution.commission->amount);
}

void Fills::include(Totals& totals, const Fill& fill) const {
  const Execution& last = fill.last();
  include_commission(totals, last);
  if (is_leg(last)) {
    ++totals.legs;
    return;
  }
  ++totals.count;
  totals.corrected |= fill.tellings.size() > 1;
  add(totals.first_units, fill.first().quantity);
  add(totals.units, last.quantity);
  const auto is_later = [&] {
    if (!totals.last_cumulative) return true;
    const int order = Decimal::compare(*last.cumulative_quantity, *totals.last_cumulative);
    return order > 0 || (order == 0 && last.execution_id > totals.last_id);
  };
  if (last.cumulative_quantity && is_later()) {
    totals.last_cumulative = last.cumulative_quantity;
    totals.last_id = last.execution_id;
    totals.last_price = last.price;
    totals.last_average = last.average_price;
  }
}

const Fills::Totals& Fills::totals(bool of_combination) const {
  if (totals_ && of_combination == of_combination_) return *totals_;
  of_combination_ = of_combination;
  Totals totals;
  totals.first_units = totals.units = Decimal(0);
  for (const auto& [name, fill] : fills_) include(totals, fill);
  return totals_.emplace(std::move(totals));
}

std::optional<double> Fills::average_price(bool of_combination) const {
  Average average;
  for (const auto& [name, fill] : fills_)
    if (!of_combination || is_combination(fill.last())) average.add(fill.last());
  return average.price();
}

std::vector<Execution> Fills::all() const {
  std::vector<Execution> all;
  all.reserve(fills_.size());
  for (const auto& [name, fill] : fills_) all.push_back(fill.last());
  return all;
}

std::vector<std::string> Fills::ids() const {
  std::vector<std::string> ids;
  ids.reserve(fills_.size());
  for (const auto& [name, fill] : fills_) ids.push_back(name);
  return ids;
}

void Fills::absorb(Fills& other, std::size_t most) {
  for (auto& [name, theirs] : other.fills_) {
    auto ours = fills_.find(name);
    if (ours == fills_.end()) {
      if (fills_.size() < most) fills_.emplace(name, std::move(theirs));
      continue;
    }
    for (Telling& telling : theirs.tellings) place(ours->second, std::move(telling));
  }
  other.fills_.clear();
  has_combination_ |= other.has_combination_;
  totals_.reset();
}

}  // namespace ibkr::client
