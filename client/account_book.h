// AccountBook: what TWS says about accounts, in any order and repetition, becomes accounts and positions by value.
//
//   sent(PnL, PnLSingle, Positions, PositionsMulti, AccountData) ──┐   whose answers those without an account are,
//                                                                  ├──► and when a list began
//   came(AccountValue, AccountSummary, AccountUpdateMulti,         │
//        PortfolioValue, Position, PositionMulti, PnL, PnLSingle,  │
//        ManagedAccounts, the ends of lists) ──────────────────────┘
//
// A pure fold: no socket, no thread, no clock; the moment comes in. Of two tellings of one value the later one counts,
// whichever message brought it. A complete list of positions closes those that were open before it was asked for and
// are not in it, as after a reconnect.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/account.h"
#include "protocol/message.h"

namespace ibkr::client {

/// One value of an account, as TWS tells it.
struct AccountValue {
  std::string tag;       ///< "NetLiquidation"
  std::string currency;  ///< "" or BASE where it has none of its own
  std::string value;     ///< a number, true, false or a text, by its tag
};

/// The accounts of a login. Not thread safe.
class AccountBook {
 public:
  // What is new beyond these is counted by left_out() and not kept.
  static constexpr std::size_t kMostAccounts = 2000;  ///< and models
  static constexpr std::size_t kMostValues = 4000;    ///< of one of them
  static constexpr std::size_t kMostPositions = 50000;
  static constexpr std::size_t kMostRequests = 10000;  ///< of profit and loss, and lists, that are under way

  /// The app sends this. To be told before what answers it. What is not about accounts is nothing to the book.
  std::vector<AccountEvent> sent(const protocol::Message& request, Moment at);
  /// TWS said this.
  std::vector<AccountEvent> came(const protocol::Message& answer, Moment at);
  /// The connection is gone, and with it all requests. Values stay as they were last told, but for profit and loss that
  /// only a request under way keeps up: daily profit and loss is none.
  std::vector<AccountEvent> disconnected(Moment at);

  /// The accounts of the login as TWS lists them; empty before.
  const std::vector<std::string>& managed_accounts() const { return managed_; }
  /// None for an account or model of which nothing was told.
  std::optional<AccountInfo> account(std::string_view account_id, std::string_view model_code = "") const;
  /// All accounts and models of which something was told, by name.
  std::vector<AccountInfo> accounts() const;
  /// A value by its tag; with "" as currency the one in the base currency, or the only one. None when it was not told.
  std::optional<AccountValue> value(std::string_view account_id, std::string_view tag, std::string_view currency = "",
                                    std::string_view model_code = "") const;
  /// All values of an account or model, by tag and currency.
  std::vector<AccountValue> values(std::string_view account_id, std::string_view model_code = "") const;

  /// Positions with a quantity other than 0, of all accounts as wholes.
  std::vector<Position> open_positions() const;
  /// All positions of an account or model that were told, closed ones too.
  std::vector<Position> positions(std::string_view account_id, std::string_view model_code = "") const;

  std::uint64_t left_out() const { return left_out_; }

 private:
  using Events = std::vector<AccountEvent>;
  /// Account and model.
  using Key = std::pair<std::string, std::string>;
  /// Tag and currency.
  using ValueKey = std::pair<std::string, std::string>;
  struct Account {
    std::map<ValueKey, std::string> values;
    std::optional<double> daily_pnl, unrealized_pnl, realized_pnl;  // by PnL
    AccountInfo info;
    bool is_told = false;
  };
  /// An instrument: its con_id, or what else tells it where it has none.
  using Instrument = std::pair<std::int32_t, std::string>;
  struct Holding {
    Position position;
    std::uint64_t told_at = 0;
  };
  using Holdings = std::map<std::pair<Key, Instrument>, Holding>;
  struct PnlOf {
    Key key;
    std::int32_t con_id = 0;  // 0: of the account
  };
  /// A list of positions that is under way: which positions it is complete for.
  struct Reading {
    std::uint64_t asked = 0;
    std::optional<std::string> account;  // none: every account as a whole
    std::string model_code;
  };

  Account* account_at(const Key& key);
  const Account* find(std::string_view account_id, std::string_view model_code) const;
  static std::optional<AccountValue> value_of(const Account& account, std::string_view tag, std::string_view currency);
  static std::string base_currency(const Account& account);
  Holding* holding_at(const Key& key, const protocol::Contract& contract, Moment at);
  bool has_room_for_request(std::size_t known);

  void take_value(const Key& key, std::string tag, std::string currency, std::string text, Moment at, Events& events);
  void take_position(const Key& key, const protocol::Contract& contract,
                     const std::optional<protocol::Decimal>& quantity, const std::optional<double>& average_cost,
                     Moment at, Events& events);
  void on(const protocol::PortfolioValue& told, Moment at, Events& events);
  void on(const protocol::PnL& told, Moment at, Events& events);
  void on(const protocol::PnLSingle& told, Moment at, Events& events);
  void on(const protocol::ManagedAccounts& told);
  void close_what_is_not_in(const Reading& reading, Moment at, Events& events);
  void publish(Account& account, Moment at, Events& events);

  std::uint64_t now_ = 0;  // counts sent() and came()
  std::vector<std::string> managed_;
  std::map<Key, Account> accounts_;
  Holdings holdings_;
  std::map<std::int32_t, PnlOf> pnl_;                // by request id
  std::map<std::int32_t, Reading> model_positions_;  // by request id
  std::optional<Reading> all_positions_, portfolio_;
  std::uint64_t left_out_ = 0;
};

}  // namespace ibkr::client
