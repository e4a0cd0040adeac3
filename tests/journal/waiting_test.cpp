// A writer that waits for room instead of dropping, and sessions that begin midway: what an import needs.
#include <sys/resource.h>

#include <condition_variable>
#include <csignal>
#include <mutex>

#include "tests/journal/journal_files.h"

using namespace ibkr;
using namespace ibkr::journal;
using namespace ibkr::journal::test;

namespace {

WriterOptions waiting(std::size_t queue_bytes) {
  WriterOptions options;
  options.queue_bytes = queue_bytes;
  options.when_full = WhenFull::Wait;
  return options;
}

// No file of this process can grow past so many bytes.
void limit_files(rlim_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = std::min(bytes, limit.rlim_max);
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

class IgnoresSizeSignal {
 public:
  IgnoresSizeSignal() : before_(std::signal(SIGXFSZ, SIG_IGN)) {}
  ~IgnoresSizeSignal() {
    limit_files(RLIM_INFINITY);
    std::signal(SIGXFSZ, before_);
  }
  IgnoresSizeSignal(const IgnoresSizeSignal&) = delete;
  IgnoresSizeSignal& operator=(const IgnoresSizeSignal&) = delete;

 private:
  void (*before_)(int);
};

constexpr int kFrames = 20000;  // of about 90 bytes each in the queue

}  // namespace

// Without it: an import that reads faster than the disk writes leaves holes in what it imports.
TEST_CASE("a writer that waits drops nothing, however small its queue") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path, waiting(64 * 1024));
  const SessionId session = begin(*writer);
  for (int i = 0; i < kFrames; ++i) {
    writer->frame(session, Direction::In, tick_price(1, i), Stamp::now());
    if (i % 1000 == 0) writer->event(session, "note", std::string(1000, 'x'), "", Stamp::now());
    REQUIRE(writer->queued_bytes() <= 70 * 1024);
  }
  writer->frame(session, Direction::In, std::string(100 * 1024, 'x'), Stamp::now());  // larger than the queue
  writer->end_session(session, EndStatus::Closed, "", Stamp::now());
  CHECK(writer->healthy());
  CHECK(writer->close().has_value());
  CHECK(query_one(path, "SELECT count(*), max(message_id) FROM messages") ==
        std::to_string(kFrames + 3) + "|" + std::to_string(kFrames + 3));
  CHECK(query_one(path, "SELECT count(*), sum(kind = 'note') FROM events WHERE kind <> 'undecodable'") == "20|20");
}

// Without it: an import gives up, or loses frames, because the disk was full for a moment.
TEST_CASE("a writer that waits goes on when the disk has space again") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  const IgnoresSizeSignal ignoring;
  WriterOptions options = waiting(64 * 1024);
  options.on_trouble = [](const std::string& text) {
    if (text.find("cannot record") != std::string::npos) limit_files(RLIM_INFINITY);  // somebody makes space
  };
  auto writer = open_writer(path, options);
  const SessionId session = begin(*writer);
  REQUIRE(writer->flush(10s));
  limit_files(400 * 1024);
  for (int i = 0; i < kFrames; ++i) writer->frame(session, Direction::In, tick_price(1, i), Stamp::now());
  CHECK(writer->close().has_value());
  CHECK(query_one(path, "SELECT count(*) FROM messages") == std::to_string(kFrames + 2));
  CHECK(query_one(path, "SELECT count(*) FROM events") == "0");
}

// Without it: an import onto a full disk hangs for ever, and nothing says why.
TEST_CASE("a writer that waits gives up on a disk that stays full, says so, and leaves a gap") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  const IgnoresSizeSignal ignoring;
  std::mutex mutex;
  std::condition_variable changed;
  std::string told;
  WriterOptions options = waiting(64 * 1024);
  options.patience = 20ms;
  options.on_trouble = [&](const std::string& text) {
    const std::lock_guard lock(mutex);
    told += text + "\n";
    changed.notify_all();
  };
  auto writer = open_writer(path, options);
  const SessionId session = begin(*writer);
  REQUIRE(writer->flush(10s));
  limit_files(1);
  for (int i = 0; i < kFrames; ++i) writer->frame(session, Direction::In, tick_price(1, i), Stamp::now());
  {
    std::unique_lock lock(mutex);
    CHECK(changed.wait_for(lock, 20s, [&] { return told.find("cannot record") != std::string::npos; }));
    CHECK(told.find("the queue is full") != std::string::npos);
  }
  CHECK_FALSE(writer->healthy());
  limit_files(RLIM_INFINITY);
  CHECK(writer->close().has_value());
  CHECK(query_one(path,
                  "SELECT (SELECT count(*) FROM messages) + (SELECT sum(count) FROM events WHERE kind = 'gap')") ==
        std::to_string(kFrames + 2));
}

// Without it: what other tools captured after the handshake cannot be put into a journal.
TEST_CASE("a session that begins midway decodes at its stated server version") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  SessionStart start{"127.0.0.1:50312", "127.0.0.1", 7496, Stamp::now()};
  start.server_version = 176;
  start.client_id = 7;
  const SessionId known = writer->begin_session(start);
  writer->frame(known, Direction::In, tick_price(9001, 150), Stamp::now());
  start.client_id.reset();
  const SessionId unknown = writer->begin_session(start);
  writer->frame(unknown, Direction::In, tick_price(9001, 150), Stamp::now());
  const SessionId whole = begin(*writer);
  CHECK(writer->close().has_value());
  CHECK(query(path, "SELECT message_id, json_extract(fields, '$.price') FROM messages WHERE wire = 'text'") ==
        std::vector<std::string>{"1|150.25", "2|150.25"});
  CHECK(query(path, "SELECT server_version, connection_time IS NULL, client_id FROM connection_sessions") ==
        std::vector<std::string>{"176|1|7", "176|1|-", "176|0|-"});
  auto reader = open_reader(path);
  CHECK(reader->session(known)->begins_midway);
  CHECK(reader->session(known)->got_past_start_api());
  CHECK(reader->session(unknown)->begins_midway);
  CHECK_FALSE(reader->session(unknown)->got_past_start_api());
  CHECK_FALSE(reader->session(whole)->begins_midway);
}
