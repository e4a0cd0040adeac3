// Any protobuf payload: an error or a message; what a message encodes to decodes to the same bytes again.
#include <cstdlib>

#include "protocol/catalogue.h"
#include "protocol/json.h"
#include "protocol/protobuf.h"
#include "tests/fuzz/input.h"

using namespace ibkr::protocol;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}

std::string encoded(const Message& message) {
  std::string bytes;
  Output out(bytes);
  require(encode_protobuf(message, out).has_value());
  out.finish();
  return bytes;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input;
  if (!read_input(data, size, input)) return 0;
  const auto head = read_head(input.payload, kMaxServerVersion);
  if (!head || head->wire != Wire::Protobuf) return 0;
  const auto message = decode(input.direction, kMaxServerVersion, input.payload);
  if (!message) {
    require(!message.error().reason.empty());
    return 0;
  }
  const std::string first = encoded(*message);
  Message again(message->type());
  require(decode_protobuf(again, first, 0).has_value());
  const std::string second = encoded(again);
  require(first == second);

  std::string json;
  append_json(again, Wire::Protobuf, json);
  const auto parsed = from_json(input.direction, json);
  require(parsed.has_value());
  const std::string third = encoded(parsed->message);
  require(third == second || json.find("NaN") != std::string::npos);  // a NaN's own bits do not survive JSON
  return 0;
}
