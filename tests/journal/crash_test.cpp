// kill -9 while recording.
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include "tests/journal/journal_files.h"

using namespace ibkr;
using namespace ibkr::journal;
using namespace ibkr::journal::test;

namespace {

std::string payload_of(Sequence sequence) { return tick_price(9001, sequence); }

// Records and says, after each frame, up to where the journal promises to be on disk.
[[noreturn]] void record_until_killed(const std::string& path, int acknowledgements) {
  auto writer = Writer::open(path);
  if (!writer) ::_exit(2);
  Sequence said = (*writer)->committed();
  const SessionId session = begin(**writer);
  Sequence next = 0;
  for (;;) {
    while ((*writer)->queued_bytes() > 32768) std::this_thread::yield();  // a busy wire, not all that the disk can take
    const Sequence expected = next;
    next = (*writer)->frame(session, Direction::In, payload_of(expected), Stamp::now()) + 1;
    if (expected == 0) continue;  // only now are the numbers known
    const Sequence committed = (*writer)->committed();
    if (committed == said) continue;
    said = committed;
    if (::write(acknowledgements, &said, sizeof said) != sizeof said) ::_exit(3);
  }
}

}  // namespace

// Without it: a crash of the proxy takes frames that it had promised were safe, or the whole file.
TEST_CASE("kill -9 loses nothing that was acknowledged, and the next start seals") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  std::mt19937 random(20261123);
  constexpr int kRuns = 20;
  for (int run = 1; run <= kRuns; ++run) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(pipe_ends[0]);
      record_until_killed(path, pipe_ends[1]);
    }
    ::close(pipe_ends[1]);
    Sequence acknowledged = 0;
    Sequence word = 0;
    const auto wanted = 1 + random() % 12;
    for (auto i = wanted; i > 0; --i) REQUIRE(::read(pipe_ends[0], &acknowledged, sizeof word) == sizeof word);
    const auto moment = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 15000);
    while (std::chrono::steady_clock::now() < moment) {
    }  // anywhere between two commits
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &word, sizeof word) == sizeof word) acknowledged = word;
    ::close(pipe_ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));

    auto reader = open_reader(path);  // also before anybody has repaired anything
    CHECK(reader->check().ok());
    const auto last = reader->last_session();
    REQUIRE(last.has_value());
    CHECK(last->id == run);
    CHECK(last->status == "active");
    auto cursor = reader->frames(run);
    REQUIRE(cursor.has_value());
    Sequence expected = last->first;
    Sequence wrong = 0;
    for (auto frame = cursor->next(); frame && *frame; frame = cursor->next(), ++expected) {
      const bool known = expected > last->first + 2;
      wrong += (*frame)->sequence != expected || (known && (*frame)->payload != payload_of(expected)) ? 1 : 0;
    }
    CHECK(wrong == 0);
    CHECK(expected > acknowledged);
  }
  CHECK(open_writer(path)->close().has_value());
  CHECK(query_one(path, "PRAGMA integrity_check") == "ok");
  CHECK(query_one(path,
                  "SELECT count(*) FROM connection_sessions WHERE status = 'error' AND sealed"
                  " AND end_reason = 'crash: recording process ended'") == std::to_string(kRuns));
  CHECK(query_one(path,
                  "SELECT count(*) FROM connection_sessions s WHERE incoming_frames <> (SELECT count(*)"
                  " FROM messages m WHERE m.session_id = s.session_id AND message_type = 'TickPrice')") == "0");
  CHECK(query_one(path, "SELECT (SELECT count(*) FROM message_index) = (SELECT count(*) FROM messages)") == "1");
}
