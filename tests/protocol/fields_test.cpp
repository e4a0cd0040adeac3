// The walks over a message: what they must see, or replay, redaction and comparison miss it.
#include "protocol/fields.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "protocol/catalogue.h"
#include "protocol/messages.h"

using namespace ibkr::protocol;

namespace {

const FieldInfo& field_of(const StructInfo& info, std::string_view name) {
  for (const FieldInfo& field : info.fields) {
    if (field.name == name) return field;
  }
  FAIL("no field " << name);
  return info.fields[0];
}

}  // namespace

TEST_CASE("a role that depends on what stands beside it") {
  // Broken: the account number in AccountValue's value goes into every fixture that is shared.
  AccountValue value;
  const FieldInfo& field = field_of(*AccountValue::info.body, "value");
  value.value = "DU123";
  CHECK(role_of(field, &value) == Role::None);
  value.key = "NetLiquidation";
  CHECK(role_of(field, &value) == Role::None);
  value.key = "AccountCode";
  CHECK(role_of(field, &value) == Role::Account);
  value.key = "AccountOrGroup";
  CHECK(role_of(field, &value) == Role::Account);
  CHECK(role_of(field_of(*AccountValue::info.body, "account_name"), &value) == Role::Account);
}

TEST_CASE("every moment that an app asks for is a when, every other one a stamp") {
  // Broken: a replay serves the bars of another day, or refuses an order for the second in which it was made.
  for (const MessageInfo* type : all_messages()) {
    for (const FieldInfo& field : type->body->fields) {
      INFO(type->name, ".", field.name);
      if (type->direction == Direction::In) CHECK(field.role != Role::When);
      if (type->direction == Direction::Out && field.role == Role::Stamp)
        CHECK(field.name.starts_with("manual_order_"));
    }
  }
}
