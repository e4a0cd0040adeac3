// The journal thread: takes what the queue holds, commits it, and keeps it until that has worked (writer.h).
#include "journal/writer.h"

#include <sys/stat.h>

#include <atomic>
#include <cassert>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "journal/lock_file.h"
#include "journal/queue.h"
#include "journal/recorder.h"
#include "journal/schema.h"
#include "journal/sealer.h"

namespace ibkr::journal {

namespace {

constexpr std::size_t kBatchBytes = std::size_t{4} << 20;
constexpr std::chrono::milliseconds kRetryInterval{100};
constexpr std::chrono::seconds kLookInterval{1};
constexpr int kAttemptsAtClose = 3;
constexpr int kPageBytes = 4096;
// Checkpoints are ours to time: a small WAL is folded in (some ms) when little waits, a large one always.
constexpr int kIdleCheckpointPages = (4 << 20) / kPageBytes;
constexpr int kForcedCheckpointPages = (64 << 20) / kPageBytes;
constexpr std::size_t kLightLoadBytes = std::size_t{512} << 10;
constexpr const char* kCrashReason = "crash: recording process ended";

// Two names of one file must meet at one lock.
std::string canonical(const std::string& path) {
  std::error_code ignored;
  const auto found = std::filesystem::weakly_canonical(path, ignored);
  return ignored ? path : found.string();
}

int remember_wal_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

class Writer::Impl {
 public:
  Impl(std::string path, LockFile lock, std::unique_ptr<Database> database, WriterOptions options)
      : path_(std::move(path)),
        options_(std::move(options)),
        lock_(std::move(lock)),
        database_(std::move(database)),
        sealer_(*database_),
        recorder_(*database_, sealer_, options_.json) {}

  Expected<void, std::string> start();
  Expected<void, std::string> close();

  Queue& queue() { return *queue_; }
  SessionId next_session() { return next_session_.fetch_add(1); }
  bool closed() const { return closed_.load(std::memory_order_relaxed); }
  bool healthy() const { return !failing_.load() && !moved_.load() && !queue_->dropping(); }
  Sequence committed() const { return committed_.load(); }
  bool flush(std::chrono::milliseconds timeout);
  void became_full();

 private:
  void run();
  bool commit_next();
  void finish();
  void checkpoint();
  void committed_batch(Batch batch);
  bool handle_failure();
  void recovered();
  void look_for_file();
  void say(const std::string& text) const {
    if (options_.on_trouble) options_.on_trouble(path_ + ": " + text);
  }

  const std::string path_;
  const WriterOptions options_;
  LockFile lock_;
  std::unique_ptr<Database> database_;
  int wal_pages_ = 0;
  Sealer sealer_;
  Recorder recorder_;
  std::unique_ptr<Queue> queue_;
  std::atomic<SessionId> next_session_{1};

  // Journal thread.
  std::chrono::steady_clock::time_point next_look_;
  Batch batch_;       ///< taken, not yet committed
  std::string loss_;  ///< why finish() could not write everything

  std::atomic<bool> failing_{false};
  std::atomic<bool> moved_{false};
  std::atomic<bool> full_{false};
  std::atomic<Sequence> committed_{0};
  std::atomic<bool> closing_{false};
  std::atomic<bool> closed_{false};
  std::mutex done_mutex_;
  std::condition_variable done_;
  std::uint64_t done_ticket_ = 0;
  std::thread thread_;
};

Expected<void, std::string> Writer::Impl::start() {
  Database& db = *database_;
  sealer_.adopt(kCrashReason);
  const Sequence last = db.integer(
                              "SELECT max(last) FROM (SELECT max(message_id) AS last FROM messages"
                              " UNION ALL SELECT max(last_message_id) FROM connection_sessions"
                              " UNION ALL SELECT max(last_message_id) FROM events)")
                            .value_or(0);
  next_session_ = db.integer("SELECT max(session_id) FROM connection_sessions").value_or(0) + 1;
  const Stamp now = Stamp::now();
  Statement(db, "INSERT INTO recordings(start_time, start_mono_ns, ibkr_version) VALUES (?, ?, '" IBKR_VERSION "')")
      .run(now.wall_ns, now.mono_ns);
  if (db.failed()) return Unexpected("cannot record into " + path_ + ": " + db.error());
  committed_ = last;
  queue_ = std::make_unique<Queue>(options_.queue_bytes, last + 1, options_.when_full, options_.patience);
  sqlite3_wal_hook(db.handle(), remember_wal_pages, &wal_pages_);
  thread_ = std::thread([this] { run(); });
  return {};
}

void Writer::Impl::run() {
  while (!closing_) {
    if (failing_ || sealer_.done()) queue_->wait(failing_ ? kRetryInterval : options_.commit_interval);
    if (commit_next()) checkpoint();
    if (std::chrono::steady_clock::now() >= next_look_) look_for_file();
  }
  look_for_file();
  finish();
}

// A file that was deleted still takes every frame, and nobody will ever read one of them.
void Writer::Impl::look_for_file() {
  next_look_ = std::chrono::steady_clock::now() + kLookInterval;
  int moved = 0;
  sqlite3_file_control(database_->handle(), nullptr, SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved != 0 && !moved_.exchange(true)) {
    say("the file was deleted or moved while it is recorded into, and frames do not get into a file of this name; stop "
        "and start again");
  }
}

// One batch, and one slice of sealing. False when the database refused.
bool Writer::Impl::commit_next() {
  if (batch_.empty()) batch_ = queue_->take(kBatchBytes);
  if (!batch_.empty()) {
    if (!recorder_.commit(batch_)) return handle_failure();
    if (sealer_.done()) recovered();  // before flush() returns; with seals to do, only when they work too
    committed_batch(std::exchange(batch_, {}));
  }
  sealer_.step();
  if (database_->failed()) return handle_failure();
  recovered();
  return true;
}

void Writer::Impl::recovered() {
  if (failing_.exchange(false)) say("recording again, nothing that was waiting is lost");
}

void Writer::Impl::committed_batch(Batch batch) {
  const std::uint64_t ticket = batch.back()->end_ticket;
  committed_ = std::max(committed_.load(), batch.back()->last_sequence);
  queue_->release(std::move(batch));
  if (full_ && !queue_->dropping() && full_.exchange(false)) {
    say("there is room in the queue again; the events table says what is missing (kind 'gap')");
  }
  {
    std::lock_guard lock(done_mutex_);
    done_ticket_ = ticket;
  }
  done_.notify_all();
}

bool Writer::Impl::handle_failure() {
  if (!database_->failed()) return false;  // has been handled where it came up
  const std::string why = database_->error();
  const int code = database_->error_code();
  database_->roll_back();
  const bool locked = (code & 0xFF) == SQLITE_BUSY;
  loss_ = locked ? why + ": another program is in the middle of writing to the file; end it, or its transaction" : why;
  if (!failing_.exchange(true)) {
    say("cannot record (" + loss_ + "); frames wait in memory, up to " + std::to_string(options_.queue_bytes >> 20) +
        " MiB, until it can be written");
  }
  return false;
}

void Writer::Impl::became_full() {
  if (full_.exchange(true)) return;
  say("the queue is full (" + std::to_string(options_.queue_bytes >> 20) +
      " MiB): frames are not being recorded until the disk keeps up");
}

void Writer::Impl::checkpoint() {
  if (wal_pages_ < kIdleCheckpointPages) return;
  if (wal_pages_ < kForcedCheckpointPages && queue_->bytes() > kLightLoadBytes) return;
  sqlite3_wal_checkpoint_v2(database_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  wal_pages_ = 0;
}

bool Writer::Impl::flush(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const std::uint64_t target = queue_->last_ticket();
  queue_->wake();
  std::unique_lock lock(done_mutex_);
  return done_.wait_until(lock, deadline, [&] { return done_ticket_ >= target; });
}

// Everything that waits, the ends of sessions, their seals, and the WAL folded into the one file.
void Writer::Impl::finish() {
  const auto persist = [this](auto&& attempt) {
    for (int i = 0; i < kAttemptsAtClose; ++i) {
      if (attempt()) return true;
      handle_failure();
      queue_->wait(kRetryInterval);
    }
    return false;
  };
  while (!batch_.empty() || queue_->last_ticket() != done_ticket_ || queue_->has_gaps()) {
    if (!persist([this] { return commit_next(); })) return;
  }
  const auto end_open = [this] {
    return recorder_.end_open_sessions(EndStatus::Error, "the recording ended before the session did", Stamp::now());
  };
  if (!persist(end_open)) return;
  while (!sealer_.done()) {
    if (!persist([this] {
          sealer_.step();
          return !database_->failed();
        }))
      return;
  }
  loss_.clear();
  sqlite3_wal_checkpoint_v2(database_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  database_->execute("PRAGMA journal_mode=DELETE");  // a reader may be in the way: then it stays a WAL database
}

Expected<void, std::string> Writer::Impl::close() {
  if (closed_.exchange(true) || !thread_.joinable()) return {};
  closing_ = true;
  queue_->wake();
  thread_.join();
  if (loss_.empty() && moved_) {
    return Unexpected(path_ + " was deleted or moved while it was recorded into: it does not hold this recording");
  }
  if (loss_.empty()) return {};
  std::int64_t frames = 0;
  for (const auto& chunk : batch_) frames += chunk->frames;
  while (true) {
    const Batch rest = queue_->take(kBatchBytes);
    if (rest.empty()) break;
    for (const auto& chunk : rest) frames += chunk->frames;
  }
  return Unexpected(path_ + ": " + std::to_string(frames) + " frames could not be written: " + loss_ +
                    "; the file is valid up to message " + std::to_string(committed_.load()));
}

namespace {

// Checks, or creates, the file, and sets the connection up for recording.
Expected<std::unique_ptr<Database>, std::string> open_database(const std::string& path) {
  auto opened = Database::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const std::string where = "cannot record into " + path + ": ";
  if (!opened) return Unexpected(where + opened.error() + "; name a file that can be written");
  Database& db = **opened;
  sqlite3_busy_timeout(db.handle(), 1000);
  const bool fresh = is_empty_database(db);
  if (!fresh) {
    db.clear_error();
    auto format = check_format(db, path);
    if (!format) return Unexpected(where + format.error());
  }
  db.execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY;"
      "PRAGMA cache_size=-16384; PRAGMA journal_size_limit=67108864");
  if (fresh) {
    create_schema(db);
  } else {
    complete_schema(db);
  }
  if (db.failed()) return Unexpected(where + db.error());
  return opened;
}

}  // namespace

Writer::Writer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Writer::~Writer() {
  static_cast<void>(close());  // who wants to know what was lost calls it himself
}

Expected<std::unique_ptr<Writer>, std::string> Writer::open(const std::string& given, WriterOptions options) {
  const std::string path = canonical(given);
  auto lock = LockFile::acquire(path);
  if (!lock) return Unexpected(lock.error());
  auto database = open_database(path);
  if (!database) return Unexpected(database.error());
  auto impl = std::make_unique<Impl>(path, std::move(*lock), std::move(*database), std::move(options));
  if (auto started = impl->start(); !started) return Unexpected(started.error());
  return std::unique_ptr<Writer>(new Writer(std::move(impl)));
}

SessionId Writer::begin_session(SessionStart start) {
  assert(!impl_->closed());
  const SessionId session = impl_->next_session();
  const Stamp at = start.at;
  if (impl_->queue().push_control(session, BeginSession{session, std::move(start)}, at, false, true).became_full) {
    impl_->became_full();
  }
  return session;
}

void Writer::hello(SessionId session, const protocol::Hello& hello, std::string_view raw, Stamp at) {
  assert(!impl_->closed());
  if (impl_->queue().push_control(session, HelloSeen{hello, std::string(raw)}, at, true, true).became_full) {
    impl_->became_full();
  }
}

void Writer::hello_answer(SessionId session, const protocol::HelloAnswer& answer, std::string_view payload, Stamp at) {
  assert(!impl_->closed());
  if (impl_->queue().push_control(session, AnswerSeen{answer, std::string(payload)}, at, true, true).became_full) {
    impl_->became_full();
  }
}

Sequence Writer::frame(SessionId session, protocol::Direction direction, std::string_view payload, Stamp at) {
  assert(!impl_->closed());
  const auto pushed = impl_->queue().push_frame(session, direction, payload, at);
  if (pushed.became_full) impl_->became_full();
  return pushed.sequence;
}

void Writer::event(SessionId session, std::string_view kind, std::string_view text, std::string_view raw, Stamp at) {
  assert(!impl_->closed());
  EventSeen seen{std::string(kind), std::string(text), std::string(raw)};
  if (impl_->queue().push_control(session, std::move(seen), at, false, false).became_full) impl_->became_full();
}

void Writer::end_session(SessionId session, EndStatus status, std::string_view reason, Stamp at) {
  assert(!impl_->closed());
  if (impl_->queue().push_control(session, EndSession{status, std::string(reason)}, at, false, true).became_full) {
    impl_->became_full();
  }
}

bool Writer::healthy() const { return impl_->healthy(); }
Sequence Writer::committed() const { return impl_->committed(); }
std::size_t Writer::queued_bytes() const { return impl_->queue().bytes(); }
bool Writer::flush(std::chrono::milliseconds timeout) { return impl_->flush(timeout); }
Expected<void, std::string> Writer::close() { return impl_->close(); }

}  // namespace ibkr::journal
