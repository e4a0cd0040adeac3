// AccountDesk: one client's view of accounts: positions, values, summaries, profit and loss.
#pragma once

#include <optional>
#include <set>

#include "mock/desk.h"

namespace ibkr::mock {

class AccountDesk {
 public:
  AccountDesk(Counter counter, Handlers& handlers);

  /// The list that every client gets as it connects.
  void send_accounts();

  void answer(const protocol::ManagedAccountsRequest& request);
  void answer(const protocol::FamilyCodesRequest& request);
  void answer(const protocol::AccountDataRequest& request);
  void answer(const protocol::PositionsRequest& request);
  void answer(const protocol::CancelPositions& request);
  void answer(const protocol::PositionsMultiRequest& request);
  void answer(const protocol::CancelPositionsMulti& request);
  void answer(const protocol::AccountSummaryRequest& request);
  void answer(const protocol::CancelAccountSummary& request);
  void answer(const protocol::AccountUpdatesMultiRequest& request);
  void answer(const protocol::CancelAccountUpdatesMulti& request);
  void answer(const protocol::PnLRequest& request);
  void answer(const protocol::CancelPnL& request);
  void answer(const protocol::PnLSingleRequest& request);
  void answer(const protocol::CancelPnLSingle& request);

  /// A fill has changed the account.
  void changed(const Account& account, const Instrument& instrument);
  /// Pushes profit and loss, once a second. Call after each step of the market.
  void push();

 private:
  struct Profit {
    const Account* account;
    std::int32_t con_id;  ///< 0: of the whole account
  };
  /// Null, and error 321 sent, where there is no such account. "" and "All" mean the first one.
  const Account* find(std::int32_t id, const std::string& name);
  void send_position(const Account& account, const Holding& holding);
  void send_position(std::int32_t id, const Account& account, const Holding& holding);
  void send_portfolio(const Account& account, const Holding& holding);
  void send_values(const Account& account);
  void send_multi(std::int32_t id, const Account& account);
  void send_profit(std::int32_t id, const Profit& profit);
  void start_profit(std::int32_t id, const std::string& account, std::int32_t con_id);

  Counter counter_;
  bool positions_ = false;
  const Account* updates_ = nullptr;  ///< the account of AccountDataRequest: a client has one
  Subscriptions<const Account*> position_multi_;
  Subscriptions<const Account*> update_multi_;
  std::set<std::int32_t> summaries_;
  Subscriptions<Profit> profits_;
  Seconds profits_sent_ = 0;
};

}  // namespace ibkr::mock
