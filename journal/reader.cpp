// Reading of journals (reader.h).
#include "journal/reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>

#include "journal/database.h"
#include "journal/schema.h"

namespace ibkr::journal {

namespace {

constexpr Sequence kNoEnd = std::numeric_limits<Sequence>::max();
const std::string kSessionColumns =
    "SELECT session_id, start_time, start_mono_ns, end_time, end_mono_ns, peer, host, port, client_id, status,"
    " end_reason, server_version, connection_time, client_min_version, client_max_version, connect_options, accounts,"
    " first_message_id, last_message_id, outgoing_frames, outgoing_bytes, incoming_frames, incoming_bytes, sealed, ";

std::string text(const Statement& row, int column) { return std::string(row.bytes(column)); }
int small(const Statement& row, int column) { return static_cast<int>(row.integer(column)); }

SessionInfo session_of(const Statement& row) {
  SessionInfo s;
  s.id = row.integer(0);
  s.start = {row.integer(1), row.integer(2)};
  if (row.maybe_integer(3)) s.end = Stamp{row.integer(3), row.integer(4)};
  s.peer = text(row, 5);
  s.host = text(row, 6);
  s.port = small(row, 7);
  s.client_id = row.maybe_integer(8);
  s.status = text(row, 9);
  s.end_reason = text(row, 10);
  s.server_version = small(row, 11);
  s.connection_time = text(row, 12);
  s.begins_midway = s.server_version != 0 && row.is_null(12);
  s.client_min_version = small(row, 13);
  s.client_max_version = small(row, 14);
  s.connect_options = text(row, 15);
  s.accounts = text(row, 16);
  s.first = row.integer(17);
  s.last = row.maybe_integer(18).value_or(0);
  s.outgoing_frames = row.integer(19);
  s.outgoing_bytes = row.integer(20);
  s.incoming_frames = row.integer(21);
  s.incoming_bytes = row.integer(22);
  s.sealed = row.integer(23) != 0;
  s.recording = row.integer(24);
  return s;
}

// A count per session; a damaged table leaves it at 0.
void count_rows(Database& database, const std::string& table, std::int64_t SessionInfo::*count,
                std::vector<SessionInfo>& sessions) {
  Statement rows(database, "SELECT session_id, count(*) FROM " + table + " GROUP BY session_id");
  if (rows.start()) {
    while (rows.step()) {
      const auto found = std::ranges::lower_bound(sessions, rows.integer(0), {}, &SessionInfo::id);
      if (found != sessions.end() && found->id == rows.integer(0)) (*found).*count = rows.integer(1);
    }
  }
  database.clear_error();
}

// Forgets the error, so that what else is asked is answered as far as it can be.
std::string take_error(Database& database, const std::string& path) {
  std::string error = path + ": " + database.error();
  database.clear_error();
  return error;
}

// "1..4, 7"
std::string list_numbers(const std::vector<SessionInfo>& sessions) {
  std::string out;
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    std::size_t end = i;
    while (end + 1 < sessions.size() && sessions[end + 1].id == sessions[end].id + 1) ++end;
    out += (out.empty() ? "" : ", ") + std::to_string(sessions[i].id);
    if (end > i) out += ".." + std::to_string(sessions[end].id);
    i = end;
  }
  return out;
}

std::string list_ranges(const std::vector<Check::Range>& ranges) {
  std::string out;
  for (const auto& range : ranges) {
    out += (out.empty() ? "" : ", ") + std::to_string(range.first) + ".." + std::to_string(range.last);
  }
  return out.empty() ? "none" : out;
}

}  // namespace

Reader::Reader(std::string path, std::unique_ptr<Database> database)
    : path_(std::move(path)), database_(std::move(database)) {}
Reader::~Reader() = default;

Expected<std::unique_ptr<Reader>, std::string> Reader::open(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) {
    return Unexpected("cannot read " + path + ": " + std::strerror(errno) + "; name a file that ibkr proxy recorded");
  }
  if (!S_ISREG(found.st_mode)) return Unexpected("not an ibkr journal: " + path + " is not a regular file");
  auto database = Database::open(path, SQLITE_OPEN_READONLY);
  if (!database) return Unexpected("cannot read " + path + ": " + database.error());
  sqlite3_busy_timeout((*database)->handle(), 5000);
  // writable_schema makes SQLite open a file that was cut short; nothing is written on this connection.
  (*database)->execute("PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; PRAGMA writable_schema=ON");
  if (auto format = check_format(**database, path); !format) return Unexpected(format.error());
  return std::unique_ptr<Reader>(new Reader(path, std::move(*database)));
}

Expected<std::vector<SessionInfo>, std::string> Reader::sessions() {
  std::vector<SessionInfo> sessions;
  const char* recording = has_recordings(*database_) ? "recording_id" : "0";
  Statement rows(*database_, kSessionColumns + recording + " FROM connection_sessions ORDER BY session_id");
  if (rows.start()) {
    while (rows.step()) sessions.push_back(session_of(rows));
  }
  if (database_->failed()) return Unexpected(take_error(*database_, path_));
  count_rows(*database_, "orders", &SessionInfo::orders, sessions);
  count_rows(*database_, "executions", &SessionInfo::executions, sessions);
  const Sequence newest = database_->integer("SELECT max(message_id) FROM messages").value_or(0);
  database_->clear_error();  // a damaged table of messages leaves the sessions readable
  for (SessionInfo& session : sessions) {
    if (session.status == "active") session.last = newest;
  }
  return sessions;
}

Expected<SessionInfo, std::string> Reader::session(SessionId id) {
  auto all = sessions();
  if (!all) return Unexpected(all.error());
  for (SessionInfo& session : *all) {
    if (session.id == id) return std::move(session);
  }
  if (all->empty()) return Unexpected(path_ + " has no sessions yet");
  return Unexpected("session " + std::to_string(id) + " is not in " + path_ + "; it has " + list_numbers(*all));
}

Expected<SessionInfo, std::string> Reader::last_session() {
  auto all = sessions();
  if (!all) return Unexpected(all.error());
  if (all->empty()) return Unexpected(path_ + " has no sessions yet");
  return std::move(all->back());
}

Expected<FrameCursor, std::string> Reader::frames(SessionId id, WithFields fields, Sequence after) {
  const auto found = session(id);
  if (!found) return Unexpected(found.error());
  return FrameCursor(*database_, path_, id, std::max(after, found->first - 1),
                     found->status == "active" ? kNoEnd : found->last, fields);
}

Expected<std::vector<Event>, std::string> Reader::events(SessionId id) {
  std::vector<Event> events;
  Statement rows(*database_,
                 "SELECT session_id, timestamp, mono_ns, kind, message_id, text, raw, count, bytes,"
                 " first_message_id, last_message_id FROM events WHERE session_id IN (0, ?)"
                 " ORDER BY event_id");
  if (rows.start(id)) {
    while (rows.step()) {
      events.push_back({rows.integer(0),
                        {rows.integer(1), rows.integer(2)},
                        text(rows, 3),
                        rows.integer(4),
                        text(rows, 5),
                        text(rows, 6),
                        rows.integer(7),
                        rows.integer(8),
                        rows.integer(9),
                        rows.integer(10)});
    }
  }
  if (database_->failed()) return Unexpected(take_error(*database_, path_));
  return events;
}

FrameCursor::FrameCursor(Database& database, const std::string& path, SessionId session, Sequence after, Sequence last,
                         WithFields fields)
    : database_(&database), path_(&path), session_(session), position_(after), last_(last) {
  statement_ = std::make_unique<Statement>(
      database, std::string("SELECT message_id, timestamp, mono_ns, direction, message_type, wire, message_content,"
                            " request_id, order_id, ") +
                    (fields == WithFields::Yes ? "fields" : "NULL") +
                    " FROM messages WHERE message_id > ?1 AND message_id <= ?2 AND (?3 = 0 OR session_id = ?3)"
                    " ORDER BY message_id");
}
FrameCursor::~FrameCursor() = default;
FrameCursor::FrameCursor(FrameCursor&&) noexcept = default;

Expected<std::optional<Frame>, std::string> FrameCursor::next() {
  if (!running_) running_ = statement_->start(position_, last_, session_);
  if (running_ && statement_->step()) {
    if (const Sequence number = statement_->integer(0); number > position_) {
      position_ = number;  // one that damage made smaller must not lead back
      stride_ = 1;
    }
    return std::optional(frame());
  }
  running_ = false;  // and SQLite's read lock is gone, so that a recording can reuse its WAL
  if (!database_->failed()) return std::optional<Frame>();
  return Unexpected(take_error(*database_, *path_) + "; readable up to message " + std::to_string(position_));
}

Frame FrameCursor::frame() const {
  const Statement& row = *statement_;
  Frame f;
  f.sequence = row.integer(0);
  f.at = {row.integer(1), row.integer(2)};
  f.direction = row.bytes(3) == "outgoing" ? protocol::Direction::Out : protocol::Direction::In;
  f.name = row.bytes(4);
  const std::string_view wire = row.bytes(5);
  if (wire == "text") f.wire = protocol::Wire::Text;
  if (wire == "protobuf") f.wire = protocol::Wire::Protobuf;
  if (!f.wire && f.name == "Hello") f.kind = FrameKind::Hello;
  if (!f.wire && f.name == "HelloAnswer") f.kind = FrameKind::HelloAnswer;
  f.payload = row.bytes(6);
  f.request_id = row.maybe_integer(7);
  f.order_id = row.maybe_integer(8);
  f.fields = row.bytes(9);
  return f;
}

// True when the file can be read at `from`: a row is there, or the end.
bool FrameCursor::readable_from(Sequence from) {
  bool readable = statement_->start(from - 1, kNoEnd, SessionId{0});
  if (readable) statement_->step();
  readable = readable && !database_->failed();
  statement_->reset();
  database_->clear_error();
  return readable;
}

bool FrameCursor::skip_damage() {
  if (position_ > kNoEnd / 4 || stride_ > kNoEnd / 4) return false;
  Sequence bad = position_ + stride_ - 1;
  Sequence good = bad + 1;
  stride_ *= 2;
  for (Sequence step = 1; !readable_from(good); step *= 2) {
    if (good > kNoEnd / 4 || step > kNoEnd / 4) return false;
    bad = good;
    good += step;
  }
  while (good - bad > 1) {  // the damage ends between them
    const Sequence middle = bad + (good - bad) / 2;
    (readable_from(middle) ? good : bad) = middle;
  }
  running_ = statement_->start(good - 1, last_, session_);
  const bool found = running_ && statement_->step();
  running_ = false;
  statement_->reset();
  database_->clear_error();
  if (found) position_ = good - 1;
  return found;
}

Check Reader::check() {
  Check result;
  FrameCursor cursor(*database_, path_, 0, 0, kNoEnd, WithFields::Yes);
  Sequence begin = 0;
  const auto close_range = [&](Sequence last) {
    if (begin != 0) result.readable.push_back({begin, last});
    begin = 0;
  };
  for (;;) {
    const auto frame = cursor.next();
    if (frame && *frame) {
      if (begin == 0) begin = (*frame)->sequence;
      continue;
    }
    close_range(cursor.position());
    if (frame) break;
    const Sequence damaged = cursor.position() + 1;
    result.problems.push_back(frame.error());
    if (!cursor.skip_damage()) {
      result.damaged.push_back({damaged, kNoEnd});
      break;
    }
    result.damaged.push_back({damaged, cursor.position()});
  }
  Statement structure(*database_, "PRAGMA integrity_check(20)");
  if (structure.start()) {
    while (structure.step()) {
      if (structure.bytes(0) != "ok") result.problems.push_back(text(structure, 0));
    }
  }
  if (database_->failed()) result.problems.push_back(take_error(*database_, path_));
  return result;
}

std::vector<std::string> Reader::quick_check() {
  std::vector<std::string> problems;
  Statement structure(*database_, "PRAGMA quick_check(20)");
  if (structure.start()) {
    while (structure.step()) {
      if (structure.bytes(0) != "ok") problems.push_back(text(structure, 0));
    }
  }
  if (database_->failed()) problems.push_back(take_error(*database_, path_));
  Statement page(*database_, "PRAGMA page_size");
  std::error_code no_size;
  const std::uintmax_t size = std::filesystem::file_size(path_, no_size);
  // SQLite reads zeros where the last page ends too early.
  if (!no_size && page.start() && page.step() && page.integer(0) > 0) {
    const std::uintmax_t rest = size % static_cast<std::uintmax_t>(page.integer(0));
    if (rest != 0) problems.push_back("the file is cut short: its last page has " + std::to_string(rest) + " bytes");
  }
  return problems;
}

Expected<std::int64_t, std::string> Reader::missing_messages(SessionId id) {
  const auto found = session(id);
  if (!found) return Unexpected(found.error());
  Statement rows(*database_, "SELECT count(*) FROM messages WHERE message_id BETWEEN ?1 AND ?2");
  Statement gaps(*database_,
                 "SELECT coalesce(sum(count), 0) FROM events WHERE kind = 'gap'"
                 " AND last_message_id >= ?1 AND first_message_id <= ?2");
  std::int64_t missing = 0;
  if (rows.start(found->first, found->last) && rows.step()) missing = found->last - found->first + 1 - rows.integer(0);
  if (missing > 0 && gaps.start(found->first, found->last) && gaps.step()) missing -= gaps.integer(0);
  if (database_->failed()) return Unexpected(take_error(*database_, path_));
  return std::max<std::int64_t>(missing, 0);
}

std::string Check::to_string() const {
  if (ok()) return "messages " + list_ranges(readable) + " are readable; the file is sound";
  std::string out = "readable messages: " + list_ranges(readable);
  if (!damaged.empty()) {
    out += "; damaged: ";
    for (std::size_t i = 0; i < damaged.size(); ++i) {
      out += (i == 0 ? "" : ", ") + std::to_string(damaged[i].first) + "..";
      if (damaged[i].last != kNoEnd) out += std::to_string(damaged[i].last);
    }
  }
  for (const std::string& problem : problems) out += "\n" + problem;
  return out + "\n`sqlite3 FILE .recover` may find rows that the file's tree no longer leads to";
}

}  // namespace ibkr::journal
