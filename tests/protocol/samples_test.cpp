// Recorded payloads decode and re-encode to the same bytes: what a real TWS or a real client wrote is what we replay.
// The recordings (wire/samples_*.tsv) lie beside the project, not in it; without them the test says so.
#include <doctest/doctest.h>

#include <charconv>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "protocol/codec.h"
#include "protocol/json.h"

using namespace ibkr::protocol;

namespace {

struct Sample {
  std::string name, version, source, payload;
};

/// NUL is shown as '|', a real '|' as '\|', backslash as '\\', line feed and tab as \n and \t.
std::string unescaped(const std::string& shown) {
  std::string out;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] == '|') {
      out += '\0';
    } else if (shown[i] != '\\' || i + 1 == shown.size()) {
      out += shown[i];
    } else if (const char next = shown[++i]; next == 'n') {
      out += '\n';
    } else if (next == 't') {
      out += '\t';
    } else {
      out += next;
    }
  }
  return out;
}

std::vector<Sample> samples(const std::string& file) {
  std::vector<Sample> all;
  std::ifstream in(std::string(IBKR_SOURCE_DIR) + "/../shared/wire/" + file);
  std::string line;
  for (std::getline(in, line); std::getline(in, line);) {
    Sample s;
    std::istringstream row(line);
    std::getline(row, s.name, '\t');
    std::getline(row, s.version, '\t');
    std::getline(row, s.source, '\t');
    std::getline(row, s.payload);
    all.push_back(std::move(s));
  }
  return all;
}

/// The recorded version, or the versions that the source column says fit ("decodes at sv 103-206", "sv 157-170").
std::vector<int> versions(const Sample& sample) {
  if (sample.version != "?") return {std::stoi(sample.version)};
  const auto at = sample.source.find("sv ");
  if (at == std::string::npos) return {};
  int first = 0, last = 0;
  const char* from = sample.source.data() + at + 3;
  const auto [dash, error] = std::from_chars(from, sample.source.data() + sample.source.size(), first);
  last = first;
  if (*dash == '-') std::from_chars(dash + 1, sample.source.data() + sample.source.size(), last);
  return {first, std::min(last, 200)};
}

void check(Direction direction, const Sample& sample) {
  CHECK_MESSAGE(!versions(sample).empty(), "no server version to read it at: " << sample.payload);
  for (const int version : versions(sample)) {
    std::string payload = unescaped(sample.payload);
    if (version >= kRawIdServerVersion) {  // shown in decimal, four raw bytes on the wire
      const auto end = payload.find('\0');
      std::string raw;
      Output out(raw);
      write_head(out, std::stoi(payload.substr(0, end)), Wire::Text, version);
      out.finish();
      payload = raw.append(payload, end + 1);
    }
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
  const auto in = samples("samples_in.tsv"), out = samples("samples_out.tsv");
  if (in.empty() || out.empty()) {
    std::cout << "SKIPPED: no recorded payloads beside the project (../shared/wire/samples_*.tsv)\n";
    return;
  }
  for (const auto& sample : in) check(Direction::In, sample);
  for (const auto& sample : out) check(Direction::Out, sample);
}
