// Accounts and positions from what TWS says, with what is not told staying none.
#include "client/account_book.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "client/orders.h"
#include "protocol/random.h"
#include "tests/mock/client.h"

using namespace ibkr;
using namespace ibkr::client;
using protocol::Decimal;
using protocol::Message;

namespace {

constexpr const char* kAccount = "DU1234567";
constexpr const char* kOther = "DU1234568";

Message value(const std::string& key, const std::string& text, const std::string& currency = "",
              const std::string& account = kAccount) {
  protocol::AccountValue value;
  value.key = key;
  value.value = text;
  value.currency = currency;
  value.account_name = account;
  return Message(std::move(value));
}

Message summary(const std::string& tag, const std::string& text, const std::string& currency = "",
                const std::string& account = kAccount) {
  protocol::AccountSummary summary;
  summary.req_id = 9000;
  summary.account = account;
  summary.tag = tag;
  summary.value = text;
  summary.currency = currency;
  return Message(std::move(summary));
}

Message of_model(const std::string& model, const std::string& key, const std::string& text,
                 const std::string& currency = "") {
  protocol::AccountUpdateMulti update;
  update.account = kAccount;
  update.model_code = model;
  update.key = key;
  update.value = text;
  update.currency = currency;
  return Message(std::move(update));
}

protocol::Contract instrument(std::int32_t con_id) {
  protocol::Contract contract = stock("ACME" + std::to_string(con_id));
  contract.con_id = con_id;
  return contract;
}

Message position(std::int32_t con_id, int units, double cost, const std::string& account = kAccount) {
  protocol::Position position;
  position.account = account;
  position.contract = instrument(con_id);
  position.position = Decimal(units);
  position.avg_cost = cost;
  return Message(std::move(position));
}

Message portfolio(std::int32_t con_id, int units, double price, double unrealized) {
  protocol::PortfolioValue value;
  value.account_name = kAccount;
  value.contract = instrument(con_id);
  value.contract->exchange.reset();
  value.position = Decimal(units);
  value.market_price = price;
  value.market_value = price * units;
  value.average_cost = 100;
  value.unrealized_pnl = unrealized;
  value.realized_pnl = 0;
  return Message(std::move(value));
}

struct Desk {
  std::vector<AccountEvent> sent(const Message& message) { return book.sent(message, now += std::chrono::seconds(1)); }
  std::vector<AccountEvent> came(const Message& message) { return book.came(message, now += std::chrono::seconds(1)); }
  AccountInfo account(const std::string& model = "") const {
    const auto found = book.account(kAccount, model);
    REQUIRE(found.has_value());
    return *found;
  }
  AccountBook book;
  Moment now{};
};

template <class Event>
std::vector<Event> only(const std::vector<AccountEvent>& events) {
  std::vector<Event> found;
  for (const AccountEvent& event : events)
    if (const auto* one = std::get_if<Event>(&event)) found.push_back(*one);
  return found;
}

}  // namespace

// Without it: a bot sizes its orders by a buying power of 0, or of another currency.
TEST_CASE("every field of an account, from account values; nothing is 0 that was not told") {
  Desk desk;
  CHECK_FALSE(desk.book.account(kAccount).has_value());
  CHECK(only<AccountChanged>(desk.came(value("AccountType", "INDIVIDUAL"))).size() == 1);
  const AccountInfo first = desk.account();
  CHECK(first.account_id == kAccount);
  CHECK(first.account_type == "INDIVIDUAL");
  CHECK(first.base_currency.empty());
  for (const auto& amount :
       {first.equity, first.buying_power, first.cash_balance, first.leverage, first.maintenance_margin,
        first.initial_margin, first.excess_liquidity, first.daily_pnl, first.unrealized_pnl, first.realized_pnl})
    CHECK_FALSE(amount.has_value());
  CHECK_FALSE(first.day_trades_remaining.has_value());
  CHECK_FALSE(first.is_ready.has_value());

  for (const Message& message :
       {value("CashBalance", "1.00", "USD"), value("CashBalance", "900.00", "BASE"),
        value("TotalCashBalance", "1.00", "USD"), value("TotalCashBalance", "901.00", "BASE"),
        value("UnrealizedPnL", "5", "USD"), value("UnrealizedPnL", "7.5", "BASE"), value("RealizedPnL", "0.00", "BASE"),
        value("NetLiquidation", "25000.50", "EUR"), value("BuyingPower", "100000", "EUR"),
        value("DayTradesRemaining", "-1"), value("Leverage-S", "0.12"), value("MaintMarginReq", "10", "EUR"),
        value("InitMarginReq", "11", "EUR"), value("ExcessLiquidity", "12", "EUR"), value("AccountReady", "true")})
    desk.came(message);
  const AccountInfo info = desk.account();
  CHECK(info.base_currency == "EUR");
  CHECK(info.equity == 25000.5);
  CHECK(info.buying_power == 100000.0);
  CHECK(info.cash_balance == 901.0);
  CHECK(info.day_trades_remaining == -1);
  CHECK(info.leverage == 0.12);
  CHECK(info.maintenance_margin == 10.0);
  CHECK(info.initial_margin == 11.0);
  CHECK(info.excess_liquidity == 12.0);
  CHECK(info.unrealized_pnl == 7.5);
  CHECK(info.realized_pnl == 0.0);
  CHECK(info.is_ready == true);
  CHECK(info.updated_at == desk.now);
  CHECK(desk.book.value(kAccount, "CashBalance", "USD")->value == "1.00");
  CHECK(desk.book.value(kAccount, "CashBalance")->value == "900.00");
  CHECK_FALSE(desk.book.value(kAccount, "CashBalance", "CHF").has_value());
  CHECK_FALSE(desk.book.value(kAccount, "Nothing").has_value());
  CHECK_FALSE(desk.book.value(kOther, "CashBalance").has_value());

  // Repetition is no news; a value that no field shows is kept and is no news either.
  CHECK(desk.came(value("BuyingPower", "100000", "EUR")).empty());
  CHECK(desk.came(value("Cushion", "0.9")).empty());
  CHECK(desk.came(value("BuyingPower", "100001", "EUR")).size() == 1);
  CHECK(desk.book.values(kAccount).size() == 17);
}

// Without it: a text where a number should be is an amount of 0.
TEST_CASE("what is no number is none") {
  for (const char* text : {"", "N/A", "1,000", "12abc", "nan", "inf", "1.7976931348623157E308", "1e999"}) {
    CAPTURE(text);
    Desk desk;
    desk.came(value("NetLiquidation", text, "USD"));
    desk.came(value("DayTradesRemaining", text));
    CHECK_FALSE(desk.account().equity.has_value());
    CHECK_FALSE(desk.account().day_trades_remaining.has_value());
    CHECK(desk.account().base_currency == "USD");
  }
  Desk desk;
  desk.came(value("DayTradesRemaining", "2.5"));
  CHECK_FALSE(desk.account().day_trades_remaining.has_value());
}

// Without it: two accounts, or an account and a model in it, show each other's money.
TEST_CASE("accounts and models are kept apart, whichever message tells of them") {
  Desk desk;
  protocol::ManagedAccounts managed;
  managed.accounts_list = ",DU1234567,,DU1234568,";
  CHECK(desk.came(Message(managed)).empty());
  CHECK(desk.book.managed_accounts() == std::vector<std::string>{kAccount, kOther});
  desk.came(summary("NetLiquidation", "1", "USD"));
  desk.came(summary("NetLiquidation", "2", "USD", kOther));
  desk.came(of_model("GROWTH", "NetLiquidation", "3", "USD"));
  CHECK(desk.account().equity == 1.0);
  CHECK(desk.book.account(kOther)->equity == 2.0);
  CHECK(desk.account("GROWTH").equity == 3.0);
  CHECK(desk.account("GROWTH").model_code == "GROWTH");
  CHECK(desk.book.accounts().size() == 3);
  desk.came(value("NetLiquidation", "1.5", "USD"));  // the later telling counts, whichever message it came in
  CHECK(desk.account().equity == 1.5);
  desk.came(summary("Leverage", "0.5"));
  CHECK(desk.account().leverage == 0.5);
}

// Without it: unrealised profit and loss is missing from positions, or stays after they are closed.
TEST_CASE("positions: opened, valued, closed") {
  Desk desk;
  const auto opened = only<PositionChanged>(desk.came(position(1, -110, 201.88)));
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].position.quantity == Decimal(-110));
  CHECK(opened[0].position.average_cost == 201.88);
  CHECK(opened[0].position.symbol() == "ACME1");
  CHECK_FALSE(opened[0].position.market_price.has_value());
  CHECK_FALSE(opened[0].position.unrealized_pnl.has_value());
  CHECK(desk.came(position(1, -110, 201.88)).empty());
  const auto valued = only<PositionChanged>(desk.came(portfolio(1, -110, 99, 3.5)));
  REQUIRE(valued.size() == 1);
  CHECK(valued[0].position.market_price == 99.0);
  CHECK(valued[0].position.unrealized_pnl == 3.5);
  CHECK(valued[0].position.realized_pnl == 0.0);
  CHECK(valued[0].position.contract->exchange == "SMART");
  desk.came(position(1, 5, 1, kOther));
  CHECK(desk.book.open_positions().size() == 2);
  desk.came(position(1, 0, 0));
  CHECK(desk.book.open_positions().size() == 1);
  CHECK(desk.book.positions(kAccount).size() == 1);

  protocol::PositionMulti in_model;
  in_model.req_id = 9001;
  in_model.account = kAccount;
  in_model.model_code = "GROWTH";
  in_model.contract = instrument(1);
  in_model.position = Decimal(7);
  desk.came(Message(in_model));
  CHECK(desk.book.positions(kAccount, "GROWTH").at(0).quantity == Decimal(7));
  CHECK(desk.book.open_positions().size() == 1);  // a model's part is in the account's positions already
}

// Without it: a position that was closed while the connection was away is held for ever.
TEST_CASE("a complete list closes what is not in it any more") {
  Desk desk;
  desk.came(position(1, 10, 1));
  desk.came(position(2, 20, 1));
  desk.came(position(3, 30, 1, kOther));
  CHECK(desk.came(Message(protocol::PositionEnd{})).empty());  // of a list that the book did not see begin
  desk.book.disconnected(desk.now);
  desk.sent(Message(protocol::PositionsRequest{}));
  desk.came(position(2, 20, 1));
  desk.came(position(4, 40, 1));
  const auto closed = only<PositionChanged>(desk.came(Message(protocol::PositionEnd{})));
  REQUIRE(closed.size() == 2);
  CHECK(closed[0].position.symbol() == "ACME1");
  CHECK(closed[0].position.quantity == Decimal(0));
  CHECK(desk.book.open_positions().size() == 2);

  // A portfolio is complete for its own account only, a model's list for its model.
  desk.came(position(3, 30, 1, kOther));
  protocol::AccountDataRequest data;
  data.subscribe = true;
  data.acct_code = kAccount;
  desk.sent(Message(data));
  desk.came(portfolio(4, 40, 99, 1));
  protocol::AccountDataEnd end;
  end.account_name = kAccount;
  const auto gone = only<PositionChanged>(desk.came(Message(end)));
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].position.symbol() == "ACME2");
  CHECK(desk.book.open_positions().size() == 2);

  protocol::PositionsMultiRequest of_model;
  of_model.req_id = 9001;
  of_model.account = kAccount;
  of_model.model_code = "GROWTH";
  desk.sent(Message(of_model));
  protocol::PositionMultiEnd model_end;
  model_end.req_id = 9001;
  CHECK(desk.came(Message(model_end)).empty());
  CHECK(desk.book.open_positions().size() == 2);
}

// Without it: the profit of one account is told as another's, or yesterday's as today's.
TEST_CASE("profit and loss, of accounts and of positions, by who asked") {
  Desk desk;
  protocol::PnL pnl;
  pnl.req_id = 9000;
  pnl.daily_pnl = 250.5;
  pnl.unrealized_pnl = 1500;
  CHECK(desk.came(Message(pnl)).empty());  // nobody asked
  protocol::PnLRequest ask;
  ask.req_id = 9000;
  ask.account = kAccount;
  desk.sent(Message(ask));
  desk.came(value("UnrealizedPnL", "1", "USD"));
  CHECK(only<AccountChanged>(desk.came(Message(pnl))).size() == 1);
  CHECK(desk.account().daily_pnl == 250.5);
  CHECK(desk.account().unrealized_pnl == 1500.0);
  CHECK_FALSE(desk.account().realized_pnl.has_value());
  pnl.daily_pnl = 1.7976931348623157e308;
  desk.came(Message(pnl));
  CHECK_FALSE(desk.account().daily_pnl.has_value());

  protocol::PnLSingleRequest single;
  single.req_id = 9001;
  single.account = kAccount;
  single.con_id = 1;
  desk.sent(Message(single));
  protocol::PnLSingle of_position;
  of_position.req_id = 9001;
  of_position.position = Decimal(10);
  of_position.daily_pnl = 7;
  of_position.value = 1000;
  CHECK(only<PositionChanged>(desk.came(Message(of_position))).size() == 1);
  // Neither answers what the other asked for.
  pnl.req_id = 9001;
  of_position.req_id = 9000;
  CHECK(desk.came(Message(pnl)).empty());
  CHECK(desk.came(Message(of_position)).empty());
  pnl.req_id = 9000;
  desk.came(position(1, 10, 90));
  const auto held = desk.book.positions(kAccount);
  REQUIRE(held.size() == 1);
  CHECK(held[0].symbol() == "ACME1");
  CHECK(held[0].daily_pnl == 7.0);
  CHECK(held[0].market_value == 1000.0);
  CHECK(held[0].average_cost == 90.0);
  CHECK_FALSE(held[0].unrealized_pnl.has_value());

  pnl.daily_pnl = 3;
  desk.came(Message(pnl));
  CHECK(desk.book.disconnected(desk.now).size() == 2);
  CHECK_FALSE(desk.account().daily_pnl.has_value());
  CHECK_FALSE(desk.book.positions(kAccount)[0].daily_pnl.has_value());
  CHECK(desk.came(Message(pnl)).empty());
}

// Without it: a server without end or manners takes all memory, or ends the program.
TEST_CASE("hostile values: bounded, and no crash") {
  Desk desk;
  for (std::size_t i = 0; i < AccountBook::kMostAccounts + 5; ++i)
    desk.came(value("NetLiquidation", "1", "USD", "DU" + std::to_string(i)));
  CHECK(desk.book.accounts().size() == AccountBook::kMostAccounts);
  for (std::size_t i = 0; i < AccountBook::kMostValues + 5; ++i)
    desk.came(value("x" + std::to_string(i), "1", "", "DU0"));
  CHECK(desk.book.values("DU0").size() == AccountBook::kMostValues);
  CHECK(desk.book.left_out() == 11);
  CHECK(desk.came(value("NetLiquidation", "1", "USD", "")).empty());

  auto bad = position(1, 1, std::nan(""));
  for (const char* units : {"NaN", "Infinity", "1.7976931348623157E308"}) {
    bad.as<protocol::Position>().position = *Decimal::parse(units);
    desk.came(bad);
    CHECK_FALSE(desk.book.positions(kAccount).at(0).quantity.has_value());
    CHECK_FALSE(desk.book.positions(kAccount).at(0).average_cost.has_value());
  }
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    for (const auto* type :
         {&protocol::AccountValue::info, &protocol::AccountSummary::info, &protocol::AccountUpdateMulti::info,
          &protocol::PortfolioValue::info, &protocol::Position::info, &protocol::PositionMulti::info,
          &protocol::PnL::info, &protocol::PnLSingle::info, &protocol::ManagedAccounts::info,
          &protocol::AccountDataEnd::info, &protocol::PositionMultiEnd::info}) {
      const Message message = protocol::random_message(*type, protocol::Wire::Protobuf, 226, random);
      desk.came(message);
      CHECK(desk.came(message).empty());
    }
    for (const auto* type : {&protocol::PnLRequest::info, &protocol::PnLSingleRequest::info,
                             &protocol::PositionsMultiRequest::info, &protocol::AccountDataRequest::info})
      desk.sent(protocol::random_message(*type, protocol::Wire::Protobuf, 226, random));
  }
}

// Without it: the book agrees with our idea of TWS's messages, and with no server that writes them.
TEST_CASE("an account at the mock, at old and new server versions") {
  for (const int version : {127, 178, 210, 226}) {
    CAPTURE(version);
    net::Loop loop;
    const mock::test::Mock mock(loop, version);
    mock::test::Client client(loop, mock, 7, version);
    client.start();
    AccountBook book;
    const auto send = [&](auto request) {
      book.sent(Message(request), Moment{});
      client.send(std::move(request));
    };
    client.send(mock::test::order(1, "BUY", 100, "MKT"));
    client.wait_status(1, "Filled");
    protocol::AccountDataRequest data;
    data.subscribe = true;
    data.acct_code = "DU1000001";
    send(data);
    client.wait<protocol::AccountDataEnd>();
    send(protocol::PositionsRequest{});
    client.wait<protocol::PositionEnd>();
    protocol::PnLRequest pnl;
    pnl.req_id = 9000;
    pnl.account = "DU1000001";
    send(pnl);
    client.wait<protocol::PnL>();
    for (const Message& message : client.seen) book.came(message, Moment{});

    const auto info = book.account("DU1000001");
    REQUIRE(info.has_value());
    CHECK(info->account_type == "INDIVIDUAL");
    CHECK(info->base_currency == "USD");
    CHECK(info->is_ready == true);
    for (const auto& amount : {info->equity, info->buying_power, info->cash_balance, info->initial_margin,
                               info->maintenance_margin, info->excess_liquidity, info->daily_pnl})
      CHECK(amount.has_value());
    const auto open = book.open_positions();
    REQUIRE(open.size() == 2);  // the mock's accounts begin with one
    CHECK(open[0].symbol() == "AAPL");
    CHECK(open[0].quantity == Decimal(100));
    for (const Position& one : open) CHECK(one.market_price.has_value());
    for (const Position& one : open) CHECK(one.unrealized_pnl.has_value());
  }
}
