// Journals of every format so far open (fixtures/journals).
#include <algorithm>

#include "tests/journal/journal_files.h"

using namespace ibkr;
using namespace ibkr::journal;
using namespace ibkr::journal::test;

namespace {

const std::string kFixtures = std::string(IBKR_SOURCE_DIR) + "/fixtures/journals";

void record_sample(const std::string& path) {
  auto writer = open_writer(path);
  const SessionId session = begin(*writer);
  writer->frame(session, Direction::Out, text_payload("71|2|7||"), Stamp::now());
  writer->frame(session, Direction::In, text_payload("15|1|DU0000001|"), Stamp::now());
  writer->frame(session, Direction::In, text_payload("9|1|17|"), Stamp::now());
  for (int i = 0; i < 5; ++i) writer->frame(session, Direction::In, tick_price(9001, 150 + i), Stamp::now());
  writer->event(session, "note", "a fixture", "", Stamp::now());
  writer->end_session(session, EndStatus::Closed, "the app closed the connection", Stamp::now());
  CHECK(writer->close().has_value());
}

}  // namespace

// Without it: an upgrade of ibkr loses a user's recordings.
TEST_CASE("journals of every format open and replay their frames") {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(kFixtures)) {
    if (entry.path().extension() == ".journal") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  REQUIRE_FALSE(paths.empty());
  for (const std::string& path : paths) {
    CAPTURE(path);
    auto reader = open_reader(path);
    CHECK(reader->check().ok());
    const auto session = reader->last_session();
    REQUIRE(session.has_value());
    CHECK(session->server_version == 176);
    CHECK(session->client_id == 7);
    CHECK(session->got_past_start_api());
    CHECK(session->accounts == "DU0000001");
    auto cursor = reader->frames(session->id);
    REQUIRE(cursor.has_value());
    int ticks = 0;
    for (auto frame = cursor->next(); frame && *frame; frame = cursor->next()) {
      if ((*frame)->name == "TickPrice") CHECK((*frame)->payload == tick_price(9001, 150 + ticks++));
    }
    CHECK(ticks == 5);
    CHECK(reader->events(session->id)->size() == 1);
  }
}

// Without it: an old journal cannot be recorded into any more.
TEST_CASE("a journal of an earlier format is appended to") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  std::filesystem::copy_file(kFixtures + "/format-1.journal", path);
  CHECK(open_reader(path)->session(1)->recording == 0);
  auto writer = open_writer(path);
  CHECK(begin(*writer) == 2);
  CHECK(writer->close().has_value());
  CHECK(query_one(path, "SELECT count(*) FROM connection_sessions") == "2");
  const auto sessions = open_reader(path)->sessions();
  REQUIRE(sessions.has_value());
  CHECK(sessions->at(0).recording == 0);
  CHECK(sessions->at(1).recording == 1);
  CHECK(query(path, "SELECT session_id, recording_id FROM v_sessions") == std::vector<std::string>{"1|-", "2|1"});
}

// Not a test: writes the fixture of a new format. Run it with --no-skip --test-case='write the fixture*'.
TEST_CASE("write the fixture of this format" * doctest::skip()) { record_sample(kFixtures + "/format-new.journal"); }
