// Which sessions a replay serves, and what is wrong with them. Broken, a health check becomes the session, or a
// recording that lacks something is replayed as if it were whole.
#include <sqlite3.h>

#include "served.h"

namespace ibkr::replay::test {

namespace {

journal::SessionInfo session(journal::SessionId id, journal::RecordingId run, bool started = true) {
  journal::SessionInfo info;
  info.id = id;
  info.recording = run;
  info.server_version = 178;
  if (started) info.client_id = 7;
  return info;
}

using Ids = std::vector<journal::SessionId>;

Ids chosen(const std::vector<journal::SessionInfo>& sessions, const SessionChoice& choice = {}) {
  const auto found = choose(sessions, choice);
  REQUIRE_MESSAGE(found, (found ? "" : found.error()));
  Ids ids;
  for (const journal::SessionInfo& info : found->sessions) ids.push_back(info.id);
  return ids;
}

void change(const RecordedFile& file, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.path().c_str(), &database) == SQLITE_OK);
  CHECK_MESSAGE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sqlite3_errmsg(database));
  sqlite3_close(database);
}

std::vector<Problem::Kind> problems(RecordedFile& file) {
  std::vector<Problem::Kind> kinds;
  for (const Problem& problem : loaded(file).problems.items) kinds.push_back(problem.kind);
  return kinds;
}

}  // namespace

TEST_CASE("by default the last run is served: all of it that got past START_API") {
  CHECK(chosen({session(1, 1), session(2, 2), session(3, 2, false), session(4, 2)}) == Ids{2, 4});
  CHECK(chosen({session(1, 1), session(2, 2, false)}) == Ids{1});
  CHECK(chosen({session(1, 0), session(2, 0)}) == Ids{2});  // an older file, which knows no runs
  CHECK(chosen({session(1, 1), session(2, 1, false), session(3, 2)}, {SessionChoice::Which::All}) == Ids{1, 3});
  const auto found = choose({session(1, 1), session(2, 2), session(3, 2, false), session(4, 3, false)}, {});
  REQUIRE(found);
  CHECK(found->of_earlier_runs == 1);
  REQUIRE(found->passed_over.size() == 2);
  CHECK(found->passed_over[0].id == 3);
  CHECK(mentions(found->passed_over[0].why, "START_API"));
}

TEST_CASE("sessions are chosen by number, and what cannot be says why") {
  const std::vector<journal::SessionInfo> sessions{session(1, 1), session(2, 1, false), session(3, 2)};
  CHECK(chosen(sessions, *parse_session_choice("3,1,3")) == Ids{1, 3});
  CHECK(mentions(choose(sessions, *parse_session_choice("9")).error(), "1, 3"));
  CHECK(mentions(choose(sessions, *parse_session_choice("2")).error(), "START_API"));
  CHECK(mentions(choose({session(1, 1, false)}, {}).error(), "START_API"));
  CHECK_FALSE(choose({}, {}));
  CHECK(parse_session_choice("all")->which == SessionChoice::Which::All);
  for (const char* wrong : {"", "0", "-1", "1,", ",1", "1 2", "some", "99999999999999999999"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_session_choice(wrong));
  }
}

TEST_CASE("a session that a crash left open is served like any other") {
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 1)).end();
  file.close();
  change(file,
         "UPDATE connection_sessions SET status = 'active', sealed = 0, last_message_id = NULL,"
         " outgoing_frames = NULL, incoming_frames = NULL");
  const Loaded found = loaded(file);
  CHECK(found.recordings[0].requests().size() == 2);
  CHECK(found.problems.empty());
}

TEST_CASE("a recording that is not all that was on the wire is known before it is served") {
  using Kind = Problem::Kind;
  RecordedFile file;
  file.session(178).start(7, 1).out(market_data(1, "AAPL")).in(tick(1, 1)).in(tick(1, 2)).end();
  file.close();
  CHECK(problems(file).empty());
  SUBCASE("a gap") {
    change(file,
           "INSERT INTO events(session_id, timestamp, mono_ns, kind, message_id, text, count, bytes,"
           " first_message_id, last_message_id) VALUES (1, 0, 0, 'gap', 3, 'lost', 2, 100, 100, 101)");
    CHECK(problems(file) == std::vector{Kind::Gap});
  }
  SUBCASE("rows that are not there") {
    change(file, "DELETE FROM messages WHERE message_type = 'TickPrice'");
    CHECK(problems(file) == std::vector{Kind::MissingRows});
  }
  SUBCASE("rows that are not there, of a session without counts") {
    change(file,
           "DELETE FROM messages WHERE message_id = 5;"
           "UPDATE connection_sessions SET status = 'active', outgoing_frames = NULL, incoming_frames = NULL");
    CHECK(problems(file) == std::vector{Kind::MissingRows});
  }
  SUBCASE("no answer to the hello") {
    change(file, "DELETE FROM messages WHERE message_type = 'HelloAnswer'");
    CHECK(problems(file) == std::vector{Kind::NoHelloAnswer});
  }
  SUBCASE("a file that lost its last bytes") {
    std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) - 1);
    CHECK(problems(file) == std::vector{Kind::File});
  }
  SUBCASE("a frame that cannot be decoded") {
    change(file,
           "UPDATE messages SET message_content = CAST('1' || char(0) || '6' AS BLOB)"
           " WHERE message_type = 'TickPrice'");
    CHECK(problems(file) == std::vector{Kind::Undecodable, Kind::Undecodable});
  }
  SUBCASE("a frame of another type than its row says") {
    change(file, "UPDATE messages SET message_type = 'TickSize' WHERE message_type = 'TickPrice'");
    CHECK(problems(file) == std::vector{Kind::OtherName, Kind::OtherName});
  }
  SUBCASE("a payload that no frame can have") {
    change(file, "UPDATE messages SET message_content = zeroblob(17000000) WHERE message_id = 7");
    CHECK(problems(file) == std::vector{Kind::TooLong});
  }
  SUBCASE("a type that is not known is no damage") {
    change(file,
           "UPDATE messages SET message_content = CAST('999' || char(0) AS BLOB), message_type = 'Unknown:999'"
           " WHERE message_id = 7");
    CHECK(problems(file).empty());
  }
}

}  // namespace ibkr::replay::test
