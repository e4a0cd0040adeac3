// Sealing of ended sessions (sealer.h).
#include "journal/sealer.h"

#include <algorithm>

namespace ibkr::journal {

namespace {

constexpr Sequence kSlice = 20000;  // about 20 ms of work

constexpr const char* kEndActive = R"sql(
WITH seen AS (
  SELECT s.session_id, max(m.message_id) AS last, max(m.timestamp) AS ended, max(m.mono_ns) AS ended_mono,
    count(m.message_id) FILTER (WHERE m.direction = 'outgoing' AND m.message_type <> 'Hello') AS frames_out,
    sum(length(m.message_content)) FILTER (WHERE m.direction = 'outgoing' AND m.message_type <> 'Hello') AS bytes_out,
    count(m.message_id) FILTER (WHERE m.direction = 'incoming' AND m.message_type <> 'HelloAnswer') AS frames_in,
    sum(length(m.message_content)) FILTER (WHERE m.direction = 'incoming' AND m.message_type <> 'HelloAnswer')
      AS bytes_in
  FROM connection_sessions s LEFT JOIN messages m
    ON m.session_id = s.session_id AND m.message_id >= s.first_message_id
  WHERE s.status = 'active' GROUP BY s.session_id)
UPDATE connection_sessions AS s SET status = 'error', end_reason = ?,
  end_time = coalesce(seen.ended, start_time), end_mono_ns = coalesce(seen.ended_mono, start_mono_ns),
  last_message_id = coalesce(seen.last, first_message_id - 1),
  outgoing_frames = seen.frames_out, outgoing_bytes = coalesce(seen.bytes_out, 0),
  incoming_frames = seen.frames_in, incoming_bytes = coalesce(seen.bytes_in, 0)
FROM seen WHERE s.session_id = seen.session_id
)sql";

}  // namespace

Sealer::Sealer(Database& database)
    : database_(database),
      index_(database,
             "INSERT OR IGNORE INTO message_index(session_id, message_type, message_id, request_id, order_id)"
             " SELECT session_id, message_type, message_id, request_id, order_id FROM messages"
             " WHERE session_id = ? AND message_id BETWEEN ? AND ?"),
      seal_(database, "UPDATE connection_sessions SET sealed = 1 WHERE session_id = ?") {}

void Sealer::adopt(std::string_view reason) {
  database_.execute("BEGIN IMMEDIATE");
  Statement(database_, kEndActive).run(reason);
  database_.execute("COMMIT");
  Statement unsealed(database_,
                     "SELECT session_id, first_message_id, last_message_id FROM connection_sessions"
                     " WHERE sealed = 0 ORDER BY session_id");
  if (!unsealed.start()) return;
  while (unsealed.step()) add(unsealed.integer(0), unsealed.integer(1), unsealed.integer(2));
}

void Sealer::step() {
  if (jobs_.empty()) return;
  Job& job = jobs_.front();
  const Sequence end = std::min(job.last, job.next + kSlice - 1);
  database_.execute("BEGIN IMMEDIATE");
  index_.run(job.session, job.next, end);
  if (end >= job.last) seal_.run(job.session);
  database_.execute("COMMIT");
  if (database_.failed()) return;
  if (end >= job.last) {
    jobs_.pop_front();
  } else {
    job.next = end + 1;
  }
}

}  // namespace ibkr::journal
