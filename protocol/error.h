// What can be wrong with a message: on the way in (decoding, reading JSON) and on the way out (encoding, transcoding).
#pragma once

#include <cstdint>
#include <string>

namespace ibkr::protocol {

/// Why a payload, or a JSON text, is not a message. Fields that are not known are empty, or -1.
struct DecodeError {
  std::string message;            ///< message name, e.g. "OpenOrder", or "" before it is known
  std::string field;              ///< path, e.g. "order.lmt_price"
  std::int64_t index = -1;        ///< number of the text field, the id being 0
  std::int64_t byte_offset = -1;  ///< in the payload
  std::string reason;
  /// "OpenOrder.order.lmt_price (field 12, byte 57): not a number: \"abc\""
  std::string to_string() const;
};

/// Why a message cannot be written at a server version.
struct EncodeError {
  std::string message;  ///< message name, e.g. "OpenOrder"
  std::string field;    ///< path of the field that stands in the way, or "" where it is the whole message
  std::string reason;
  /// "PlaceOrderRequest.order.algo_id: server version 110 cannot carry this field, set to x"
  std::string to_string() const;
};

}  // namespace ibkr::protocol
