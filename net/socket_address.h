// Address ⇄ sockaddr. Included by the .cpp files of net/ only.
#pragma once

#include <netdb.h>
#include <sys/socket.h>

#include <vector>

#include "net/address.h"

namespace ibkr::net {

/// The numeric address of a sockaddr of family AF_INET or AF_INET6; empty with port 0 for any other.
Address from_sockaddr(const sockaddr_storage& storage);

/// Reads a numeric IPv4 or IPv6 host. False when it is a name.
bool to_sockaddr(const Address& address, sockaddr_storage& storage);

/// getaddrinfo's answers as sockaddrs with this port, IPv4 first: apps and TWS mean 127.0.0.1 by localhost.
std::vector<sockaddr_storage> to_sockaddrs(const addrinfo* list, std::uint16_t port);

socklen_t length_of(const sockaddr_storage& storage);

}  // namespace ibkr::net
