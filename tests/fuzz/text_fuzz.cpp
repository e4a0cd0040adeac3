// Any text payload: an error or a message; a message re-encodes to the same body, also by way of JSON.
#include <cstdlib>

#include "protocol/json.h"
#include "protocol/text.h"
#include "tests/fuzz/input.h"

using namespace ibkr::protocol;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}

std::string encoded(const Message& message, int server_version) {
  std::string bytes;
  Output out(bytes);
  require(encode_text(message, server_version, out).has_value());
  out.finish();
  return bytes;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input;
  if (!read_input(data, size, input)) return 0;
  const auto head = read_head(input.payload, input.server_version);
  if (!head || head->wire != Wire::Text) return 0;
  const auto message = decode(input.direction, input.server_version, input.payload);
  if (!message) {
    require(!message.error().reason.empty());
    return 0;
  }
  const auto body = input.payload.substr(head->body_at);
  require(encoded(*message, input.server_version) == body);

  std::string json;
  append_json(*message, Wire::Text, json);
  const auto parsed = from_json(input.direction, json);
  require(parsed.has_value());
  require(encoded(parsed->message, input.server_version) == body);
  return 0;
}
