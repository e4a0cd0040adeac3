// Whatever a server says to an app that connects: it is read or refused, in whatever pieces it comes.
#include <cassert>
#include <cstdint>
#include <string_view>

#include "protocol/client_side.h"

namespace {

using namespace ibkr::protocol;

struct App final : ClientSide::Client {
  void send_bytes(std::string_view) override {}
  void on_greeted() override { ++calls; }
  void on_message(Message message) override {
    ++calls;
    assert(message.type().direction == Direction::In);
  }
  void on_unreadable(std::string_view, const DecodeError& error) override {
    ++calls;
    assert(!error.reason.empty());
  }
  std::size_t calls = 0;
};

std::size_t read(std::string_view bytes, std::size_t piece) {
  App app;
  ClientSide side(app, {});
  side.begin();
  while (!bytes.empty()) {
    const std::string_view next = bytes.substr(0, piece);
    bytes.remove_prefix(next.size());
    if (side.receive(next)) continue;
    assert(side.failure() != ClientSide::Failure::None && !side.error().empty());
    break;
  }
  return app.calls;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t whole = read(bytes, size + 1);
  assert(read(bytes, 1) == whole);
  static_cast<void>(whole);
  return 0;
}
