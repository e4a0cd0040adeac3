// Without these: a corrected fill counts twice, or two fills count as one.
#include "protocol/exec_id.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace ibkr::protocol;

TEST_CASE("a correction counts up behind the last full stop") {
  const auto first = revision_of("0000e0d5.67fe667b.01.01");
  const auto corrected = revision_of("0000e0d5.67fe667b.01.02");
  CHECK(first.fill == "0000e0d5.67fe667b.01.");
  CHECK(first.fill == corrected.fill);
  CHECK(first.revision == 1);
  CHECK(corrected.revision == 2);
  CHECK(revision_of("a.9").revision < revision_of("a.10").revision);
  CHECK(revision_of("a.01").revision == revision_of("a.1").revision);
  CHECK(revision_of("0000e0d5.67fe667b.02.01").fill != first.fill);
}

TEST_CASE("an id of another form is a fill of its own") {
  for (const char* id : {"", "plain", "77", "x.y", "x.1a", "x.-1", "x.+1", "x. 1", "x."}) {
    CAPTURE(id);
    CHECK(revision_of(id).fill == id);
    CHECK(revision_of(id).revision == 0);
  }
  CHECK(revision_of(".5").fill == ".");
  CHECK(revision_of("a.99999999999999999999").revision == std::numeric_limits<std::int64_t>::max());
}
