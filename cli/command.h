// What a sub-command is, and how it ends. Each lives in a file of its own name; main.cpp lists them.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>
#include <string>

namespace ibkr::cli {

/// The program's exit statuses, as `ibkr --help` states them.
enum class ExitStatus : int {
  Ok = 0,
  FoundWrong = 1,   ///< the work was done, and found something wrong: a bad line, a refused request
  Usage = 2,        ///< an option or argument that cannot be
  CannotStart = 3,  ///< a file, port or journal that cannot be used
  // Of a replay, which also has FoundWrong for a mismatch:
  Unused = 4,            ///< recorded requests were not made
  Incomplete = 5,        ///< the app did not get, or do, all that it should have
  NothingServed = 6,     ///< no request but START_API
  RecordingDamaged = 7,  ///< the recording is not all that was on the wire
};

/// The command line asks for something that cannot be. Ends the program with ExitStatus::Usage.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A sub-command. `run` does the work on the main thread and is called at most once, after parsing. It throws
/// UsageError, or std::runtime_error when it cannot start; both say what, where, and what to do.
struct Command {
  CLI::App* parser;
  std::function<ExitStatus()> run;
};

// Each adds its options to the program.
Command add_proxy(CLI::App& program);
Command add_replay(CLI::App& program);
Command add_mock(CLI::App& program);
Command add_sessions(CLI::App& program);
Command add_show(CLI::App& program);
Command add_decode(CLI::App& program);
Command add_encode(CLI::App& program);
Command add_describe(CLI::App& program);
Command add_errors(CLI::App& program);

}  // namespace ibkr::cli
