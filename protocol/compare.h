// Comparison of two messages of one type, field by field: what differs, with the path of each difference.
//
// Numbers are compared by value: 100, 100.0 and 1e2 are equal decimals, a NaN equals a NaN. How a frame spelled a value
// is not compared; what the description does not know can be.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "protocol/message.h"

namespace ibkr::protocol {

/// One difference between two messages of one type.
struct Difference {
  std::string
      path;  ///< "contract.symbol", "conditions[1].price", "conditions.size", "order.unknown_fields", "verbatim[12]"
  std::string left;  ///< as people write it; "" when unset
  std::string right;
  const FieldInfo* field = nullptr;  ///< null where the messages are of two types, and for unknown content
};

/// Whether a field of `object`, the struct that holds it, takes part. It is asked for both messages' objects; one yes
/// is enough. A part or list that takes no part hides all that is in it.
using TakesPart = bool (*)(const FieldInfo& field, const void* object);

/// What takes part in a comparison.
struct Comparison {
  TakesPart takes_part = nullptr;  ///< null: every field
  bool unset_is_default = false;   ///< unset equals 0, false and ""
  bool unknown = false;            ///< what no field holds takes part: protobuf fields and trailing text that the
                                   ///< description does not know, and Content among what is kept verbatim (message.h)
  std::size_t limit = std::numeric_limits<std::size_t>::max();  ///< of the differences that are looked for
};

/// The differences in the order of the description; empty when the messages are equal.
std::vector<Difference> compare(const Message& left, const Message& right, const Comparison& what = {});

}  // namespace ibkr::protocol
