// What the program says on stderr while it works.
#pragma once

#include <string>
#include <string_view>

namespace ibkr::cli {

/// Begins to log to stderr, from the level (error, warn, info, debug) on. Called once, by main.
void start_log(const std::string& level);

/// A message as stderr may show it, whoever its text comes from: controls are escaped (printable in
/// protocol/unicode.h), and its further lines are indented, so that no text looks like a line of the log.
std::string log_text(std::string_view message);

}  // namespace ibkr::cli
