// Any byte stream in any split: the framer and the hello reader give the same frames as in one piece.
#include <cstdlib>
#include <string>
#include <vector>

#include "protocol/frame.h"

using namespace ibkr::protocol;

namespace {
void require(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t step = 1 + data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::string> whole, pieces;
  Framer one, many;
  one.feed(bytes, [&](std::string_view payload) { whole.emplace_back(payload); });
  HelloReader hello_one, hello_many;
  const auto state_one = hello_one.feed(bytes);
  auto state_many = HelloReader::State::NeedMore;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    many.feed(bytes.substr(at, step), [&](std::string_view payload) { pieces.emplace_back(payload); });
    state_many = hello_many.feed(bytes.substr(at, step));
  }
  require(whole == pieces && one.failed() == many.failed());
  require(one.failed() || one.pending() == many.pending());
  require(state_one == state_many);
  if (!whole.empty()) (void)read_hello_answer(whole.front());
  return 0;
}
