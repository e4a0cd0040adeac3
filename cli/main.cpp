// The program `ibkr`: parses the command line, runs one sub-command, and turns what it throws into a message and an
// exit status (command.h). Results go to stdout, logs and errors to stderr.
#include <exception>
#include <iostream>

#include "cli/command.h"
#include "cli/log.h"
#include "cli/program.h"

namespace ibkr::cli {
namespace {

ExitStatus fail(const Command& command, const std::exception& error, ExitStatus status) {
  std::cout.flush();
  std::cerr << "ibkr " << command.parser->get_name() << ": " << log_text(error.what()) << '\n';
  return status;
}

ExitStatus run(const Command& command) {
  try {
    return command.run();
  } catch (const UsageError& error) {
    return fail(command, error, ExitStatus::Usage);
  } catch (const std::exception& error) {
    return fail(command, error, ExitStatus::CannotStart);
  }
}

ExitStatus run(int argc, char** argv) {
  Program program;
  CLI::App& parser = program.parser();
  const Command commands[] = {add_proxy(parser),    add_replay(parser),   add_mock(parser),
                              add_sessions(parser), add_show(parser),     add_decode(parser),
                              add_encode(parser),   add_describe(parser), add_errors(parser)};
  program.name_environment();
  try {
    parser.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      parser.exit(error);  // prints help or the version
      return ExitStatus::Ok;
    }
    std::cerr << explain(parser, error);
    return ExitStatus::Usage;
  }
  start_log(program.log_level());
  for (const Command& command : commands) {
    if (command.parser->parsed()) return run(command);
  }
  return ExitStatus::Usage;  // CLI11 requires a command
}

}  // namespace
}  // namespace ibkr::cli

int main(int argc, char** argv) { return static_cast<int>(ibkr::cli::run(argc, argv)); }
