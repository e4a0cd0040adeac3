// Tables and views of a journal (schema.h, FORMAT.md).
#include "journal/schema.h"

namespace ibkr::journal {

namespace {

constexpr const char* kTables = R"sql(
CREATE TABLE meta(
  name TEXT PRIMARY KEY,
  value
) WITHOUT ROWID;

CREATE TABLE readable_by(
  format INTEGER PRIMARY KEY,
  since_ibkr TEXT NOT NULL,
  what TEXT NOT NULL
);

CREATE TABLE connection_sessions(
  session_id INTEGER PRIMARY KEY,
  start_time INTEGER NOT NULL,
  start_mono_ns INTEGER NOT NULL,
  end_time INTEGER,
  end_mono_ns INTEGER,
  peer TEXT NOT NULL,
  host TEXT NOT NULL,
  port INTEGER NOT NULL,
  client_id INTEGER,
  status TEXT NOT NULL CHECK (status IN ('active', 'closed', 'error')),
  end_reason TEXT,
  server_version INTEGER,
  connection_time TEXT,
  client_min_version INTEGER,
  client_max_version INTEGER,
  connect_options TEXT,
  accounts TEXT,
  first_message_id INTEGER NOT NULL,
  last_message_id INTEGER,
  outgoing_frames INTEGER,
  outgoing_bytes INTEGER,
  incoming_frames INTEGER,
  incoming_bytes INTEGER,
  sealed INTEGER NOT NULL DEFAULT 0,
  ibkr_version TEXT NOT NULL
);

CREATE TABLE messages(
  message_id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  mono_ns INTEGER NOT NULL,
  direction TEXT NOT NULL,
  request_id INTEGER,
  order_id INTEGER,
  message_type TEXT NOT NULL,
  wire TEXT,
  message_content BLOB NOT NULL,
  fields TEXT
);

CREATE TABLE message_index(
  session_id INTEGER NOT NULL,
  message_type TEXT NOT NULL,
  message_id INTEGER NOT NULL,
  request_id INTEGER,
  order_id INTEGER,
  PRIMARY KEY (session_id, message_type, message_id)
) WITHOUT ROWID;

CREATE TABLE orders(
  session_id INTEGER NOT NULL,
  client_id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  perm_id INTEGER,
  account TEXT,
  contract_symbol TEXT,
  con_id INTEGER,
  sec_type TEXT,
  exchange TEXT,
  currency TEXT,
  action TEXT,
  quantity REAL,
  order_type TEXT,
  limit_price REAL,
  aux_price REAL,
  tif TEXT,
  parent_id INTEGER,
  order_ref TEXT,
  what_if INTEGER,
  status TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  message_id INTEGER NOT NULL
);
CREATE UNIQUE INDEX orders_key
  ON orders(session_id, client_id, order_id, CASE WHEN order_id > 0 THEN 0 ELSE coalesce(perm_id, 0) END);

CREATE TABLE order_status(
  status_id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL,
  client_id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  perm_id INTEGER,
  status TEXT,
  filled_quantity REAL,
  remaining_quantity REAL,
  average_price REAL,
  last_price REAL,
  parent_id INTEGER,
  why_held TEXT,
  timestamp INTEGER NOT NULL,
  message_id INTEGER NOT NULL
);

CREATE TABLE executions(
  session_id INTEGER NOT NULL,
  execution_id TEXT NOT NULL,
  client_id INTEGER,
  order_id INTEGER,
  perm_id INTEGER,
  account TEXT,
  time TEXT,
  symbol TEXT,
  con_id INTEGER,
  sec_type TEXT,
  exchange TEXT,
  currency TEXT,
  side TEXT,
  quantity REAL,
  price REAL,
  commission REAL,
  commission_currency TEXT,
  realized_pnl REAL,
  timestamp INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (session_id, execution_id)
) WITHOUT ROWID;

CREATE TABLE events(
  event_id INTEGER PRIMARY KEY,
  session_id INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  mono_ns INTEGER NOT NULL,
  kind TEXT NOT NULL,
  message_id INTEGER,
  text TEXT NOT NULL,
  raw BLOB,
  count INTEGER,
  bytes INTEGER,
  first_message_id INTEGER,
  last_message_id INTEGER
);
)sql";

// What came to the format since its first files, without making them another one: who does not know it is not misled.
constexpr const char* kAdditions = R"sql(
CREATE TABLE recordings(
  recording_id INTEGER PRIMARY KEY,
  start_time INTEGER NOT NULL,
  start_mono_ns INTEGER NOT NULL,
  ibkr_version TEXT NOT NULL
);
ALTER TABLE connection_sessions ADD COLUMN recording_id INTEGER;
)sql";

// Nanoseconds as 2026-11-23T14:30:00.123456Z.
#define IBKR_ISO(ns) \
  "strftime('%Y-%m-%dT%H:%M:%S', " ns " / 1000000000, 'unixepoch') || printf('.%06dZ', " ns " % 1000000000 / 1000)"

constexpr const char* kViews =
    "CREATE VIEW v_sessions AS SELECT session_id, recording_id, " IBKR_ISO("start_time") " AS started, " IBKR_ISO("end_time")
    " AS ended, (end_mono_ns - start_mono_ns) / 1e9 AS seconds, status, end_reason, peer, host, port, client_id,"
    " server_version, accounts, outgoing_frames, incoming_frames, sealed FROM connection_sessions;"
    "CREATE VIEW v_messages AS SELECT message_id, session_id, " IBKR_ISO("timestamp") " AS time, direction,"
    " message_type, request_id, order_id, wire, length(message_content) AS bytes, fields FROM messages;"
    "CREATE VIEW v_sealed_messages AS SELECT i.session_id, i.message_type, i.request_id, i.order_id, m.message_id, "
    IBKR_ISO("m.timestamp") " AS time, m.direction, m.wire, m.message_content, m.fields"
    " FROM message_index i CROSS JOIN messages m ON m.message_id = i.message_id;"
    "CREATE VIEW v_errors AS SELECT message_id, session_id, " IBKR_ISO("timestamp") " AS time,"
    " json_extract(fields, '$.id') AS id, json_extract(fields, '$.error_code') AS code,"
    " json_extract(fields, '$.error_msg') AS text FROM messages WHERE message_type = 'ErrorMessage';"
    "CREATE VIEW v_events AS SELECT event_id, session_id, " IBKR_ISO("timestamp") " AS time, kind, message_id, text,"
    " count, bytes, first_message_id, last_message_id FROM events;"
    // One row per fill. Ids are taken apart as protocol/exec_id.h says, so that any SQLite tool can read it; an execution
    // that several sessions were told of has a row in each; a commission may have come in another one, or alone.
    "CREATE VIEW v_fills AS"
    " WITH parts AS (SELECT *, rtrim(execution_id, replace(execution_id, '.', '')) AS stem FROM executions),"
    " revisions AS (SELECT *, substr(execution_id, length(stem) + 1) AS digits FROM parts),"
    " told AS (SELECT *, CASE WHEN stem = '' OR digits = '' OR digits GLOB '*[^0-9]*' THEN execution_id ELSE stem END AS fill,"
    "   first_value(commission) OVER paid AS last_commission,"
    "   first_value(commission_currency) OVER paid AS last_currency,"
    "   first_value(realized_pnl) OVER paid AS last_pnl FROM revisions"
    "   WINDOW paid AS (PARTITION BY execution_id ORDER BY commission IS NULL, message_id DESC)),"
    " ranked AS (SELECT *, row_number() OVER (PARTITION BY fill"
    "   ORDER BY quantity IS NULL, CAST(digits AS INTEGER) DESC, message_id) AS rank FROM told)"
    " SELECT session_id, " IBKR_ISO("timestamp") " AS received, time, account, symbol, side, quantity, price,"
    " last_commission AS commission, last_currency AS commission_currency, last_pnl AS realized_pnl, client_id, order_id,"
    " execution_id FROM ranked WHERE rank = 1;";

#undef IBKR_ISO

constexpr const char* kViewNames[] = {"v_sessions", "v_messages", "v_sealed_messages",
                                      "v_errors",   "v_events",   "v_fills"};

}  // namespace

void create_schema(Database& database) {
  database.execute("BEGIN IMMEDIATE");
  database.execute(kTables);
  database.execute(kAdditions);
  database.execute(kViews);
  database.execute("INSERT INTO meta VALUES ('created_by', 'ibkr " IBKR_VERSION "'), ('format', " +
                   std::to_string(kFormatVersion) + ")");
  database.execute("INSERT INTO readable_by VALUES (1, '0.1.0', 'sessions, messages, events, orders, executions')");
  database.execute("PRAGMA application_id=" + std::to_string(kApplicationId));
  database.execute("PRAGMA user_version=" + std::to_string(kFormatVersion));
  database.execute("COMMIT");
}

bool has_recordings(Database& database) {
  return database.integer(
             "SELECT count(*) FROM pragma_table_info('connection_sessions') WHERE name = 'recording_id'") == 1;
}

void complete_schema(Database& database) {
  database.execute("BEGIN IMMEDIATE");
  if (!has_recordings(database)) database.execute(kAdditions);
  for (const char* view : kViewNames) database.execute(std::string("DROP VIEW IF EXISTS ") + view);
  database.execute(kViews);
  database.execute("COMMIT");
}

bool is_empty_database(Database& database) {
  return database.integer("PRAGMA application_id") == 0 && database.integer("SELECT count(*) FROM sqlite_master") == 0;
}

Expected<void, std::string> check_format(Database& database, const std::string& path) {
  const auto application = database.integer("PRAGMA application_id");
  if (!application) {
    return Unexpected("not an ibkr journal: " + path + " is no SQLite file, or a damaged one (" + database.error() +
                      "); name a file that ibkr proxy recorded");
  }
  if (is_empty_database(database)) return Unexpected("not an ibkr journal: " + path + " is empty");
  if (*application != kApplicationId) {
    return Unexpected("not an ibkr journal: " + path +
                      " is another program's SQLite file; name a file that ibkr proxy recorded");
  }
  const auto format = database.integer("PRAGMA user_version").value_or(0);
  if (format > kFormatVersion) {
    return Unexpected(path + " was written by a newer ibkr (format " + std::to_string(format) +
                      "), this one reads up to " + std::to_string(kFormatVersion) + "; upgrade ibkr");
  }
  if (format < 1) {
    return Unexpected(path + " has no format version: its creation was cut short; delete it");
  }
  return {};
}

}  // namespace ibkr::journal
