// OrderDesk: one client's orders: placing and cancelling, and the lists of orders and executions.
#pragma once

#include "mock/desk.h"

namespace ibkr::mock {

class OrderDesk {
 public:
  OrderDesk(Counter counter, Handlers& handlers);

  /// What TWS tells a client of itself as it connects: the orders that it has left working.
  void greet();

  void answer(const protocol::PlaceOrderRequest& request);
  void answer(const protocol::CancelOrderRequest& request);
  void answer(const protocol::GlobalCancelRequest& request);
  void answer(const protocol::OpenOrdersRequest& request);
  void answer(const protocol::AllOpenOrdersRequest& request);
  void answer(const protocol::AutoOpenOrdersRequest& request);
  void answer(const protocol::CompletedOrdersRequest& request);
  void answer(const protocol::ExecutionRequest& request);
  void answer(const protocol::IdsRequest& request);

 private:
  template <class Wanted>
  void list_open(Wanted wanted);

  Counter counter_;
};

}  // namespace ibkr::mock
