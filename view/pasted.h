// A payload as people have it at hand: hex from a capture or a log, or text with some sign for NUL.
//
//   39003100    0x39,0x00,0x31,0x00    39:00:31:00    \x39\x00\x31\x00          hex.h
//   X'39003100'    {0x39, 0x00}                                               and as literals
//   9|1|    9\01\0    9\0001\000    9\x001\x00    b'9\x001\x00'    9^@1^@    9␀1␀  text
#pragma once

#include <string>
#include <string_view>

#include "base/expected.h"
#include "protocol/schema.h"

namespace ibkr::view {

/// What a line is taken for.
enum class PastedAs {
  Guessed,  ///< hex where it is hex, else text where it has a sign for NUL
  Text,
};

struct Pasted {
  std::string payload;
  bool had_length_prefix;  ///< the line began with a frame's length, which is taken off
};

/// The payload that a line stands for. In a text, the last NUL may be missing, \| and \\ are themselves, as is a | beside
/// another sign for NUL, and from server version 201 on the id in front stands for its four raw bytes. Where it has to be Text and has no sign for
/// NUL, commas are that, as in the logs of ib_async; the last NUL is then always missing. A length prefix is known by
/// its value, and by the payload behind it. The error says what is wrong where.
Expected<Pasted, std::string> read_pasted(std::string_view line, PastedAs as, protocol::Direction direction,
                                          int server_version);

}  // namespace ibkr::view
