// "Which field is the 37th?" is answered by this view; a row that stands beside the wrong bytes answers it wrongly.
#include "view/annotated.h"

#include <doctest/doctest.h>

#include "protocol/codec.h"
#include "protocol/messages.h"

using namespace ibkr;
using protocol::Direction;

namespace {

std::string annotated(Direction direction, int version, std::string_view payload, bool good = true) {
  std::string out;
  CHECK(view::append_annotated(direction, version, payload, out) == good);
  return out;
}

std::string text(std::initializer_list<std::string_view> fields) {
  std::string payload;
  for (const std::string_view field : fields) payload.append(field).append(1, '\0');
  return payload;
}

}  // namespace

TEST_CASE("a text, field by field") {
  CHECK(annotated(Direction::In, 178, text({"1", "6", "9001", "4", "150.25", "100", "5"})) ==
        R"(TickPrice from TWS, text at server version 178, 24 bytes
  index  byte  raw       field      value
      0     0  "1"       id         TickPrice
      1     2  "6"       version    the message's own
      2     4  "9001"    req_id     9001
      3     9  "4"       tick_type  4 last
      4    11  "150.25"  price      150.25
      5    18  "100"     size       100
      6    22  "5"       attr_mask  5
)");
}

TEST_CASE("a protobuf message, key by key, with what is not known") {
  const std::string payload("\0\0\0\xc9\x08\xa9\x46\x10\x04\xf8\x01\x07", 12);
  CHECK(annotated(Direction::In, 226, payload) == R"(TickPrice from TWS, protobuf at server version 226, 12 bytes
  number  byte  raw       field      value
             0  000000c9  id         TickPrice
       1     4  08a946    req_id     9001
       2     7  1004      tick_type  4 last
             9  f80107               not known to the description
)");
}

TEST_CASE("counts, elements, and what follows the last field") {
  const std::string lines = annotated(Direction::In, 178, text({"93", "26", "2", "0", "0.01", "100", "0.05", "more"}));
  CHECK(lines.find(R"("2"     price_increments               count)") != std::string::npos);
  CHECK(lines.find("price_increments[1].increment") != std::string::npos);
  CHECK(lines.find("after the last field that is known") != std::string::npos);
}

TEST_CASE("what cannot be decoded is shown up to the fault, and what is left") {
  const std::string lines = annotated(Direction::In, 178, text({"9", "1", "x\x1b[2J"}), false);
  CHECK(lines.find(R"("x\u001b[2J")") != std::string::npos);
  CHECK(lines.find("not decoded") != std::string::npos);
  CHECK(lines.find("  ! NextValidId.order_id (field 2, byte 4): not a 32-bit number") != std::string::npos);
  CHECK(lines.find('\x1b') == std::string::npos);
  CHECK(annotated(Direction::In, 178, text({"999", "1"}), false).find("has the id 999") != std::string::npos);
  CHECK(annotated(Direction::In, 178, "x", false).find("no NUL") != std::string::npos);
  CHECK(annotated(Direction::In, 203, "", false).find("no 4-byte message id") != std::string::npos);
}

TEST_CASE("elements of a list have their values, and a number with a line end stays in its row") {
  const std::string out =
      annotated(Direction::In, 178, text({"75", "1", "X", "5", "T", "100", "1", "2026\n1218", "2", "nan", "1e2"}));
  CHECK(out.find("  \"2026\\u000a1218\"  expirations[0]     \"2026\\u000a1218\"\n") != std::string::npos);
  CHECK(out.find("  \"nan\"             strikes[0]         NaN\n") != std::string::npos);
  CHECK(out.find("  \"1e2\"             strikes[1]         100.0\n") != std::string::npos);
  const std::string size = annotated(Direction::In, 178, text({"1", "6", "9001", "4", "150.25", " 5\n", "5"}));
  CHECK(size.find("  \" 5\\u000a\"  size       5\n") != std::string::npos);
}

TEST_CASE("a hostile payload of a million fields does not become a million rows") {
  const std::string lines = annotated(Direction::In, 178, "999" + std::string(1'000'000, '\0'), false);
  CHECK(lines.size() < 3'000'000);
  CHECK(lines.ends_with(" more\n"));
}
