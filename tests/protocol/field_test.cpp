// A field that kept its place but lost its bit, or the bit of another struct, would show values that TWS never sent.
#include "protocol/field.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/storage.h"

using namespace ibkr::protocol;

TEST_CASE("a field is unset until it is assigned, and again after reset") {
  TickPrice tick;
  CHECK(!tick.price);
  CHECK(tick.price == std::nullopt);
  CHECK(tick.price.value_or(-1) == -1);
  tick.price = 0;
  CHECK(tick.price.has_value());
  CHECK(*tick.price == 0);
  CHECK(!tick.size);
  tick.price.reset();
  CHECK(!tick.price);
  tick.price = std::optional<double>(2.5);
  CHECK(tick.price == 2.5);
  tick.price = std::nullopt;
  CHECK(tick.price == std::optional<double>());
}

TEST_CASE("a copied or moved struct has its fields, set and unset, and its own") {
  OpenOrder from;
  from.order_id = 7;
  from.contract.emplace().symbol = "AAPL";
  from.order.emplace().lmt_price = 150.25;
  from.order->order_ref = std::string(100, 'x');
  OpenOrder copy = from;
  from.contract->symbol = "IBM";
  from.order->lmt_price.reset();
  CHECK(copy.contract->symbol == "AAPL");
  CHECK(copy.order->lmt_price == 150.25);
  CHECK(!copy.order_state);

  const OpenOrder moved = std::move(copy);
  CHECK(moved.order_id == 7);
  CHECK(moved.order->order_ref == std::string(100, 'x'));
  CHECK(!moved.contract->currency);

  copy = moved;
  CHECK(copy.order->lmt_price == moved.order->lmt_price);
  copy.order_id = std::optional<std::int32_t>();
  CHECK(moved.order_id == 7);
}

TEST_CASE("a list that grows moves its elements with their fields") {
  std::vector<ComboLeg> legs;
  for (int i = 0; i < 100; ++i) legs.emplace_back().con_id = i;
  CHECK(!legs.front().ratio);
  for (int i = 0; i < 100; ++i) CHECK(legs[static_cast<std::size_t>(i)].con_id == i);
}

TEST_CASE("a field takes over another field of its type, unset included") {
  Execution execution;
  Order order;
  order.client_id = 3;
  execution.client_id = order.client_id;
  CHECK(execution.client_id == 3);
  CHECK(execution.client_id == order.client_id);
  order.client_id.reset();
  execution.client_id = order.client_id;
  CHECK(!execution.client_id);
}

TEST_CASE("a part that is made again begins empty") {
  OpenOrder open;
  open.contract.emplace().symbol = "AAPL";
  open.contract->combo_legs.emplace_back();
  open.contract.reset();
  CHECK(open.contract.emplace().combo_legs.empty());
  CHECK(!open.contract->symbol);
}

TEST_CASE("a message that is reused shows nothing of what it held before") {
  OpenOrder first;
  first.order_id = 1;
  first.contract.emplace().symbol = "AAPL";
  first.contract->combo_legs.emplace_back().con_id = 5;
  first.order.emplace().order_ref = std::string(20'000, 'x');  // so large that the message gives its memory back
  OpenOrder second;
  second.order_id = 2;
  second.contract.emplace().currency = "USD";
  for (const int version : {178, 226}) {
    std::string large, small;
    REQUIRE(encode(Message(first), version, large));
    REQUIRE(encode(Message(second), version, small));
    Message message(OpenOrder::info);
    for (const std::string* payload : {&large, &small, &large, &small}) {
      REQUIRE(decode_into(message, version, *read_head(*payload, version), *payload));
      const auto expected = decode(Direction::In, version, *payload);
      std::string again, fresh;
      REQUIRE(encode(message, version, again));
      REQUIRE(encode(*expected, version, fresh));
      CHECK(again == fresh);
      CHECK(again == *payload);
    }
    CHECK(message.as<OpenOrder>().contract->combo_legs.empty());
    CHECK(!message.as<OpenOrder>().contract->symbol.value_or("").starts_with("A"));
  }
}

TEST_CASE("the tables and the structs mean the same place") {
  Message message(OpenOrder::info);
  const StructInfo& info = *message.type().body;
  for (const FieldInfo& field : info.fields) {
    if (field.name == "order_id") set<std::int32_t>(field, message.body()) = 12;
  }
  CHECK(message.as<OpenOrder>().order_id == 12);
  message.as<OpenOrder>().order_id.reset();
  for (const FieldInfo& field : info.fields) CHECK(!is_set(field, message.body()));
}
