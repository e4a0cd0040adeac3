// Comparison: what it lets pass, a replay serves and a transcoding loses in silence.
#include "protocol/compare.h"

#include <doctest/doctest.h>

#include <cmath>

#include "protocol/codec.h"
#include "protocol/messages.h"

using namespace ibkr::protocol;

namespace {

PlaceOrderRequest order() {
  PlaceOrderRequest request;
  request.order_id = 5;
  request.contract.emplace().symbol = "BTC";
  request.order.emplace().total_quantity = *Decimal::parse("5");
  request.order->order_type = "LMT";
  return request;
}

std::vector<std::string> paths(const Message& left, const Message& right, const Comparison& what = {}) {
  std::vector<std::string> found;
  for (const Difference& difference : compare(left, right, what)) found.push_back(difference.path);
  return found;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("numbers are compared by value") {
  auto left = order(), right = order();
  right.order->total_quantity = *Decimal::parse("5.0");
  CHECK(compare(Message(left), Message(right)).empty());
  right.order->total_quantity = *Decimal::parse("5.00000001");
  CHECK(paths(Message(left), Message(right)) == Paths{"order.total_quantity"});
  right = order();
  left.order->lmt_price = std::nan("");
  right.order->lmt_price = std::nan("");
  CHECK(compare(Message(left), Message(right)).empty());
  right.order->lmt_price = 1;
  CHECK(paths(Message(left), Message(right)) == Paths{"order.lmt_price"});
}

TEST_CASE("unset and nothing: alike only where that is asked for") {
  auto left = order(), right = order();
  left.order->lmt_price = 0;
  left.order->order_ref = "";
  left.order->transmit = false;
  CHECK(paths(Message(left), Message(right)) == Paths{"order.lmt_price", "order.order_ref", "order.transmit"});
  CHECK(compare(Message(left), Message(right), {.unset_is_default = true}).empty());
  left.order->transmit = true;
  CHECK(paths(Message(left), Message(right), {.unset_is_default = true}) == Paths{"order.transmit"});
}

TEST_CASE("lists and their elements") {
  auto left = order(), right = order();
  left.order->algo_params.emplace_back().tag = "a";
  right.order->algo_params.emplace_back().tag = "b";
  right.order->algo_params.emplace_back();
  CHECK(paths(Message(left), Message(right)) == Paths{"order.algo_params.size", "order.algo_params[0].tag"});
  CHECK(paths(Message(left), Message(right), {.limit = 1}) == Paths{"order.algo_params.size"});
}

TEST_CASE("content that the description does not know, in protobuf and behind a text") {
  // Broken: an order that differs in a field newer than this program is served as if it were the recorded one.
  auto left = order(), right = order();
  left.order->unknown_fields =
      "\xc2\x0c\x01"
      "A";
  right.order->unknown_fields =
      "\xc2\x0c\x01"
      "B";
  CHECK(compare(Message(left), Message(right)).empty());
  const auto found = compare(Message(left), Message(right), {.unknown = true});
  REQUIRE(found.size() == 1);
  CHECK(found[0].path == "order.unknown_fields");
  CHECK(found[0].left == "c20c0141");
  CHECK(paths(Message(left), Message(order()), {.unset_is_default = true, .unknown = true}) ==
        Paths{"order.unknown_fields"});
  PlaceOrderRequest bare;
  bare.order_id = 5;
  bare.contract.emplace().symbol = "BTC";
  CHECK(paths(Message(left), Message(bare), {.unknown = true}).back() == "order.unknown_fields");

  Message text = order(), other = order();
  text.residue.trailing = {"A"};
  CHECK(paths(text, other, {.unset_is_default = true, .unknown = true}) == Paths{"trailing[0]"});
  other.residue.trailing = {"A", ""};
  CHECK(compare(text, other, {.unset_is_default = true, .unknown = true}).empty());
  CHECK(paths(text, other, {.unknown = true}) == Paths{"trailing[1]"});
}

TEST_CASE("fields that take no part, asked with the object that holds them") {
  const auto no_symbols = [](const FieldInfo& field, const void* object) {
    CHECK(object != nullptr);
    return field.name != "symbol";
  };
  auto left = order(), right = order();
  right.contract->symbol = "ETH";
  right.order->order_type = "MKT";
  CHECK(paths(Message(left), Message(right), {.takes_part = no_symbols}) == Paths{"order.order_type"});
}
