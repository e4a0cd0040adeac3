// What all sub-commands share on the command line: help, names in the environment, the configuration file.
//
// An option takes its value from the first of: command line, environment, configuration file, default.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace ibkr::cli {

/// The program before its sub-commands are added: description, --version, --config, --log-level.
class Program {
 public:
  Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  CLI::App& parser() { return parser_; }
  /// "error", "warn", "info" or "debug", once parsed.
  const std::string& log_level() const { return log_level_; }

  /// After the last sub-command was added: gives every option its name in the environment, IBKR_ and the option's name.
  void name_environment();

 private:
  CLI::App parser_;
  std::string log_level_ = "info";
};

/// What to print for a failed parse, one or two lines: what was wrong, and where help is.
std::string explain(const CLI::App& program, const CLI::ParseError& error);

}  // namespace ibkr::cli
