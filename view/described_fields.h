// Fields by name: where `lmtPrice` is, whoever spells it how.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/schema.h"

namespace ibkr::view {

/// A field of a message or of a part of messages, and where its holder stands.
struct DescribedField {
  const protocol::StructInfo* holder;
  const protocol::FieldInfo* field;
  struct Place {
    const protocol::MessageInfo* message;
    std::string path;  ///< of the field in the message: "order.lmt_price"
  };
  std::vector<Place> places;
};

/// The fields of the name in messages of the direction, or of both; letter case and underscores count nowhere, so that
/// lmtPrice, lmt_price and LMTPRICE are one; nor does the number of an element, combo_legs[1]. "order.lmtPrice", "Order.lmtPrice" and "OpenOrder.order.lmtPrice" ask for
/// the field of that part only.
std::vector<DescribedField> find_fields(std::string_view name, std::optional<protocol::Direction> direction);
/// The names of all fields, each once.
std::vector<std::string_view> field_names();

/// Appends lines for people. A server version other than 0 adds the index in each text layout there.
void append_described(const DescribedField& what, int server_version, std::string& out);
/// Appends one JSON object, without a line end.
void append_described_json(const DescribedField& what, int server_version, std::string& out);

}  // namespace ibkr::view
