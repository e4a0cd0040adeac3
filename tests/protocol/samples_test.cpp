// Recorded payloads decode and re-encode to the same bytes: what a real TWS or a real client wrote is what we replay.
// The recordings (wire/samples_*.tsv) lie beside the project, not in it; without them the test says so.
#include <doctest/doctest.h>

#include <iostream>

#include "protocol/json.h"
#include "tests/protocol/samples.h"

using namespace ibkr::protocol;
using namespace ibkr::protocol::test;

namespace {

void check(Direction direction, const Sample& sample) {
  CHECK_MESSAGE(!versions(sample).empty(), "no server version to read it at: " << sample.payload);
  for (const int version : versions(sample)) {
    const std::string payload = payload_at(sample, version);
    CAPTURE(sample.name);
    CAPTURE(version);
    CAPTURE(sample.source);
    CAPTURE(sample.payload);
    const auto message = decode(direction, version, payload);
    if (!message) {
      FAIL_CHECK(message.error().to_string());
      continue;
    }
    CHECK(message->residue.trailing.empty());
    std::string again;
    REQUIRE(encode(*message, version, Wire::Text, again));
    CHECK(again == payload);
    std::string json;
    append_json(*message, Wire::Text, json);
    const auto parsed = from_json(direction, json);
    if (!parsed) FAIL(parsed.error().to_string());
    again.clear();
    REQUIRE(encode(parsed->message, version, Wire::Text, again));
    CHECK_MESSAGE(again == payload, json);
  }
}

}  // namespace

TEST_CASE("recorded payloads decode and re-encode to the same bytes") {
  const std::string recorded = std::string(IBKR_SOURCE_DIR) + "/../shared/wire/samples_";
  const auto in = read_samples(recorded + "in.tsv"), out = read_samples(recorded + "out.tsv");
  if (in.empty() || out.empty()) {
    std::cout << "SKIPPED: no recorded payloads beside the project (../shared/wire/samples_*.tsv)\n";
    return;
  }
  for (const auto& sample : in) check(Direction::In, sample);
  for (const auto& sample : out) check(Direction::Out, sample);
}
