// Fills: the executions of one order, with their corrections and commissions. What they say together does not depend on
// the order in which they came.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/order.h"
#include "protocol/decimal.h"
#include "protocol/messages.h"

namespace ibkr::client {

/// The number, unless it is one of those that say that there is none, or no number that can be counted with.
std::optional<double> told(const std::optional<double>& value);
/// The same for units: none when negative, infinite or NaN, too.
std::optional<protocol::Decimal> told_units(const std::optional<protocol::Decimal>& value);

/// What an execution is of, for events and lists. Those of a combination's legs have contracts of their own.
using SharedContract = std::shared_ptr<const protocol::Contract>;

/// Not thread safe. Bounded: at most `most` fills, and kMostTellings tellings of each.
class Fills {
 public:
  static constexpr std::size_t kMostTellings = 16;

  /// What becomes of an execution that is told.
  struct Entered {
    enum class As : std::uint8_t { News, Repeated, NoRoom };
    As as = As::Repeated;
    OrderExecuted event;  ///< for News
  };
  Entered enter(const protocol::Execution& execution, SharedContract contract, std::size_t most);

  /// Notes what a fill cost. False where it is known already, or !has(execution_id).
  bool enter(std::string_view execution_id, const Commission& commission);

  /// What the fills of an order say together, but for their average price. A combination's fills are those of the
  /// combination: its legs' count for commissions only.
  struct Totals {
    std::size_t count = 0;                         ///< fills that count
    std::optional<protocol::Decimal> first_units;  ///< as they were first told; none where that cannot be said
    std::optional<protocol::Decimal> units;        ///< as they stand
    bool corrected = false;
    std::optional<protocol::Decimal> last_cumulative;  ///< the greatest one that a fill told
    std::string last_id;                               ///< of that fill, as of the two below
    std::optional<double> last_price;
    std::optional<double> last_average;  ///< the order's average price by that fill
    /// By currency. Sums are exact, so that no order of adding gives another one; NaN where they cannot be.
    std::map<std::string, protocol::Decimal> commissions;
    std::size_t legs = 0;                     ///< fills of a combination's legs
    std::size_t unpaid = 0, unpaid_legs = 0;  ///< those whose commission is not known

    /// Fills of unknown cost. What a combination costs is reported by its legs, where there are any.
    std::size_t without_commission() const { return legs > 0 ? unpaid_legs : unpaid; }
  };
  /// Valid until the next call. Fast, unless something that was told has changed.
  const Totals& totals(bool of_combination) const;
  /// None where a fill that counts has no price or units. Takes time in proportion to the fills.
  std::optional<double> average_price(bool of_combination) const;

  /// An execution of exactly that id is known.
  bool has(std::string_view execution_id) const;
  /// One of ids() is it.
  bool has_fill(std::string_view id) const { return fills_.find(id) != fills_.end(); }
  bool empty() const { return fills_.empty(); }
  std::size_t size() const { return fills_.size(); }
  /// A fill of a combination as such is among them.
  bool has_combination() const { return has_combination_; }
  /// Each fill as it stands, by id.
  std::vector<Execution> all() const;
  /// The ids that the fills have in common with their corrections (protocol/exec_id.h).
  std::vector<std::string> ids() const;

  /// Takes all that another one has: two orders turned out to be one.
  void absorb(Fills& other, std::size_t most);

 private:
  struct Telling {
    std::int64_t revision = 0;
    Execution execution;
  };
  struct Fill {
    std::vector<Telling> tellings;  // ascending by revision, one at least
    const Execution& first() const { return tellings.front().execution; }
    const Execution& last() const { return tellings.back().execution; }
  };
  Entered place(Fill& fill, Telling telling);
  bool is_leg(const Execution& execution) const;
  void include(Totals& totals, const Fill& fill) const;
  void include_commission(Totals& totals, const Execution& execution) const;
  template <class Map>
  static auto* find(Map& fills, std::string_view execution_id);

  std::map<std::string, Fill, std::less<>> fills_;
  bool has_combination_ = false;
  mutable std::optional<Totals> totals_;  // of what has not changed since
  mutable bool of_combination_ = false;
};

}  // namespace ibkr::client
