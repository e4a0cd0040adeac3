// The instruments of the mock market: who they are and how they trade. Their prices are mock_market's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mock/clock.h"
#include "protocol/messages.h"

namespace ibkr::mock {

/// One tradable contract.
struct Instrument {
  protocol::Contract contract;  ///< complete, with the exchange that its orders are routed to by default
  protocol::ContractDetails details;
  double start_price = 0;     ///< where its walk begins, in its currency
  double tick = 0.01;         ///< smallest price step
  double volatility = 0.3;    ///< of a year, as a fraction
  double multiplier = 1;      ///< value of one unit at price 1
  double margin_rate = 0.25;  ///< initial margin as a fraction of the notional value
  double commission_per_unit = 0.005;
  double least_commission = 1.0;
  std::int64_t lot = 100;       ///< displayed sizes are multiples of it
  std::int32_t underlying = 0;  ///< options: con id of the stock, else 0
  bool has_trades = true;       ///< forex has quotes only

  std::int32_t con_id() const { return *contract.con_id; }
  std::string_view sec_type() const { return *contract.sec_type; }
};

/// The hours of one day of trading, in seconds after midnight in New York; negative is the evening before.
struct Hours {
  Seconds opens = 0;
  Seconds closes = 0;
};
/// Regular hours (`regular` true) or everything.
Hours trading_hours(const Instrument& instrument, bool regular);

/// Three stocks, two months of one future, a currency pair and an option, with dates that suit `now`. Con ids, prices
/// and everything else are the same in every run; the con ids of future and option contain their month.
std::vector<Instrument> make_instruments(Seconds now);

/// The price increments of a market rule, empty when there is no such rule.
std::vector<protocol::PriceIncrement> market_rule(std::int32_t id);

}  // namespace ibkr::mock
