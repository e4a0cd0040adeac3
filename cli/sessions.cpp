// ibkr sessions: the recorded sessions of a journal, as a table or as JSON.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "cli/command.h"
#include "journal/reader.h"
#include "protocol/json.h"
#include "protocol/unicode.h"
#include "view/clock_text.h"

namespace ibkr::cli {
namespace {

using journal::SessionInfo;

struct SessionsArguments {
  std::string file = "ibkr.db";
  bool json = false;
};

using Row = std::vector<std::string>;

std::string outcome(const SessionInfo& session) {
  return protocol::printable(session.end_reason.empty() ? session.status : session.status + ": " + session.end_reason);
}

/// Counts are written when a session ends.
std::string counted(const SessionInfo& session, std::int64_t count) {
  return session.end ? std::to_string(count) : "-";
}

Row row_of(const SessionInfo& session) {
  const bool greeted = session.client_max_version != 0;
  return {std::to_string(session.id),
          session.recording != 0 ? std::to_string(session.recording) : "-",
          view::local_time(session.start.wall_ns),
          session.end ? view::duration(session.end->mono_ns - session.start.mono_ns) : "-",
          greeted ? fmt::format("v{}..{}", session.client_min_version, session.client_max_version) : "-",
          session.server_version != 0 ? std::to_string(session.server_version) : "-",
          session.client_id ? std::to_string(*session.client_id) : "-",
          counted(session, session.outgoing_frames),
          counted(session, session.incoming_frames),
          counted(session, session.outgoing_bytes + session.incoming_bytes),
          std::to_string(session.orders),
          std::to_string(session.executions),
          outcome(session)};
}

void print_table(const std::vector<SessionInfo>& sessions) {
  std::vector<Row> rows = {{"session", "run", "start", "duration", "app speaks", "server", "client", "frames out",
                            "frames in", "bytes", "orders", "executions", "status"}};
  for (const SessionInfo& session : sessions) rows.push_back(row_of(session));
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    std::cout << line << row.back() << '\n';
  }
}

void print_json(const SessionInfo& session) {
  std::cout
      << fmt::format(
             R"({{"session":{},"recording":{},"start":"{}","end":{},"peer":{},"upstream":{},"client_min_version":{},"client_max_version":{},)"
             R"("server_version":{},"client_id":{},"accounts":{},"outgoing_frames":{},"incoming_frames":{},"outgoing_bytes":{},)"
             R"("incoming_bytes":{},"orders":{},"executions":{},"status":{},"end_reason":{},"sealed":{}}})",
             session.id, session.recording, view::utc_time(session.start.wall_ns),
             session.end ? "\"" + view::utc_time(session.end->wall_ns) + "\"" : "null",
             protocol::json_string(session.peer),
             protocol::json_string(session.host + ":" + std::to_string(session.port)), session.client_min_version,
             session.client_max_version, session.server_version,
             session.client_id ? std::to_string(*session.client_id) : "null", protocol::json_string(session.accounts),
             session.outgoing_frames, session.incoming_frames, session.outgoing_bytes, session.incoming_bytes,
             session.orders, session.executions, protocol::json_string(session.status),
             protocol::json_string(session.end_reason), session.sealed)
      << '\n';
}

ExitStatus run_sessions(const SessionsArguments& arguments) {
  const auto reader = journal::Reader::open(arguments.file);
  if (!reader) throw std::runtime_error(reader.error());
  const auto sessions = (*reader)->sessions();
  if (!sessions) throw std::runtime_error(sessions.error());
  if (arguments.json) {
    for (const SessionInfo& session : *sessions) print_json(session);
  } else {
    print_table(*sessions);
  }
  return ExitStatus::Ok;
}

}  // namespace

Command add_sessions(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("sessions", "List the recorded sessions of a journal");
  auto arguments = std::make_shared<SessionsArguments>();
  parser->add_option("FILE,--journal", arguments->file, "A journal that `ibkr proxy` recorded")
      ->type_name("FILE")
      ->capture_default_str();
  parser->add_flag("--json", arguments->json, "One JSON object a line instead of the table; times in UTC");
  parser->footer(
      "A session is one connection of an app; sessions of one \"run\" were recorded without stopping the proxy.\n"
      "\"app speaks\" is the range of versions that the app announced, \"server\" the version agreed on; frames out went to\n"
      "TWS. Frames and bytes are counted when a session has ended.");
  return {parser, [arguments] { return run_sessions(*arguments); }};
}

}  // namespace ibkr::cli
