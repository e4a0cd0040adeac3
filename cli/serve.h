// What the servers (proxy, replay, mock) share: addresses, the line that says "ready", signals.
#pragma once

#include <functional>
#include <string>

#include "net/address.h"
#include "net/loop.h"

namespace ibkr::cli {

/// Reads HOST:PORT. Throws UsageError naming the option.
net::Address address_of(const std::string& option, const std::string& text);

/// Prints "listening on HOST:PORT" to stdout and flushes: apps may connect now.
void announce(const net::Address& address);

/// Calls `stop` on the loop at the first SIGINT, SIGTERM or SIGHUP (unless that is ignored, as under nohup). At a
/// second one the program ends at once, with status 130.
void on_stop_signal(net::Loop& loop, std::function<void()> stop);

/// From here on a stop signal changes nothing: what the program ends with is decided, and must not become "killed by
/// SIGTERM" because whoever started it stops it at the same moment.
void hold_stop_signals();

}  // namespace ibkr::cli
