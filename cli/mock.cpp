// ibkr mock: a fake TWS with a small simulated market.
#include "mock/server.h"
#include "protocol/catalogue.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <stdexcept>

#include "cli/command.h"
#include "cli/serve.h"
#include "net/loop.h"
#include "protocol/schema.h"

namespace ibkr::cli {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

struct MockArguments {
  std::string listen = "127.0.0.1:7496";
  int server_version = mock::Options{}.server_version;
  std::uint64_t seed = mock::Options{}.seed;
  std::vector<std::string> accounts = mock::Options{}.accounts;
  std::int64_t tick_interval_ms = mock::Options{}.tick_interval_ns / kNsPerMs;
};

ExitStatus run_mock(const MockArguments& arguments) {
  mock::Options options;
  options.listen = address_of("--listen", arguments.listen);
  options.server_version = arguments.server_version;
  options.seed = arguments.seed;
  options.accounts = arguments.accounts;
  options.tick_interval_ns = arguments.tick_interval_ms * kNsPerMs;

  net::Loop loop;
  mock::Server server(loop, options);
  if (auto listening = server.listen(); !listening) throw std::runtime_error(listening.error());
  spdlog::info("simulated market, seed {}, server version up to {}", options.seed, options.server_version);
  on_stop_signal(loop, [&] {
    server.stop();
    loop.stop();
  });
  announce(server.local_address());
  loop.run();
  return ExitStatus::Ok;
}

}  // namespace

Command add_mock(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("mock", "Serve a small simulated market as TWS would");
  auto arguments = std::make_shared<MockArguments>();
  MockArguments& to = *arguments;
  parser->add_option("--listen", to.listen, "Where apps connect; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  parser->add_option("--server-version", to.server_version, "The newest version to speak")
      ->type_name("100..226")
      ->capture_default_str()
      ->check(CLI::Range(protocol::kMinServerVersion, protocol::kMaxServerVersion).description(""));
  parser->add_option("--seed", to.seed, "The same seed gives the same market")->type_name("N")->capture_default_str();
  parser->add_option("--accounts", to.accounts, "Its account numbers, joined with commas")
      ->type_name("NAME")
      ->delimiter(',')
      ->default_str("DU1000001");
  parser->add_option("--tick-interval", to.tick_interval_ms, "Time between two steps of the market")
      ->type_name("MS")
      ->capture_default_str()
      ->check(CLI::Range(1, 60'000).description(""));
  parser->footer(
      "Quotes, bars, orders that fill, positions and account values, all invented: nothing comes from IB. Prints\n"
      "`listening on HOST:PORT` when ready; Ctrl-C or SIGTERM ends it.\n\n"
      "  ibkr mock --server-version 178 --seed 7");
  return {parser, [arguments] { return run_mock(*arguments); }};
}

}  // namespace ibkr::cli
