// Any JSON text: an error or a message that can be written as JSON again.
#include <cstdlib>

#include "protocol/json.h"

using namespace ibkr::protocol;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Direction direction : {Direction::In, Direction::Out}) {
    const auto read = from_json(direction, text);
    if (!read) continue;
    std::string json;
    append_json(read->message, read->wire.value_or(Wire::Text), json);
    const auto again = from_json(direction, json);
    if (!again) std::abort();
  }
  return 0;
}
