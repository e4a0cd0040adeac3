// Parts by their tables: what bindings and editors do to a contract or a list without knowing its type.
#include "protocol/part.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

#include "protocol/catalogue.h"
#include "protocol/json.h"
#include "protocol/messages.h"
#include "protocol/random.h"
#include "protocol/storage.h"

using namespace ibkr::protocol;

namespace {

void gather(const StructInfo& info, std::set<const StructInfo*>& found) {
  if (!found.insert(&info).second) return;
  for (const FieldInfo& field : info.fields) {
    if (field.type != nullptr) gather(*field.type, found);
  }
}

/// Every struct that there is, messages' bodies included.
std::set<const StructInfo*> all_structs() {
  std::set<const StructInfo*> found;
  for (const MessageInfo* type : all_messages()) gather(*type->body, found);
  return found;
}

std::string json_of(const StructInfo& info, const void* object) {
  std::string out;
  append_json(info, object, out);
  return out;
}

std::string json_of(const Part& part) { return json_of(part.info(), part.object()); }

}  // namespace

TEST_CASE("every struct can be made, copied, compared, and go through JSON, by its table alone") {
  // Broken: Python cannot make a ComboLeg, or an order that was copied lacks its conditions.
  const auto structs = all_structs();
  CHECK(structs.size() >= 171 + 40);
  for (const StructInfo* info : structs) {
    INFO(info->name);
    Part empty(*info);
    CHECK(empty == Part(*info));
    CHECK(json_of(empty) == "{}");
    const auto read = part_from_json(*info, "{}");
    REQUIRE(read);
    CHECK(*read == empty);
  }
  std::mt19937_64 generator(7);
  for (const MessageInfo* type : all_messages()) {
    INFO(type->name);
    const Message made = random_message(*type, wire_at(*type, kMaxServerVersion), kMaxServerVersion, generator);
    const Part body(*type->body, made.body());
    CHECK(equal(*type->body, body.object(), made.body()));
    const auto read = part_from_json(*type->body, json_of(body));
    REQUIRE(read);
    CHECK(*read == body);
    if (json_of(body) != "{}") CHECK_FALSE(body == Part(*type->body));
  }
}

TEST_CASE("elements go in and out of a list at any place") {
  for (const MessageInfo* type : all_messages()) {
    for (const FieldInfo& field : type->body->fields) {
      if (field.kind != Kind::StructList) continue;
      INFO(type->name, ".", field.name);
      Message message(*type);
      void* const list = static_cast<char*>(message.body()) + field.offset;
      const StructOps& ops = *field.type->ops;
      unknown_fields(*field.type, ops.append(list)) = "a";
      unknown_fields(*field.type, ops.append(list)) = "c";
      unknown_fields(*field.type, ops.insert(list, 1)) = "b";
      unknown_fields(*field.type, ops.insert(list, 3)) = "d";
      ops.erase(list, 0);
      REQUIRE(ops.size(list) == 3);
      std::string order;
      for (std::size_t i = 0; i < 3; ++i) order += unknown_fields(*field.type, ops.at(list, i));
      CHECK(order == "bcd");
    }
  }
}

TEST_CASE("a message takes a body, and gives it") {
  Part body(*PlaceOrderRequest::info.body);
  static_cast<PlaceOrderRequest*>(body.object())->order_id = 7;
  Message message(PlaceOrderRequest::info, std::move(body));
  REQUIRE(message.is<PlaceOrderRequest>());
  CHECK(message.as<PlaceOrderRequest>().order_id == 7);
  message.as<PlaceOrderRequest>().order.emplace().action = "BUY";
  Part given = std::move(message).take_body();
  CHECK(json_of(given) == R"({"order_id":7,"order":{"action":"BUY"}})");
  message = Message(TickPrice{});
  CHECK(message.is<TickPrice>());
}

TEST_CASE("parts are copied and moved as values") {
  Part contract(Contract::table());
  static_cast<Contract*>(contract.object())->symbol = "AAPL";
  Part copy = contract;
  CHECK(copy == contract);
  static_cast<Contract*>(copy.object())->symbol = "MSFT";
  CHECK_FALSE(copy == contract);
  copy = std::move(contract);
  CHECK(json_of(copy) == R"({"symbol":"AAPL"})");
  const auto wrong = part_from_json(copy.info(), R"({"symbl":"AAPL"})");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().to_string() == "Contract.symbl: Contract has no such field");
}
