// Without these: a client that gives a request up leaves it running at TWS, or cancels another one.
#include "protocol/cancel.h"

#include <doctest/doctest.h>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/identity.h"
#include "protocol/messages.h"
#include "protocol/relations.h"

using namespace ibkr::protocol;

TEST_CASE("every request that can be cancelled: its cancel carries its id, cancels its type, and can be written") {
  for (const MessageInfo* type : all_messages()) {
    CAPTURE(type->name);
    if (type->direction != Direction::Out) continue;
    Message request(*type);
    set_integer_with_role(request, Role::RequestId, 77);
    set_integer_with_role(request, Role::OrderId, 77);
    const auto cancel = cancel_of(request);
    REQUIRE(cancel.has_value() == (type->cancel != nullptr));
    if (!cancel) continue;
    CHECK(cancelled_by(*cancel) == type);
    CHECK(error_id(*cancel) == error_id(request));
    std::string payload;
    CHECK(encode(*cancel, kMaxServerVersion, payload));
  }
}

TEST_CASE("the cancel of a subscription to an account names the account") {
  AccountDataRequest request;
  request.subscribe = true;
  request.acct_code = "DU1";
  const auto cancel = cancel_of(Message(request));
  REQUIRE(cancel);
  CHECK(cancel->as<AccountDataRequest>().subscribe == false);
  CHECK(cancel->as<AccountDataRequest>().acct_code == "DU1");
}
