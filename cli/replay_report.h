// What `ibkr replay` says about its recording and its verdict, and the exit status that it ends with.
#pragma once

#include "cli/command.h"
#include "replay/replay.h"

namespace ibkr::cli {

/// Logs which sessions are served, which are passed over and why, and what is wrong with them.
void report_loaded(const replay::Loaded& loaded, const std::string& file);

/// Logs what came of a replay.
void report_verdict(const replay::Verdict& verdict, bool strict);

ExitStatus exit_status(replay::Verdict::Status status);

}  // namespace ibkr::cli
