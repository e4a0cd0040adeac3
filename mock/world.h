// World: what all clients of one mock share: the market, the accounts that trade in it, their orders,
// and what goes wrong.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mock/account.h"
#include "mock/fault_schedule.h"
#include "mock/market.h"
#include "mock/orders.h"

namespace ibkr::mock {

/// Stays where it was made: its parts know each other by address.
struct World {
  World(std::uint64_t seed, Seconds now, const std::vector<std::string>& account_names, OrderBook::Callbacks callbacks,
        FaultSchedule::Callbacks fault_callbacks)
      : market(seed, now),
        accounts(make_accounts(account_names, market)),
        orders(market, accounts, std::move(callbacks)),
        faults(std::move(fault_callbacks)) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Market market;
  std::vector<Account> accounts;
  OrderBook orders;
  FaultSchedule faults;

 private:
  static std::vector<Account> make_accounts(const std::vector<std::string>& names, const Market& market) {
    std::vector<Account> made;
    made.reserve(names.size());
    for (const std::string& name : names) made.emplace_back(name, market);
    return made;
  }
};

}  // namespace ibkr::mock
