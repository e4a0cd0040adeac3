// ibkr mock: a fake TWS with a small simulated market, and with bad days.
#include "mock/server.h"
#include "protocol/catalogue.h"

#include <spdlog/spdlog.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
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
  std::vector<std::string> faults;
  std::string fault_script;
  bool lists_faults = false;
};

std::vector<mock::Fault> faults_of(const MockArguments& arguments) {
  std::vector<mock::Fault> faults;
  if (!arguments.fault_script.empty()) {
    std::ifstream file(arguments.fault_script, std::ios::binary);
    std::stringstream script;
    if (!file || !(script << file.rdbuf()))
      throw UsageError("--fault-script: " + arguments.fault_script + " cannot be read, or is empty: name a text file");
    auto read = mock::parse_fault_script(script.str());
    if (!read) throw UsageError("--fault-script: " + arguments.fault_script + ":" + read.error());
    faults = std::move(*read);
  }
  for (const std::string& line : arguments.faults) {
    auto fault = mock::parse_fault(line);
    if (!fault) throw UsageError("--fault \"" + line + "\": " + fault.error());
    faults.push_back(std::move(*fault));
  }
  return faults;
}

/// How a line with this fault may go on.
std::string clauses_of(const mock::FaultInfo& info) {
  std::string clauses;
  if (info.may_last) clauses += " [for TIME]";
  if (info.hits_orders) clauses += " [next N orders]";
  if (info.by_ns != 0) clauses += " [by TIME]";
  if (info.has_text) clauses += ": TEXT";
  return clauses;
}

void list_faults() {
  std::cout
      << "A fault is its name and then, in any order:\n\n"
         "  at TIME           once so much time has passed\n"
         "  after N frames    once so many frames have gone to one connection, the first answer among them\n"
         "  on REQUEST [N]    at the Nth such request of one connection, such as PlaceOrderRequest\n"
         "  for TIME          it ends so much later; without it, it stays\n"
         "  next [N] orders   it ends after so many orders\n"
         "  by TIME           how late something comes\n\n"
         "Without at, after and on it is there from the start. TIME is 500ms, 5s, 2m or 1h. In a file: a fault a\n"
         "line, # begins a comment line.\n\n";
  for (const mock::FaultInfo& info : mock::all_faults())
    std::cout << "  " << info.name << clauses_of(info) << "\n      " << info.what << '\n';
}

/// What a test has asked for and not seen must not pass as seen.
ExitStatus tell_unmet(const std::vector<std::string>& unmet) {
  for (const std::string& line : unmet) spdlog::error("fault never came about: {}", line);
  return unmet.empty() ? ExitStatus::Ok : ExitStatus::FoundWrong;
}

ExitStatus run_mock(const MockArguments& arguments) {
  if (arguments.lists_faults) {
    list_faults();
    return ExitStatus::Ok;
  }
  mock::Options options;
  options.listen = address_of("--listen", arguments.listen);
  options.server_version = arguments.server_version;
  options.seed = arguments.seed;
  options.accounts = arguments.accounts;
  options.tick_interval_ns = arguments.tick_interval_ms * kNsPerMs;
  options.faults = faults_of(arguments);

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
  hold_stop_signals();
  return tell_unmet(server.unmet_faults());
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
  parser->add_option("--fault", to.faults, "Something that goes wrong; may be repeated")
      ->type_name("FAULT")
      ->allow_extra_args(false);
  parser->add_option("--fault-script", to.fault_script, "A file of faults, one a line")->type_name("FILE");
  parser->add_flag("--list-faults", to.lists_faults, "Print all faults and how to write them, and end");
  parser->footer(
      "Quotes, bars, orders that fill, positions and account values, all invented: nothing comes from IB. Prints\n"
      "`listening on HOST:PORT` when ready; Ctrl-C or SIGTERM ends it.\n\n"
      "A fault that never came about is an error at the end, and exit status 1.\n\n"
      "  ibkr mock --server-version 178 --seed 7\n"
      "  ibkr mock --fault '1100 at 5s for 4s' --fault 'reject next order: Insufficient margin'");
  return {parser, [arguments] { return run_mock(*arguments); }};
}

}  // namespace ibkr::cli
