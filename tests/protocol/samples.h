// Payloads in tables for people (samples_in.tsv, samples_out.tsv): message, server version, where it is from, payload.
#pragma once

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "protocol/catalogue.h"
#include "protocol/codec.h"

namespace ibkr::protocol::test {

struct Sample {
  std::string name, version, source, payload;
};

/// NUL is shown as '|', a real '|' as '\|', backslash as '\\', line feed and tab as \n and \t.
inline std::string unescaped(const std::string& shown) {
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

/// The rows of a table; none when there is no such file.
inline std::vector<Sample> read_samples(const std::string& file) {
  std::vector<Sample> all;
  std::ifstream in(file);
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
inline std::vector<int> versions(const Sample& sample) {
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

/// The bytes on the wire: those that "hex:" tells, or a text; from server version 201 on, the id in front of that
/// stands for four raw bytes.
inline std::string payload_at(const Sample& sample, int version) {
  if (sample.payload.starts_with("hex:")) {
    std::string bytes;
    for (std::size_t at = 4; at < sample.payload.size(); at += 2)
      bytes += static_cast<char>(std::stoi(sample.payload.substr(at, 2), nullptr, 16));
    return bytes;
  }
  std::string payload = unescaped(sample.payload);
  if (version < kRawIdServerVersion) return payload;
  const auto end = payload.find('\0');
  std::string raw;
  Output out(raw);
  write_head(out, std::stoi(payload.substr(0, end)), Wire::Text, version);
  out.finish();
  return raw.append(payload, end + 1);
}

}  // namespace ibkr::protocol::test
