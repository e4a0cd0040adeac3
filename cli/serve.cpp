#include "cli/serve.h"

#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <utility>

#include "cli/command.h"

namespace ibkr::cli {

net::Address address_of(const std::string& option, const std::string& text) {
  auto address = net::Address::parse(text);
  if (!address) throw UsageError(option + ": " + address.error());
  return std::move(*address);
}

void announce(const net::Address& address) { std::cout << "listening on " << address.to_string() << std::endl; }

void on_stop_signal(net::Loop& loop, std::function<void()> stop) {
  constexpr int kStatusAfterInterrupt = 130;
  auto first = std::make_shared<bool>(true);
  const auto handler = [first, stop = std::move(stop)] {
    if (!std::exchange(*first, false)) {
      spdlog::warn("stopped at once; what was still under way is lost");
      std::_Exit(kStatusAfterInterrupt);
    }
    spdlog::info("stopping; once more to stop at once");
    stop();
  };
  loop.on_signal(SIGINT, handler);
  loop.on_signal(SIGTERM, handler);
  struct sigaction hangup {};
  const bool ignored = ::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler == SIG_IGN;
  if (!ignored) loop.on_signal(SIGHUP, handler);  // nohup has it ignored, and it stays so
}

void hold_stop_signals() {
  sigset_t held;
  ::sigemptyset(&held);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&held, number);
  ::pthread_sigmask(SIG_BLOCK, &held, nullptr);
}

}  // namespace ibkr::cli
