// Without these: two runs with one seed differ, bars contradict each other, or an account's figures do not add up.
#include <doctest/doctest.h>

#include <set>

#include "mock/account.h"
#include "mock/clock.h"
#include "mock/history.h"
#include "mock/market.h"

using namespace ibkr::mock;
using ibkr::protocol::Decimal;

namespace {

constexpr Seconds kMondayNoon = 1795453200;  // 2026-11-23 12:00 in New York

const Instrument& apple(const Market& market) { return *market.with_con_id(265598); }

HistoryQuery query(Seconds bar) {
  HistoryQuery q;
  q.to = kMondayNoon;
  q.from = kMondayNoon - 5 * kDay;
  q.bar = bar;
  q.sessions = 5;
  q.regular_hours = true;
  return q;
}

}  // namespace

TEST_CASE("one seed, one walk; another seed, another") {
  Market one(7, kMondayNoon), same(7, kMondayNoon), other(8, kMondayNoon);
  bool differs = false;
  for (int i = 1; i <= 1000; ++i) {
    for (Market* market : {&one, &same, &other}) market->step(kMondayNoon + i);
    REQUIRE(one.quote(apple(one)).bid == same.quote(apple(same)).bid);
    REQUIRE(one.quote(apple(one)).last_size == same.quote(apple(same)).last_size);
    differs = differs || one.quote(apple(one)).bid != other.quote(apple(other)).bid;
    REQUIRE(one.quote(apple(one)).bid < one.quote(apple(one)).ask);
    REQUIRE(is_on_tick(apple(one), one.quote(apple(one)).ask));
  }
  CHECK(differs);
}

TEST_CASE("bars begin and end where sessions do, and lie within the day's") {
  const Market market(7, kMondayNoon);
  const auto hours = bars_of(market, apple(market), query(kHour));
  REQUIRE(hours);
  CHECK(hours->size() == 4 * 7 + 3);  // four whole days, and today until noon
  CHECK(eastern_time(hours->front().begins) == "20261117 09:30:00 US/Eastern");
  CHECK(eastern_time((*hours)[1].begins) == "20261117 10:00:00 US/Eastern");
  for (const Bar& bar : *hours) {
    CHECK(bar.low <= std::min(bar.open, bar.close));
    CHECK(bar.high >= std::max(bar.open, bar.close));
  }
  const auto days = bars_of(market, apple(market), query(kDay));
  REQUIRE(days);
  REQUIRE(days->size() == 5);
  CHECK(days->front().open == hours->front().open);
  CHECK(*to_message(days->front(), query(kDay), 226).date == "20261117");
  CHECK(*to_message(hours->front(), query(kHour), 142).date == "20261117  09:30:00");
}

TEST_CASE("times in the forms that TWS takes") {
  CHECK(parse_time("20261123 12:00:00 US/Eastern") == kMondayNoon);
  CHECK(parse_time("20261123-17:00:00") == kMondayNoon);
  CHECK(parse_time("20260701 12:00:00 America/New_York") == parse_time("20260701-16:00:00"));
  CHECK_FALSE(parse_time("20261323 12:00:00"));
  CHECK_FALSE(parse_time("tomorrow"));
  CHECK(third_friday(kMondayNoon, 1) == "20261218");
}

TEST_CASE("a round trip leaves the account with its profit less commissions") {
  const Market market(7, kMondayNoon);
  Account account("DU1", market);
  const double before = account.net_liquidation();
  CHECK(account.fill(apple(market), Decimal(100), 230.0, 1.0) == 0);
  CHECK(account.holding(apple(market)).average_cost == doctest::Approx(230.01));
  CHECK(account.fill(apple(market), Decimal(-100), 231.0, 1.0) == doctest::Approx(98.0));
  CHECK(account.net_liquidation() == doctest::Approx(before + 98.0));
  CHECK(account.holding(apple(market)).position.is_zero());
}

TEST_CASE("a position that is turned around is closed and opened") {
  const Market market(7, kMondayNoon);
  Account account("DU1", market);
  account.fill(apple(market), Decimal(100), 230.0, 0.0);
  CHECK(account.fill(apple(market), Decimal(-150), 232.0, 0.0) == doctest::Approx(200.0));
  CHECK(account.holding(apple(market)).position.to_double() == -50);
  CHECK(account.holding(apple(market)).average_cost == doctest::Approx(232.0));
}

TEST_CASE("every instrument has an ISIN of its own with a valid check digit") {
  const Market market(7, kMondayNoon);
  std::set<std::string> seen;
  for (const Instrument& instrument : market.instruments()) {
    CAPTURE(*instrument.contract.local_symbol);
    REQUIRE(instrument.details.sec_id_list.size() == 1);
    const std::string isin = *instrument.details.sec_id_list[0].value;
    REQUIRE(isin.size() == 12);
    std::string digits;
    for (const char c : isin) digits += c >= 'A' ? std::to_string(c - 'A' + 10) : std::string(1, c);
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      const int weight = (digits.size() - 1 - i) % 2 == 1 ? 2 : 1;
      const int product = (digits[i] - '0') * weight;
      sum += product / 10 + product % 10;
    }
    CHECK(sum % 10 == 0);
    CHECK(seen.insert(isin).second);
  }
}
