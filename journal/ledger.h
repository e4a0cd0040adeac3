// Ledger: keeps the tables orders, order_status and executions up as messages pass.
#pragma once

#include "journal/database.h"
#include "journal/types.h"
#include "protocol/message.h"

namespace ibkr::journal {

/// Writes within the transaction that the caller has begun; errors stay with the database.
class Ledger {
 public:
  explicit Ledger(Database& database);

  /// True when `enter` has something to do for messages of this type.
  static bool concerns(const protocol::MessageInfo& type);
  /// `client_id`: of the session that the message passed in, for messages that do not say whose order it is.
  void enter(const protocol::Message& message, SessionId session, Sequence sequence, std::int64_t client_id,
             std::int64_t wall_ns);

 private:
  Statement order_;
  Statement status_;
  Statement latest_status_;
  Statement execution_;
  Statement commission_;
};

}  // namespace ibkr::journal
