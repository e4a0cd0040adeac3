// How the codec's fuzz targets and their seeds write an input: direction, server version, then one payload.
#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/catalogue.h"
#include "protocol/codec.h"

namespace ibkr::protocol {

struct FuzzInput {
  Direction direction = Direction::In;
  int server_version = kMinServerVersion;
  std::string_view payload;
};

inline bool read_input(const std::uint8_t* data, std::size_t size, FuzzInput& input) {
  if (size < 2) return false;
  input.direction = data[0] % 2 == 0 ? Direction::In : Direction::Out;
  input.server_version = kMinServerVersion + data[1] % (kMaxServerVersion - kMinServerVersion + 1);
  input.payload = {reinterpret_cast<const char*>(data) + 2, size - 2};
  return true;
}

}  // namespace ibkr::protocol
