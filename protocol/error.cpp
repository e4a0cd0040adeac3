#include "protocol/error.h"

namespace ibkr::protocol {
namespace {

/// "OpenOrder.order.lmt_price", "OpenOrder", or "".
std::string place_of(const std::string& message, const std::string& field) {
  return field.empty() ? message : message + (message.empty() ? "" : ".") + field;
}

}  // namespace

std::string DecodeError::to_string() const {
  std::string text = place_of(message, field);
  std::string place;
  if (index >= 0) place = "field " + std::to_string(index);
  if (byte_offset >= 0) place += (place.empty() ? "byte " : ", byte ") + std::to_string(byte_offset);
  if (!place.empty()) text += (text.empty() ? "(" : " (") + place + ")";
  return text + (text.empty() ? "" : ": ") + reason;
}

std::string EncodeError::to_string() const { return place_of(message, field) + ": " + reason; }

}  // namespace ibkr::protocol
