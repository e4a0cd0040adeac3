// Reader: what a journal holds, also while it is being recorded. Never writes. FORMAT.md describes the file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "journal/types.h"
#include "protocol/schema.h"

namespace ibkr::journal {

class Database;
class Statement;

/// A row of connection_sessions. What was never seen is empty or none.
struct SessionInfo {
  SessionId id = 0;
  RecordingId recording = 0;  ///< sessions with the same number were recorded by one run; 0: not known (an older file)
  Stamp start;
  std::optional<Stamp> end;
  std::string peer;  ///< the app's address
  std::string host;  ///< the upstream
  int port = 0;
  std::optional<std::int64_t> client_id;  ///< as START_API said; none: the session did not get that far
  std::string status;                     ///< "active", "closed" or "error"
  std::string end_reason;
  int server_version = 0;  ///< 0: the hello was never answered, or not with a version
  /// True where the recording began behind the handshake, at a stated server version: no hello and no answer to one are
  /// among its messages, and none are missing.
  bool begins_midway = false;
  std::string connection_time;
  int client_min_version = 0;
  int client_max_version = 0;
  std::string connect_options;
  std::string accounts;              ///< comma separated, as TWS sent them
  Sequence first = 0;                ///< its messages lie in first..last, others' may lie between
  Sequence last = 0;                 ///< while it is active: the newest of the file
  std::int64_t outgoing_frames = 0;  ///< app to TWS; counts are 0 while it is active
  std::int64_t outgoing_bytes = 0;
  std::int64_t incoming_frames = 0;
  std::int64_t incoming_bytes = 0;
  std::int64_t orders = 0;  ///< rows of orders and of executions, so far
  std::int64_t executions = 0;
  bool sealed = false;

  /// True when the app sent START_API: a session, not a probe, a bare connect or a failed handshake.
  bool got_past_start_api() const { return client_id.has_value(); }
};

/// What a row of messages is.
enum class FrameKind : std::uint8_t {
  Hello,        ///< payload: the app's bytes before frames begin
  HelloAnswer,  ///< payload: of TWS's first frame
  Message,
};

/// A row of messages. Views are valid until the cursor's next call.
struct Frame {
  Sequence sequence = 0;
  Stamp at;
  protocol::Direction direction = protocol::Direction::In;
  FrameKind kind = FrameKind::Message;
  std::string_view payload;            ///< without the length prefix
  std::string_view name;               ///< "TickPrice", "Unknown:999"
  std::optional<protocol::Wire> wire;  ///< none for the hello, its answer, and what has no readable id
  std::optional<std::int64_t> request_id;
  std::optional<std::int64_t> order_id;
  std::string_view fields;  ///< JSON, or "" where the recording has none or it was not asked for
};

/// A row of events.
struct Event {
  SessionId session = 0;  ///< 0: the whole journal
  Stamp at;
  std::string kind;
  Sequence after = 0;  ///< the message it is about, or the last one before it
  std::string text;
  std::string raw;
  std::int64_t count = 0;  ///< of a gap: what is missing
  std::int64_t bytes = 0;
  Sequence first_missing = 0;
  Sequence last_missing = 0;
};

enum class WithFields : bool { No, Yes };

/// The frames of one session, in order, one in memory at a time. Outlived by its Reader.
class FrameCursor {
 public:
  ~FrameCursor();
  FrameCursor(FrameCursor&&) noexcept;

  /// The next frame. None at the end; when the session is still being recorded, a later call gives what came since.
  /// Fails where the file is damaged, naming the last readable message; skip_damage() may then find more.
  Expected<std::optional<Frame>, std::string> next();
  /// After a failure: goes on at the first readable message behind the damage. False when there is none.
  bool skip_damage();
  /// Of the frame that next() gave last.
  Sequence position() const { return position_; }

 private:
  friend class Reader;
  FrameCursor(Database& database, const std::string& path, SessionId session, Sequence after, Sequence last,
              WithFields fields);
  Frame frame() const;
  bool readable_from(Sequence from);

  Database* database_;
  const std::string* path_;
  SessionId session_;
  Sequence position_;
  Sequence last_;
  Sequence stride_ = 1;  ///< of skip_damage(); grows while skipping yields nothing new, so that it comes to an end
  std::unique_ptr<Statement> statement_;
  bool running_ = false;
};

/// Messages of a file, by whether they can be read.
struct Check {
  struct Range {
    Sequence first;
    Sequence last;
  };
  std::vector<Range> readable;
  std::vector<Range> damaged;
  std::vector<std::string> problems;  ///< SQLite's words about the file's structure
  bool ok() const { return damaged.empty() && problems.empty(); }
  /// "messages 1..5000 and 5600..9000 are readable, 5001..5599 are not"
  std::string to_string() const;
};

/// An open journal. For one thread at a time. Throws nothing.
class Reader {
 public:
  /// Fails with a text that says what and what to do: no such file, not an ibkr journal, written by a newer ibkr.
  static Expected<std::unique_ptr<Reader>, std::string> open(const std::string& path);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// All sessions, oldest first.
  Expected<std::vector<SessionInfo>, std::string> sessions();
  /// Fails with the numbers that are there when this one is not.
  Expected<SessionInfo, std::string> session(SessionId id);
  /// The newest session. Fails when there is none.
  Expected<SessionInfo, std::string> last_session();
  /// Frames of a session after a sequence number (0: from the start).
  Expected<FrameCursor, std::string> frames(SessionId id, WithFields fields = WithFields::No, Sequence after = 0);
  /// Events of a session and of the whole journal, in order.
  Expected<std::vector<Event>, std::string> events(SessionId id);
  /// Reads everything once and says what of it can be read.
  Check check();
  /// SQLite's own look at the file's structure, without its indexes' contents: its words for what is wrong with it, at
  /// most 20; none when it is sound. Takes about as long as reading the file.
  std::vector<std::string> quick_check();
  /// How many numbers between the first and the last message of a session have no row and are not told missing by a gap
  /// event. Numbers have no holes otherwise, whichever sessions they are of.
  Expected<std::int64_t, std::string> missing_messages(SessionId id);

 private:
  Reader(std::string path, std::unique_ptr<Database> database);
  std::string path_;
  std::unique_ptr<Database> database_;
};

}  // namespace ibkr::journal
