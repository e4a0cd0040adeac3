#include "cli/replay_report.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/pseudonyms.h"

namespace ibkr::cli {

using replay::Problem;
using replay::Verdict;

namespace {

std::string plural(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string name(const protocol::MessageInfo* type) {
  return type == nullptr ? "a frame that cannot be decoded" : std::string(type->name);
}

std::string request(journal::SessionId session, journal::Sequence sequence, const protocol::MessageInfo* type) {
  return "session " + std::to_string(session) + " #" + std::to_string(sequence) + " " + name(type);
}

std::string what(const Problem& problem) {
  const std::string count = std::to_string(problem.count);
  switch (problem.kind) {
    case Problem::Kind::Gap:
      return count + " frames or events were not recorded (a gap)";
    case Problem::Kind::MissingRows:
      return count + " of its messages are missing from the file";
    case Problem::Kind::NoHelloAnswer:
      return "TWS's answer to the hello is missing from the file";
    case Problem::Kind::Undecodable:
      return "cannot be decoded: " + problem.detail;
    case Problem::Kind::OtherName:
      return "is called " + problem.detail;
    case Problem::Kind::TooLong:
      return "has " + count + " bytes, more than a frame can have";
    case Problem::Kind::Unframed:
      return "bytes that were no frames were recorded (" + problem.detail + ")";
    case Problem::Kind::File:
      return "the file is damaged: " + problem.detail;
  }
  return "";
}

std::string line(const Problem& problem, protocol::Pseudonyms& pseudonyms) {
  std::string where = problem.session == 0 ? "" : "session " + std::to_string(problem.session);
  if (problem.sequence != 0) where += " #" + std::to_string(problem.sequence);
  return where + (where.empty() ? "" : ": ") + pseudonyms.masked(what(problem));
}

template <class T>
void note_left_out(const replay::Listed<T>& list) {
  if (list.count > list.items.size()) spdlog::warn("… and {} more", list.count - list.items.size());
}

/// A run of a week has a health check in each minute.
constexpr std::size_t kMostSessions = 10;

template <class T>
std::span<const T> first_of(const std::vector<T>& sessions) {
  return std::span(sessions).first(std::min(sessions.size(), kMostSessions));
}

template <class T>
void note_left_out(const std::vector<T>& sessions, std::string_view are) {
  if (sessions.size() > kMostSessions) spdlog::info("… and {} more are {}", sessions.size() - kMostSessions, are);
}

void report_what_differed(const Verdict& verdict) {
  for (const Verdict::LetGo& let_go : verdict.let_go.items) {
    spdlog::info("let go: session {} #{}: {}", let_go.session, let_go.request, let_go.differing.line());
  }
  note_left_out(verdict.let_go);
  for (const Verdict::Unused& unused : verdict.unused.items) {
    const std::string text = request(unused.session, unused.sequence, unused.type);
    if (unused.about_orders) {
      spdlog::error("connection {} did not make {}, which is about an order", unused.connection, text);
    } else {
      spdlog::info("connection {} did not make {}", unused.connection, text);
    }
  }
  note_left_out(verdict.unused);
}

void report_what_is_incomplete(const Verdict& verdict) {
  for (const Verdict::Undelivered& missed : verdict.undelivered.items) {
    spdlog::error("connection {} left before it got {} of {}", missed.connection,
                  plural(missed.frames, "answer", "answers"), request(missed.session, missed.request, missed.type));
  }
  note_left_out(verdict.undelivered);
  for (const Verdict::NotRewritten& frame : verdict.not_rewritten.items) {
    spdlog::error("connection {} got session {} #{} with its recorded ids, as it cannot be encoded with the app's",
                  frame.connection, frame.session, frame.frame);
  }
  note_left_out(verdict.not_rewritten);
  const bool speechless = std::ranges::any_of(verdict.turned_away.items, [](const Verdict::TurnedAway& app) {
    return app.why == Verdict::TurnedAway::Why::CannotSpeak;
  });
  for (const journal::SessionId session : verdict.not_served) {
    spdlog::error("session {} was not served: no app {}; `--session` serves others alone", session,
                  speechless ? "that speaks its server version connected" : "connected for it");
  }
}

struct Counted {
  std::size_t count;
  std::string one;   ///< what is said of a single one
  std::string many;  ///< and of several
};

/// Those that there are: "1 request was not recorded, 2 connections were turned away".
std::string those_of(const std::vector<Counted>& all) {
  std::string text;
  for (const Counted& counted : all) {
    if (counted.count == 0) continue;
    text += (text.empty() ? "" : ", ") + plural(counted.count, counted.one, counted.many);
  }
  return text;
}

std::string conclusion(const Verdict& verdict, bool strict) {
  switch (verdict.status(strict)) {
    case Verdict::Status::Damaged: {
      Verdict rest = verdict;
      rest.problems = {};
      return "recording damaged: it is not all that was on the wire; record it again. Apart from that: " +
             conclusion(rest, strict);
    }
    case Verdict::Status::Mismatch:
      return "mismatch: " +
             those_of({{verdict.refused.count, "request was not recorded", "requests were not recorded"},
                       {verdict.turned_away.count, "connection was turned away", "connections were turned away"}});
    case Verdict::Status::NothingServed:
      return verdict.connections == 0 ? "no request was served: did the app connect to this address?"
                                      : "no request was served but START_API";
    case Verdict::Status::Incomplete:
      return "incomplete: " +
             those_of(
                 {{verdict.torn.count, "connection was torn", "connections were torn"},
                  {verdict.undelivered.count, "request did not get its answers", "requests did not get their answers"},
                  {verdict.not_rewritten.count, "frame went out with its recorded ids",
                   "frames went out with their recorded ids"},
                  {verdict.not_served.size(), "session was not served", "sessions were not served"}});
    case Verdict::Status::Unused:
      return "unused: " + plural(verdict.unused.count, "recorded request was", "recorded requests were") + " not made" +
             (verdict.unused_about_orders > 0 ? ", " + std::to_string(verdict.unused_about_orders) + " about orders"
                                              : "");
    case Verdict::Status::Clean:
      return "clean";
  }
  return "";
}

}  // namespace

void report_loaded(const replay::Loaded& loaded, const std::string& file) {
  for (const replay::Recording& recording : first_of(loaded.recordings)) {
    const journal::SessionInfo& session = recording.session();
    spdlog::info("session {} of {} is served: client {}, server version {}, {} requests, {} frames from TWS",
                 session.id, file, session.client_id.value_or(-1), recording.server_version(),
                 recording.requests().size(), recording.frames().size());
  }
  note_left_out(loaded.recordings, "served");
  for (const replay::Recording& recording : loaded.recordings) {
    const journal::SessionInfo& session = recording.session();
    if (session.status != "active" && !session.end_reason.starts_with("crash")) continue;
    spdlog::warn("session {} has no end: its recorder was killed, or is still at work; what came last may be missing",
                 session.id);
  }
  for (const replay::Chosen::PassedOver& session : first_of(loaded.passed_over)) {
    spdlog::info("session {} is passed over: {}", session.id, session.why);
  }
  note_left_out(loaded.passed_over, "passed over");
  if (loaded.of_earlier_runs > 0) {
    spdlog::info("{} of earlier runs of the recorder not served; --session all serves them, too",
                 plural(loaded.of_earlier_runs, "session is", "sessions are"));
  }
  if (loaded.recordings.size() > 1) {
    spdlog::info("each is served to one connection; --session {} serves the last one alone",
                 loaded.recordings.back().session().id);
  }
  protocol::Pseudonyms pseudonyms;
  for (const Problem& problem : loaded.problems.items) spdlog::error("{}", line(problem, pseudonyms));
  note_left_out(loaded.problems);
}

void report_verdict(const Verdict& verdict, bool strict) {
  report_what_differed(verdict);
  report_what_is_incomplete(verdict);
  spdlog::info("{}, {} of recorded requests, {} answered or accepted without a recording, {} not recorded",
               plural(verdict.connections, "connection", "connections"), verdict.served, verdict.made_up,
               verdict.refused.count);
  if (verdict.probes > 0) {
    spdlog::info("{} without START_API, such as port checks: not counted",
                 plural(verdict.probes, "connection", "connections"));
  }
  const bool clean = verdict.status(strict) == Verdict::Status::Clean;
  spdlog::log(clean ? spdlog::level::info : spdlog::level::err, "verdict: {}", conclusion(verdict, strict));
}

ExitStatus exit_status(Verdict::Status status) {
  switch (status) {
    case Verdict::Status::Damaged:
      return ExitStatus::RecordingDamaged;
    case Verdict::Status::Mismatch:
      return ExitStatus::FoundWrong;
    case Verdict::Status::NothingServed:
      return ExitStatus::NothingServed;
    case Verdict::Status::Incomplete:
      return ExitStatus::Incomplete;
    case Verdict::Status::Unused:
      return ExitStatus::Unused;
    case Verdict::Status::Clean:
      return ExitStatus::Ok;
  }
  return ExitStatus::FoundWrong;
}

}  // namespace ibkr::cli
