// The yardstick: the least that a relay on libuv does. Read from one side, write to the other, nothing else.
#pragma once

#include <cstdint>

namespace ibkr::bench {

/// Listens on a free port of 127.0.0.1 and relays each connection to 127.0.0.1:upstream_port. Reports the port through
/// `on_port` and then serves for ever. Call it in a process of its own.
void run_bare_relay(std::uint16_t upstream_port, void (*on_port)(std::uint16_t));

}  // namespace ibkr::bench
