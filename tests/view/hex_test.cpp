// Hex is how payloads get into bug reports and back: a digit that is read wrongly is another payload.
#include "view/hex.h"

#include <doctest/doctest.h>

#include <string>

using namespace ibkr::view;

TEST_CASE("bytes to hex and back") {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  std::string hex;
  append_hex(every, hex);
  CHECK(hex.size() == 512);
  CHECK(hex.substr(0, 8) == "00010203");
  CHECK(from_hex(hex).value() == every);
}
