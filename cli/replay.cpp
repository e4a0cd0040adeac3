// ibkr replay: a fake TWS that serves recorded sessions.
#include <spdlog/spdlog.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "cli/command.h"
#include "cli/replay_report.h"
#include "cli/serve.h"
#include "net/loop.h"
#include "replay/server.h"

namespace ibkr::cli {
namespace {

struct ReplayArguments {
  std::string file = "ibkr.db";
  std::string listen = "127.0.0.1:7500";
  std::string sessions = "last";
  std::string speed = "1";
  bool repeat = false;
  bool strict = false;
  bool any_time = false;
  bool even_damaged = false;
};

template <class T>
T or_usage_error(const std::string& option, Expected<T, std::string> value) {
  if (!value) throw UsageError(option + ": " + value.error());
  return std::move(*value);
}

ExitStatus serve(const ReplayArguments& arguments, replay::Loaded loaded, const net::Address& listen,
                 const replay::ServingOptions& options) {
  net::Loop loop;
  replay::ReplayServer server(loop, std::move(loaded), listen, options, [&loop] { loop.stop(); });
  // What apps had sent by then is read first: the verdict is about that, too.
  on_stop_signal(loop, [&loop, &server] {
    loop.post([&loop, &server] {
      server.stop();
      loop.stop();
    });
  });
  announce(server.address());
  loop.run();
  hold_stop_signals();
  const replay::Verdict verdict = server.verdict();
  report_verdict(verdict, arguments.strict);
  return exit_status(verdict.status(arguments.strict));
}

ExitStatus run_replay(const ReplayArguments& arguments) {
  const net::Address listen = address_of("--listen", arguments.listen);
  const auto choice = or_usage_error("--session", replay::parse_session_choice(arguments.sessions));
  replay::ServingOptions options;
  options.repeat = arguments.repeat;
  options.match.any_time = arguments.any_time;
  options.speed = or_usage_error("--speed", replay::parse_speed(arguments.speed));
  auto loaded = replay::load(arguments.file, choice);
  if (!loaded) {
    if (!loaded.error().damaged) throw std::runtime_error(loaded.error().text);
    spdlog::error("{}", loaded.error().text);
    return ExitStatus::RecordingDamaged;
  }
  report_loaded(*loaded, arguments.file);
  if (!loaded->problems.empty() && !arguments.even_damaged) {
    spdlog::error(
        "not served, as a replay would differ from what was on the wire; --even-damaged serves it all the same");
    return ExitStatus::RecordingDamaged;
  }
  return serve(arguments, std::move(*loaded), listen, options);
}

}  // namespace

Command add_replay(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("replay", "Serve recorded sessions as TWS would");
  auto arguments = std::make_shared<ReplayArguments>();
  ReplayArguments& to = *arguments;
  parser->add_option("FILE,--journal", to.file, "A journal that `ibkr proxy` recorded")
      ->type_name("FILE")
      ->capture_default_str();
  parser->add_option("--listen", to.listen, "Where the app connects; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  parser
      ->add_option("--session", to.sessions,
                   "Which sessions: a number, several (1,2), all, or last: those of the recorder's last run")
      ->type_name("N,…")
      ->capture_default_str();
  parser->add_option("--speed", to.speed, "1: delays as recorded; 10: ten times as fast; max: none")
      ->type_name("N|max")
      ->capture_default_str();
  parser->add_flag("--repeat", to.repeat, "When every session was served, serve them again, until stopped");
  parser->add_flag("--strict", to.strict, "Fail when any recorded request is not made, not only one about an order");
  parser->add_flag("--any-time", to.any_time,
                   "Let moments that are asked for (end dates, good-till dates) be others than those recorded");
  parser->add_flag("--even-damaged", to.even_damaged,
                   "Serve a recording that is not whole; the exit status is 7 all the same");
  parser->footer(
      "Prints `listening on HOST:PORT` when ready, serves each recorded session to one connection, and ends when all\n"
      "were served. Requests are matched by what they ask for, whatever their ids. One that was not recorded is "
      "refused\n"
      "with an error that the app sees.\n\n"
      "Exit status, the first that applies:\n"
      "  2  wrong usage\n"
      "  3  could not start\n"
      "  7  recording damaged: it is not all that was on the wire\n"
      "  1  mismatch: a request was not recorded, or a connection was turned away\n"
      "  6  nothing served: no request but START_API\n"
      "  5  incomplete: a connection was torn, answers were not delivered, or a session was not served\n"
      "  4  unused: a recorded order, change or cancel was not made; with --strict any request\n"
      "  0  clean\n\n"
      "  ibkr replay sessions.db --session 2 --speed max");
  return {parser, [arguments] { return run_replay(*arguments); }};
}

}  // namespace ibkr::cli
