// A payload gets pasted as some tool showed it. One that is taken for something else decodes to another message, or to
// an error about a fault that it does not have.
#include "view/pasted.h"

#include <doctest/doctest.h>

using namespace ibkr;
using protocol::Direction;
using view::PastedAs;

namespace {

const std::string kNextValidId("9\0001\0007\0", 6);

std::string bytes(std::string_view line, int version = 178, PastedAs as = PastedAs::Guessed) {
  const auto pasted = view::read_pasted(line, as, Direction::In, version);
  return pasted ? pasted->payload : "error: " + pasted.error();
}

}  // namespace

TEST_CASE("hex in any dress") {
  for (const std::string_view line :
       {"390031003700", "39 00 31 00 37 00", "39:00:31:00:37:00", "0x39,0x00,0x31,0x00,0x37,0x00", "0x390031003700",
        "0X39 0X00 0X31 0X00 0X37 0X00", R"(\x39\x00\x31\x00\x37\x00)", "39-00-31-00-37-00", "  3900 3100 3700\r",
        "\"390031003700\"", "X'390031003700'", "x'390031003700'", "0x39, 0x00, 0x31, 0x00, 0x37, 0x00,",
        "{0x39, 0x00, 0x31, 0x00, 0x37, 0x00}"}) {
    CAPTURE(line);
    CHECK(bytes(line) == kNextValidId);
  }
  CHECK(bytes("000000C908A946", 226) == bytes("00 00 00 c9 08 a9 46", 226));
  CHECK(bytes("3900310") ==
        "error: half a byte at column 7: hex digits come in pairs, and no text with | or \\0 for NUL either");
  CHECK(bytes("nothing").starts_with("error: not a hex digit at column 1"));
}

TEST_CASE("text with any sign for NUL, and without the last one") {
  for (const std::string_view line :
       {"9|1|7|", "9|1|7", R"(9\01\07\0)", R"(9\x001\x007\x00)", R"(b'9\x001\x007\x00')", R"("9\u00001\u00007\u0000")",
        "9^@1^@7^@", "9␀1␀7␀", R"(9\0001\0007\000)", R"(bytearray(b'9\x001\x007\x00'))", R"(b"9\x001\x007\x00")"}) {
    CAPTURE(line);
    CHECK(bytes(line) == kNextValidId);
  }
  CHECK(bytes({"9\0001\0007\0", 6}) == kNextValidId);
  CHECK(bytes(R"(a\|b\\c\x41\té|)") == std::string("a|b\\cA\t\xC3\xA9\0", 10));
  for (const std::string_view line : {R"(b'4\x00a|b\x00')", R"(4\0a|b\0)", R"(4\000a|b\000)", "4^@a|b^@", "4␀a|b␀",
                                      R"("4\u0000a|b\u0000")", R"(4|a\|b|)"}) {
    CAPTURE(line);
    CHECK(bytes(line) == std::string("4\0a|b\0", 6));  // a | in an error's text
  }
  CHECK(bytes(R"(9\0007\0)") == std::string("9\000007\0", 6));       // not in octal: the last one is not
  CHECK(bytes(R"(caf\u00e9|)") == std::string("caf\\u00e9\0", 10));  // as TWS writes it
  CHECK(bytes("49", 178, PastedAs::Text) == std::string("49\0", 3));
  CHECK(bytes("49") == "I");
  CHECK(bytes("9,1,7", 178, PastedAs::Text) == kNextValidId);  // as ib_async logs it
  CHECK(bytes("71,2,1,", 178, PastedAs::Text) == std::string("71\0002\0001\0\0", 8));
}

TEST_CASE("from server version 201 on a text's id is four raw bytes") {
  CHECK(bytes("9|1|7|", 203) == std::string("\0\0\0\x09"
                                            "1\0007\0",
                                            8));
  CHECK(bytes(R"(\0\0\0\x09|1|)", 203) != "");
}

TEST_CASE("a length prefix is found by its value, and by what stands behind it") {
  const auto read = [](std::string_view line, int version) {
    const auto pasted = view::read_pasted(line, PastedAs::Guessed, Direction::In, version);
    return pasted && pasted->had_length_prefix ? pasted->payload : std::string("no prefix");
  };
  CHECK(read("00000006390031003700", 178) == kNextValidId);
  CHECK(read(R"(b'\x00\x00\x00\x069\x001\x007\x00')", 178) == kNextValidId);
  CHECK(read("390031003700", 178) == "no prefix");
  CHECK(read("00000007000000d1080508", 226) == "no prefix");  // a cut payload is not taken for a prefixed one
  CHECK(read("00000006000000d10807", 226) == std::string("\0\0\0\xd1\x08\x07", 6));
  CHECK(read("000000d10807", 226) == "no prefix");
  CHECK(bytes("0000000939003100").find("9, but 4 bytes follow: the end is missing") != std::string::npos);
  CHECK(bytes("00000002390031003700").find("more than one frame") != std::string::npos);
}
