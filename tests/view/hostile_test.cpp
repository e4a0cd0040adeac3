// Payloads and lines come from captures that anybody may have made: whatever the bytes are, they are shown or refused.
// The sanitizers run this, too.
#include <doctest/doctest.h>

#include <random>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/random.h"
#include "view/annotated.h"
#include "view/handshake.h"
#include "view/pasted.h"
#include "view/readable_versions.h"

using namespace ibkr;
using protocol::Direction;

namespace {

constexpr int kVersions[] = {100, 157, 178, 200, 203, 226};

void show(Direction direction, int version, const std::string& payload) {
  std::string out;
  const bool good = view::append_annotated(direction, version, payload, out);
  CHECK(good == protocol::decode(direction, version, payload).has_value());
  CHECK(out.ends_with('\n'));
  (void)view::hello_answer_in(payload);
  for (const auto as : {view::PastedAs::Guessed, view::PastedAs::Text}) {
    (void)view::read_pasted(payload, as, direction, version);
  }
}

}  // namespace

TEST_CASE("damaged payloads of every type") {
  std::mt19937_64 generator(9);
  for (const protocol::MessageInfo* type : protocol::all_messages()) {
    for (const int version : kVersions) {
      std::string payload;
      const auto wire = protocol::wire_at(*type, version);
      if (version < type->since || (wire == protocol::Wire::Text && type->text == nullptr)) continue;
      REQUIRE(protocol::encode(protocol::random_message(*type, wire, version, generator), version, wire, payload));
      for (int i = 0; i < 6; ++i) {
        std::string damaged = payload.substr(0, i % 2 == 0 ? payload.size() : generator() % (payload.size() + 1));
        if (!damaged.empty()) damaged[generator() % damaged.size()] = static_cast<char>(generator());
        show(type->direction, version, damaged);
      }
    }
  }
}

TEST_CASE("bytes that are nothing") {
  std::mt19937_64 generator(10);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(generator() % 40, '\0');
    for (char& c : bytes) c = "\0\x01\x10\x7f\xc9\xff|\\x0,'\"b{}[]19"[generator() % 20];
    show(i % 2 == 0 ? Direction::In : Direction::Out, kVersions[generator() % 6], bytes);
    if (i % 20 == 0) (void)view::readable_text(Direction::In, bytes);
  }
}
