// If this fails, a user who types --listen or --upstream is not understood, or not told what is wrong with it.
#include <doctest/doctest.h>

#include "net/address.h"

using ibkr::net::Address;

TEST_CASE("addresses are read as people write them") {
  CHECK(*Address::parse("127.0.0.1:7500") == Address{"127.0.0.1", 7500});
  CHECK(*Address::parse("[::1]:7500") == Address{"::1", 7500});
  CHECK(*Address::parse("localhost:0") == Address{"localhost", 0});
  CHECK(*Address::parse("gateway.internal:65535") == Address{"gateway.internal", 65535});
}

TEST_CASE("an address is written as it is read") {
  for (const char* text : {"127.0.0.1:7500", "[::1]:7500", "localhost:4002"}) {
    CHECK(Address::parse(text)->to_string() == text);
  }
}

TEST_CASE("a bad address says what is wrong and how to write it") {
  const auto complaint = [](const char* text) { return Address::parse(text).error(); };
  CHECK(complaint("7500") ==
        "bad address \"7500\": the port is missing; write HOST:PORT, for example 127.0.0.1:7500 or [::1]:7500");
  CHECK(complaint(":7500").find("the host is missing") != std::string::npos);
  CHECK(complaint("::1:7500").find("needs brackets") != std::string::npos);
  CHECK(complaint("[::1]7500").find("missing") != std::string::npos);
  for (const char* text : {"host:", "host:70000", "host:-1", "host:75x", "host: 7500"}) {
    CHECK(complaint(text).find("not a number from 0 to 65535") != std::string::npos);
  }
}
