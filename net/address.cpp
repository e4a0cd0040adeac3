// Addresses as text, and as the system's structures.
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include <uv.h>

#include "net/socket_address.h"

namespace ibkr::net {
namespace {

Unexpected<std::string> bad_address(std::string_view text, const char* why) {
  return Unexpected("bad address \"" + std::string(text) + "\": " + why +
                    "; write HOST:PORT, for example 127.0.0.1:7500 or [::1]:7500");
}

}  // namespace

Expected<Address, std::string> Address::parse(std::string_view text) {
  std::string_view host;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto bracket = text.find("]:");
    if (bracket == std::string_view::npos) return bad_address(text, "\"]:\" is missing");
    host = text.substr(1, bracket - 1);
    port = text.substr(bracket + 2);
  } else {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return bad_address(text, "the port is missing");
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.find(':') != std::string_view::npos) return bad_address(text, "an IPv6 address needs brackets");
  }
  if (host.empty()) return bad_address(text, "the host is missing");

  Address address{std::string(host), 0};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size()) {
    return bad_address(text, "the port is not a number from 0 to 65535");
  }
  return address;
}

std::string Address::to_string() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Address from_sockaddr(const sockaddr_storage& storage) {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &ipv4.sin_addr, text, sizeof text);
    return {text, ntohs(ipv4.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(storage);
    inet_ntop(AF_INET6, &ipv6.sin6_addr, text, sizeof text);
    return {text, ntohs(ipv6.sin6_port)};
  }
  return {};
}

bool to_sockaddr(const Address& address, sockaddr_storage& storage) {
  storage = {};
  const char* host = address.host.c_str();
  return uv_ip4_addr(host, address.port, reinterpret_cast<sockaddr_in*>(&storage)) == 0 ||
         uv_ip6_addr(host, address.port, reinterpret_cast<sockaddr_in6*>(&storage)) == 0;
}

std::vector<sockaddr_storage> to_sockaddrs(const addrinfo* list, std::uint16_t port) {
  std::vector<sockaddr_storage> result;
  for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    sockaddr_storage storage{};
    std::memcpy(&storage, entry->ai_addr, entry->ai_addrlen);
    if (entry->ai_family == AF_INET) {
      reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
    } else {
      reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
    }
    result.push_back(storage);
  }
  std::stable_partition(result.begin(), result.end(), [](const auto& entry) { return entry.ss_family == AF_INET; });
  return result;
}

socklen_t length_of(const sockaddr_storage& storage) {
  return storage.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

}  // namespace ibkr::net
