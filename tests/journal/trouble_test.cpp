// A disk that is full, a queue that is full, a file that somebody else records into.
#include <sys/resource.h>

#include <condition_variable>
#include <csignal>
#include <functional>
#include <mutex>

#include "tests/journal/journal_files.h"

using namespace ibkr;
using namespace ibkr::journal;
using namespace ibkr::journal::test;

namespace {

// A "full disk": no file of this process can grow past the limit while it lives.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() { free_space(); }
  void free_space() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit before_{};
  void (*old_handler_)(int) = SIG_DFL;
};

// What on_trouble said.
class Shouts {
 public:
  auto listener() {
    return [this](const std::string& text) {
      std::lock_guard lock(mutex_);
      texts_.push_back(text);
      changed_.notify_all();
    };
  }
  bool wait_for(const std::string& part, std::size_t from = 0) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return count_locked(part, from) > 0; });
  }
  std::size_t count(const std::string& part) {
    std::lock_guard lock(mutex_);
    return count_locked(part, 0);
  }

 private:
  std::size_t count_locked(const std::string& part, std::size_t from) const {
    std::size_t found = 0;
    for (std::size_t i = from; i < texts_.size(); ++i) found += texts_[i].find(part) != std::string::npos ? 1 : 0;
    return found;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
};

}  // namespace

// Without it: an hour of a full disk is an hour of missing frames, or a torn file.
TEST_CASE("a full disk loses nothing once there is space again") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  Shouts shouts;
  WriterOptions options;
  options.on_trouble = shouts.listener();
  auto writer = open_writer(path, options);
  const SessionId session = begin(*writer);
  REQUIRE(writer->flush(10s));
  constexpr int kFrames = 20000;
  {
    FullDisk full(400 * 1024);
    for (int i = 0; i < kFrames; ++i) writer->frame(session, Direction::In, tick_price(1, i), Stamp::now());
    REQUIRE(shouts.wait_for("cannot record"));
    CHECK_FALSE(writer->healthy());
    CHECK_FALSE(writer->flush(300ms));
    CHECK(writer->committed() < kFrames);
  }
  REQUIRE(writer->flush(20s));
  CHECK(writer->healthy());
  CHECK(shouts.wait_for("recording again"));
  CHECK(shouts.count("cannot record") == 1);
  writer->end_session(session, EndStatus::Closed, "", Stamp::now());
  CHECK(writer->close().has_value());
  CHECK(query_one(path, "PRAGMA integrity_check") == "ok");
  CHECK(query_one(path, "SELECT count(*), min(message_id), max(message_id) FROM messages") ==
        std::to_string(kFrames + 2) + "|1|" + std::to_string(kFrames + 2));
  CHECK(query_one(path, "SELECT incoming_frames FROM connection_sessions") == std::to_string(kFrames));
  CHECK(query_one(path, "SELECT count(*) FROM events") == "0");
}

// Without it: a proxy that stops on a full disk claims that all was saved.
TEST_CASE("closing on a full disk says what is lost, and leaves a file that the next start completes") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  {
    auto writer = open_writer(path);
    const SessionId session = begin(*writer);
    REQUIRE(writer->flush(10s));
    FullDisk full(400 * 1024);
    for (int i = 0; i < 20000; ++i) writer->frame(session, Direction::In, tick_price(1, i), Stamp::now());
    const auto closed = writer->close();
    REQUIRE_FALSE(closed.has_value());
    CHECK(closed.error().find("frames could not be written") != std::string::npos);
    CHECK(closed.error().find(path) != std::string::npos);
  }
  CHECK(open_writer(path)->close().has_value());
  CHECK(query_one(path, "PRAGMA integrity_check") == "ok");
  CHECK(query_one(path, "SELECT status, sealed FROM connection_sessions") == "error|1");
}

// Without it: the proxy grows without bound, or drops frames and nobody can tell which.
TEST_CASE("a full queue drops frames, never blocks, and leaves a gap with exact counts") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  Shouts shouts;
  WriterOptions options;
  options.queue_bytes = 512 * 1024;
  options.on_trouble = shouts.listener();
  auto writer = open_writer(path, options);
  const SessionId first = begin(*writer);
  const SessionId second = begin(*writer);
  REQUIRE(writer->flush(10s));
  std::int64_t sent_bytes = 0;
  constexpr int kFrames = 20000;
  {
    FullDisk full(200 * 1024);
    for (int i = 0; i < kFrames; ++i) {
      const std::string payload = tick_price(1, i);
      sent_bytes += static_cast<std::int64_t>(payload.size());
      writer->frame(i % 2 == 0 ? first : second, Direction::In, payload, Stamp::now());
    }
    CHECK_FALSE(writer->healthy());
    CHECK(writer->queued_bytes() <= options.queue_bytes);
    REQUIRE(shouts.wait_for("queue is full"));
  }
  REQUIRE(shouts.wait_for("room in the queue again"));
  REQUIRE(writer->flush(10s));
  CHECK(writer->healthy());
  writer->frame(first, Direction::In, tick_price(1, kFrames), Stamp::now());
  writer->end_session(first, EndStatus::Closed, "", Stamp::now());
  writer->end_session(second, EndStatus::Closed, "", Stamp::now());
  CHECK(writer->close().has_value());

  CHECK(query_one(path,
                  "SELECT (SELECT count(*) FROM messages WHERE message_type = 'TickPrice')"
                  " + (SELECT sum(count) FROM events WHERE kind = 'gap')") == std::to_string(kFrames + 1));
  CHECK(query_one(path,
                  "SELECT (SELECT sum(length(message_content)) FROM messages WHERE message_type = 'TickPrice')"
                  " + (SELECT sum(bytes) FROM events WHERE kind = 'gap')") ==
        std::to_string(sent_bytes + static_cast<std::int64_t>(tick_price(1, kFrames).size())));
  // Each session's gaps cover exactly the numbers that it misses.
  CHECK(query_one(path,
                  "SELECT count(*) FROM messages m JOIN events e ON e.kind = 'gap'"
                  " AND e.session_id = m.session_id"
                  " WHERE m.message_id BETWEEN e.first_message_id AND e.last_message_id") == "0");
  CHECK(query_one(path,
                  "SELECT sum(last_message_id - first_message_id + 2 = 2 * count) = count(*) FROM events"
                  " WHERE kind = 'gap'") == "1");
  CHECK(query_one(path, "SELECT max(message_id) FROM messages") == std::to_string(kFrames + 5));
  CHECK(query_one(path, "SELECT count(DISTINCT session_id) FROM events WHERE kind = 'gap'") == "2");
}

// Without it: one frame that is larger than the queue silences the recording for ever.
TEST_CASE("a frame larger than the queue is a gap of one") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  WriterOptions options;
  options.queue_bytes = 64 * 1024;
  auto writer = open_writer(path, options);
  const SessionId session = begin(*writer);
  REQUIRE(writer->flush(10s));
  writer->frame(session, Direction::In, std::string(100 * 1024, 'x'), Stamp::now());
  while (!writer->healthy()) REQUIRE(writer->flush(10s));
  writer->frame(session, Direction::In, tick_price(1, 1), Stamp::now());
  CHECK(writer->close().has_value());
  CHECK(query_one(path, "SELECT count, bytes, first_message_id, last_message_id FROM events WHERE kind = 'gap'") ==
        "1|102400|3|3");
  CHECK(query_one(path, "SELECT message_type FROM messages WHERE message_id = 4") == "TickPrice");
}

// Without it: a frame of the protocol's largest size breaks the journal.
TEST_CASE("the largest frame is recorded") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  const SessionId session = begin(*writer);
  writer->frame(session, Direction::In, std::string(protocol::kMaxPayload, 'x'), Stamp::now());
  CHECK(writer->close().has_value());
  CHECK(query_one(path, "SELECT length(message_content) FROM messages WHERE message_id = 3") == "16777215");
}

// Without it: two proxies write over each other's message numbers.
TEST_CASE("a second writer is refused and told who records") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  const auto second = Writer::open(path);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().find("is being recorded by process " + std::to_string(::getpid())) != std::string::npos);
  CHECK(writer->close().has_value());
  writer.reset();
  CHECK(Writer::open(path).has_value());
}

// Without it: a second day's recording starts its numbers anew, or loses the first day's.
TEST_CASE("a journal is appended to") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  for (int day = 0; day < 3; ++day) {
    auto writer = open_writer(path);
    const SessionId session = begin(*writer);
    CHECK(session == day + 1);
    CHECK(writer->frame(session, Direction::In, tick_price(1, day), Stamp::now()) == 3 * (day + 1));
    CHECK(writer->close().has_value());
  }
  CHECK(query_one(path, "SELECT count(*), sum(sealed) FROM connection_sessions") == "3|3");
  CHECK(query(path, "SELECT end_reason FROM connection_sessions").front() ==
        "the recording ended before the session did");
}

// Without it: a session that began in the worst moment has frames that belong to nothing.
TEST_CASE("a session whose beginning was lost in a gap still has its row") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  WriterOptions options;
  options.queue_bytes = 64 * 1024;
  auto writer = open_writer(path, options);
  begin(*writer);
  REQUIRE(writer->flush(10s));
  SessionId lost = 0;
  {
    FullDisk full(200 * 1024);
    for (int i = 0; i < 20000; ++i) writer->frame(1, Direction::In, tick_price(1, i), Stamp::now());
    for (int i = 0; i < 100; ++i) lost = begin(*writer);
    CHECK_FALSE(writer->healthy());
  }
  while (!writer->healthy()) writer->flush(100ms);
  writer->frame(lost, Direction::In, tick_price(1, 1), Stamp::now());
  writer->end_session(lost, EndStatus::Closed, "the end was seen", Stamp::now());
  CHECK(writer->close().has_value());
  const std::string id = std::to_string(lost);
  CHECK(query_one(path,
                  "SELECT status, end_reason, incoming_frames, host FROM connection_sessions"
                  " WHERE session_id = " +
                      id) == "closed|the end was seen|1|");
  CHECK(query_one(path, "SELECT sum(count) FROM events WHERE kind = 'gap' AND session_id = " + id) == "3");
  CHECK(query_one(path, "SELECT text FROM events WHERE kind = 'undecodable' AND session_id = " + id) ==
        "a frame before the server version is known");
}

// Without it: a file that was deleted while it is recorded into takes every frame, and all say that all is well.
TEST_CASE("a file that is deleted or moved meanwhile is told of, and closing fails") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  const auto deleted = [&] { std::filesystem::remove(path); };
  const auto moved = [&] { std::filesystem::rename(path, directory.file("b.db")); };
  for (const std::function<void()>& lose : {std::function<void()>(deleted), std::function<void()>(moved)}) {
    Shouts shouts;
    WriterOptions options;
    options.on_trouble = shouts.listener();
    auto writer = open_writer(path, options);
    const SessionId session = begin(*writer);
    REQUIRE(writer->flush(10s));
    CHECK(writer->healthy());
    lose();
    writer->frame(session, Direction::In, tick_price(1, 1), Stamp::now());
    REQUIRE(shouts.wait_for("deleted or moved"));
    CHECK_FALSE(writer->healthy());
    const auto closed = writer->close();
    REQUIRE_FALSE(closed.has_value());
    CHECK(closed.error().find(path) != std::string::npos);
    std::filesystem::remove(path + "-wal");
    std::filesystem::remove(path + "-shm");
  }
}

// Without it: whoever has a write transaction open in a shell reads about a full disk.
TEST_CASE("another program's transaction is told of as such") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  Shouts shouts;
  WriterOptions options;
  options.on_trouble = shouts.listener();
  auto writer = open_writer(path, options);
  const SessionId session = begin(*writer);
  REQUIRE(writer->flush(10s));
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  writer->frame(session, Direction::In, tick_price(1, 1), Stamp::now());
  REQUIRE(shouts.wait_for("another program"));
  sqlite3_close(other);
  REQUIRE(shouts.wait_for("recording again"));
  CHECK(writer->close().has_value());
  CHECK(query_one(path, "SELECT count(*) FROM messages") == "3");
}
