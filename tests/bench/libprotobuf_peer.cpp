// What Google's C++ protobuf library takes for our payloads. Built by peers.py with classes that protoc generates from
// the official client's descriptions; not part of our build.
//
//   libprotobuf_peer  <  lines of "name version hex"      prints "name version decode|fresh|encode ns"
//
// As our benchmark does: messages and buffers are reused, but for "fresh", and each figure is the least of many rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <string>

#include "OpenOrder.pb.h"
#include "TickPrice.pb.h"

namespace {

template <class Work>
double least_ns(Work&& work) {
  constexpr int kRounds = 101;
  constexpr int kPerRound = 20000;
  double least = std::numeric_limits<double>::max();
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kPerRound; ++i) work();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    least = std::min(least, taken.count() / kPerRound);
  }
  return least;
}

template <class Generated>
void measure(const std::string& name, int version, const std::string& body) {
  Generated message;
  const double decode = least_ns([&] {
    if (!message.ParseFromString(body)) std::abort();
  });
  const double fresh = least_ns([&] {
    Generated made;
    if (!made.ParseFromString(body)) std::abort();
  });
  std::string out;
  const double encode = least_ns([&] {
    if (!message.SerializeToString(&out)) std::abort();
  });
  if (out.size() != body.size()) std::abort();  // a field that one side does not know would make the comparison unfair
  const auto print = [&](const char* operation, double ns) {
    std::printf("%s %d %s %.2f\n", name.c_str(), version, operation, ns);
  };
  print("decode", decode);
  print("fresh", fresh);
  print("encode", encode);
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

int main() {
  constexpr std::size_t kIdBytes = 4;
  std::string name;
  std::string hex;
  for (int version = 0; std::cin >> name >> version >> hex;) {
    if (version < 201) continue;
    const std::string body = from_hex(hex).substr(kIdBytes);
    if (name == "TickPrice") measure<protobuf::TickPrice>(name, version, body);
    if (name == "OpenOrder" || name == "FullOrder") measure<protobuf::OpenOrder>(name, version, body);
  }
}
