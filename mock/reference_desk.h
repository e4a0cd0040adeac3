// ReferenceDesk: what does not change: contracts, option chains, market rules, clocks, the user.
#pragma once

#include "mock/desk.h"

namespace ibkr::mock {

class ReferenceDesk {
 public:
  ReferenceDesk(Counter counter, Handlers& handlers);

  void answer(const protocol::ContractDataRequest& request);
  void answer(const protocol::CancelContractData&) {}  // the answer is out already
  void answer(const protocol::MatchingSymbolsRequest& request);
  void answer(const protocol::SecDefOptParamsRequest& request);
  void answer(const protocol::MarketRuleRequest& request);
  void answer(const protocol::CurrentTimeRequest& request);
  void answer(const protocol::CurrentTimeInMillisRequest& request);
  void answer(const protocol::UserInfoRequest& request);
  void answer(const protocol::SoftDollarTiersRequest& request);
  void answer(const protocol::SmartComponentsRequest& request);
  void answer(const protocol::ScannerParametersRequest& request);
  void answer(const protocol::MarketDepthExchangesRequest& request);
  void answer(const protocol::SetServerLogLevelRequest&) {}  // our log is our own

 private:
  Counter counter_;
};

}  // namespace ibkr::mock
