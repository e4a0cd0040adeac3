// ibkr replay: a fake TWS that serves a recorded session.
#include <spdlog/spdlog.h>

#include <limits>
#include <memory>

#include "cli/command.h"
#include "cli/serve.h"
#include "net/loop.h"
#include "replay/server.h"

namespace ibkr::cli {
namespace {

struct ReplayArguments {
  std::string file = "ibkr.db";
  std::string listen = "127.0.0.1:7500";
  journal::SessionId session = 0;
  std::string speed = "1";
  bool repeat = false;
  bool any_time = false;
};

replay::ReplayOptions replay_options(const ReplayArguments& arguments) {
  replay::ReplayOptions options;
  options.file = arguments.file;
  options.listen = address_of("--listen", arguments.listen);
  if (arguments.session != 0) options.session = arguments.session;
  options.repeat = arguments.repeat;
  options.match.any_time = arguments.any_time;
  const auto speed = replay::parse_speed(arguments.speed);
  if (!speed) throw UsageError("--speed: " + speed.error());
  options.speed = *speed;
  return options;
}

ExitStatus conclude(const replay::Verdict& verdict) {
  for (const std::string& request : verdict.unused) spdlog::info("never asked for: {}", request);
  spdlog::info("{} connections, {} requests served, {} not recorded", verdict.connections, verdict.served,
               verdict.unmatched_count);
  if (verdict.served == 0) spdlog::error("no request was served: did the app connect to this address?");
  return verdict.ok() ? ExitStatus::Ok : ExitStatus::FoundWrong;
}

ExitStatus run_replay(const ReplayArguments& arguments) {
  const replay::ReplayOptions options = replay_options(arguments);
  net::Loop loop;
  const replay::ReplayServer server(loop, options, [&loop] { loop.stop(); });
  on_stop_signal(loop, [&loop] { loop.stop(); });
  announce(server.address());
  loop.run();
  return conclude(server.verdict());
}

}  // namespace

Command add_replay(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("replay", "Serve a recorded session as TWS would");
  auto arguments = std::make_shared<ReplayArguments>();
  ReplayArguments& to = *arguments;
  parser->add_option("FILE,--journal", to.file, "A journal that `ibkr proxy` recorded")
      ->type_name("FILE")
      ->capture_default_str();
  parser->add_option("--listen", to.listen, "Where the app connects; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  parser->add_option("--session", to.session, "Which session (see `ibkr sessions`; default: the last one)")
      ->type_name("N")
      ->check(CLI::Range(1, std::numeric_limits<int>::max()).description(""));
  parser->add_option("--speed", to.speed, "1: delays as recorded; 10: ten times as fast; max: none")
      ->type_name("N|max")
      ->capture_default_str();
  parser->add_flag("--repeat", to.repeat, "Serve any number of connections, each from the start, until stopped");
  parser->add_flag("--any-time", to.any_time,
                   "Serve requests for other dates and times than were recorded, from the nearest; each is logged");
  parser->footer(
      "Prints `listening on HOST:PORT` when ready, serves one connection and ends. Requests are matched by what they "
      "ask\n"
      "for; ids do not matter, dates and times do unless --any-time is given. One that was not recorded is refused "
      "with an error that the app "
      "sees.\n"
      "Exit status 0 only when at least one request was served and none refused, else 1.\n\n"
      "  ibkr replay sessions.db --session 2 --speed max");
  return {parser, [arguments] { return run_replay(*arguments); }};
}

}  // namespace ibkr::cli
