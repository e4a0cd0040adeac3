// Address: where to listen or connect, as people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/expected.h"

namespace ibkr::net {

/// A host (IPv4, IPv6 without brackets, or a name) and a port.
struct Address {
  std::string host;
  std::uint16_t port = 0;

  /// Reads "127.0.0.1:7500", "[::1]:7500" or "localhost:7500". Names are not looked up here. The error says what was
  /// given and what it should look like.
  static Expected<Address, std::string> parse(std::string_view text);
  /// The same notation that parse() reads.
  std::string to_string() const;

  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace ibkr::net
