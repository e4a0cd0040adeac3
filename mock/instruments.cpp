#include "mock/instruments.h"

#include <algorithm>
#include <charconv>

#include "protocol/decimal.h"

namespace ibkr::mock {
namespace {

using protocol::Decimal;

constexpr std::string_view kStockExchanges = "SMART,AMEX,NYSE,CBOE,ARCA,ISLAND,NASDAQ,BATS,IEX,EDGEA";
constexpr std::string_view kOrderTypes = "ACTIVETIM,DAY,FOK,GTC,IOC,LMT,MKT,OCA,STP,STPLMT,WHATIF";

struct Stock {
  std::int32_t con_id;
  const char* symbol;
  const char* name;
  const char* primary;
  const char* trading_class;
  const char* stock_type;
  const char* industry;
  double price;
  double volatility;
};

constexpr Stock kStocks[] = {
    {265598, "AAPL", "APPLE INC", "NASDAQ", "NMS", "COMMON", "Technology", 230.00, 0.28},
    {272093, "MSFT", "MICROSOFT CORP", "NASDAQ", "NMS", "COMMON", "Technology", 420.00, 0.25},
    {756733, "SPY", "STATE STREET SPDR S&P 500 ETF", "ARCA", "SPY", "ETF", "Funds", 590.00, 0.16},
};

constexpr std::int32_t kPennyRule = 26;
constexpr std::int32_t kFutureRule = 67;
constexpr std::int32_t kForexRule = 239;

/// The check digit of an ISIN: letters count as two digits (A is 10), every second digit from the right is doubled.
char isin_check_digit(std::string_view first_eleven) {
  std::string digits;
  for (const char c : first_eleven) digits += c >= 'A' ? std::to_string(c - 'A' + 10) : std::string(1, c);
  int sum = 0;
  bool doubled = true;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, doubled = !doubled) {
    const int value = (*digit - '0') * (doubled ? 2 : 1);
    sum += value / 10 + value % 10;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

/// A made-up ISIN that belongs to nobody: ISO keeps the country XX free for its users.
std::string made_up_isin(std::int32_t con_id) {
  std::string number = std::to_string(con_id);
  std::string isin = "XX" + std::string(9 - number.size(), '0') + number;
  return isin + isin_check_digit(isin);
}

/// As many rule ids as exchanges, as TWS writes it.
std::string rules_for(std::string_view exchanges, std::int32_t rule) {
  std::string out = std::to_string(rule);
  for (auto n = std::count(exchanges.begin(), exchanges.end(), ','); n > 0; --n)
    out.append(",").append(std::to_string(rule));
  return out;
}

std::string hours_text(Seconds now, const Hours& hours) {
  constexpr int kDays = 6;
  std::string out;
  for (int i = 0; i < kDays; ++i) {
    const Seconds midnight = eastern_midnight(now + i * kDay);
    const int weekday = eastern_weekday(midnight);
    if (i != 0) out += ';';
    if (weekday == 0 || weekday == 6) {
      out.append(eastern_date(midnight)).append(":CLOSED");
      continue;
    }
    const auto moment = [&](Seconds offset) {
      const Seconds at = midnight + offset;
      std::string time = eastern_minutes(at);
      time.erase(2, 1);
      return eastern_date(at) + ":" + time;
    };
    out.append(moment(hours.opens)).append("-").append(moment(hours.closes));
  }
  return out;
}

/// What all kinds have alike, once the contract is there; `now` decides which days the hours show.
void complete(Instrument& instrument, Seconds now, std::string_view exchanges, std::int32_t rule) {
  auto& details = instrument.details;
  details.min_tick = Decimal::from_double(instrument.tick, instrument.tick < 0.01 ? 5 : 2);
  details.order_types = kOrderTypes;
  details.valid_exchanges = exchanges;
  details.market_rule_ids = rules_for(exchanges, rule);
  details.price_magnifier = 1;
  details.time_zone_id = kZone;
  details.trading_hours = hours_text(now, trading_hours(instrument, false));
  details.liquid_hours = hours_text(now, trading_hours(instrument, true));
  protocol::TagValue isin;
  isin.tag = "ISIN";
  isin.value = made_up_isin(instrument.con_id());
  details.sec_id_list = {std::move(isin)};
  details.agg_group = 1;
  details.md_size_multiplier = 1;
  details.size_min_tick = details.min_size = details.size_increment = Decimal(1);
  details.suggested_size_increment = Decimal(instrument.lot);
}

Instrument stock(const Stock& s, Seconds now) {
  Instrument out;
  out.contract.con_id = s.con_id;
  out.contract.symbol = s.symbol;
  out.contract.sec_type = "STK";
  out.contract.exchange = "SMART";
  out.contract.primary_exch = s.primary;
  out.contract.currency = "USD";
  out.contract.local_symbol = s.symbol;
  out.contract.trading_class = s.trading_class;
  out.start_price = s.price;
  out.volatility = s.volatility;
  out.details.market_name = s.trading_class;
  out.details.long_name = s.name;
  out.details.industry = s.industry;
  out.details.stock_type = s.stock_type;
  complete(out, now, kStockExchanges, kPennyRule);
  return out;
}

std::int32_t number(std::string_view digits) {
  std::int32_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// The code letter of a contract month: F January .. Z December.
char month_letter(std::string_view yyyymmdd) { return "FGHJKMNQUVXZ"[number(yyyymmdd.substr(4, 2)) - 1]; }

Instrument future(Seconds now, const std::string& expiry) {
  const std::string month = expiry.substr(0, 6);
  Instrument out;
  out.contract.con_id = 600000000 + number(month);
  out.contract.symbol = "ES";
  out.contract.sec_type = "FUT";
  out.contract.last_trade_date_or_contract_month = out.contract.last_trade_date = expiry;
  out.contract.multiplier = "50";
  out.contract.exchange = "CME";
  out.contract.currency = "USD";
  out.contract.local_symbol = std::string("ES") + month_letter(expiry) + expiry[3];
  out.contract.trading_class = "ES";
  out.start_price = 5900.00;
  out.tick = 0.25;
  out.volatility = 0.16;
  out.multiplier = 50;
  out.margin_rate = 0.06;
  out.commission_per_unit = out.least_commission = 2.25;
  out.lot = 1;
  out.details.market_name = "ES";
  out.details.long_name = "E-mini S&P 500";
  out.details.contract_month = month;
  out.details.real_expiration_date = expiry;
  out.details.under_symbol = "ES";
  out.details.under_sec_type = "IND";
  out.details.under_con_id = 11004968;
  complete(out, now, "CME,QBALGO", kFutureRule);
  return out;
}

Instrument currency_pair(Seconds now) {
  Instrument out;
  out.contract.con_id = 12087792;
  out.contract.symbol = "EUR";
  out.contract.sec_type = "CASH";
  out.contract.exchange = "IDEALPRO";
  out.contract.currency = "USD";
  out.contract.local_symbol = "EUR.USD";
  out.contract.trading_class = "EUR.USD";
  out.start_price = 1.08;
  out.tick = 0.00005;
  out.volatility = 0.08;
  out.margin_rate = 0.03;
  out.commission_per_unit = 0.00002;
  out.least_commission = 2.0;
  out.lot = 500000;
  out.has_trades = false;
  out.details.market_name = "EUR.USD";
  out.details.long_name = "European Monetary Union Euro";
  complete(out, now, "IDEALPRO", kForexRule);
  return out;
}

Instrument option(Seconds now, const std::string& expiry, const Stock& on) {
  Instrument out;
  out.contract.con_id = 700000000 + number(expiry.substr(0, 6));
  out.contract.symbol = on.symbol;
  out.contract.sec_type = "OPT";
  out.contract.last_trade_date_or_contract_month = out.contract.last_trade_date = expiry;
  out.contract.strike = on.price;
  out.contract.right = "C";
  out.contract.multiplier = "100";
  out.contract.exchange = "SMART";
  out.contract.currency = "USD";
  out.contract.local_symbol =
      std::string(on.symbol) + "  " + expiry.substr(2) + "C00" + std::to_string(static_cast<int>(on.price)) + "000";
  out.contract.trading_class = on.symbol;
  out.start_price = 9.00;
  out.volatility = 1.5;
  out.multiplier = 100;
  out.margin_rate = 1.0;
  out.commission_per_unit = 0.65;
  out.lot = 10;
  out.underlying = on.con_id;
  out.details.market_name = on.symbol;
  out.details.long_name = on.name;
  out.details.contract_month = expiry.substr(0, 6);
  out.details.real_expiration_date = expiry;
  out.details.under_symbol = on.symbol;
  out.details.under_sec_type = "STK";
  out.details.under_con_id = on.con_id;
  complete(out, now, "SMART,AMEX,CBOE,PHLX,ISE,BOX", kPennyRule);
  return out;
}

}  // namespace

Hours trading_hours(const Instrument& instrument, bool regular) {
  if (instrument.sec_type() == "CASH") return {-6 * kHour - 45 * 60, 17 * kHour};
  if (regular) return {9 * kHour + 30 * 60, 16 * kHour};
  if (instrument.sec_type() == "FUT") return {-6 * kHour, 17 * kHour};
  return {4 * kHour, 20 * kHour};
}

std::vector<Instrument> make_instruments(Seconds now) {
  std::vector<Instrument> all;
  for (const Stock& s : kStocks) all.push_back(stock(s, now));
  // A month that has begun may already be past its third Friday.
  const int to_quarter = (3 - eastern_month(now) % 3) % 3;
  const int front = third_friday(now, to_quarter) > eastern_date(now) ? to_quarter : to_quarter + 3;
  all.push_back(future(now, third_friday(now, front)));
  all.push_back(future(now, third_friday(now, front + 3)));
  all.push_back(currency_pair(now));
  all.push_back(option(now, third_friday(now, 2), kStocks[0]));
  return all;
}

std::vector<protocol::PriceIncrement> market_rule(std::int32_t id) {
  const double step = id == kPennyRule ? 0.01 : id == kFutureRule ? 0.25 : id == kForexRule ? 0.00005 : 0;
  if (step == 0) return {};
  protocol::PriceIncrement increment;
  increment.low_edge = 0;
  increment.increment = step;
  return {increment};
}

}  // namespace ibkr::mock
