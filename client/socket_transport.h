// A Transport over TCP.
#pragma once

#include <memory>

#include "client/transport.h"
#include "net/address.h"

namespace ibkr::client {

/// `loop` must outlive it.
std::unique_ptr<Transport> make_socket_transport(net::Loop& loop, net::Address address);

}  // namespace ibkr::client
