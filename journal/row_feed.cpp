// The virtual table that feeds rows into messages (row_feed.h).
#include "journal/row_feed.h"

namespace ibkr::journal {

namespace {

constexpr const char* kDeclaration =
    "CREATE TABLE row_feed(message_id, session_id, timestamp, mono_ns, direction, request_id, order_id, message_type,"
    " wire, message_content, fields)";
enum Column {
  kMessageId,
  kSessionId,
  kTimestamp,
  kMonoNs,
  kDirection,
  kRequestId,
  kOrderId,
  kMessageType,
  kWire,
  kContent,
  kFields
};

struct Table {
  sqlite3_vtab base{};
  const RowFeed* feed = nullptr;
};
struct Cursor {
  sqlite3_vtab_cursor base{};
  const RowFeed* feed = nullptr;
  std::size_t row = 0;
};
Cursor& cursor(sqlite3_vtab_cursor* base) { return *reinterpret_cast<Cursor*>(base); }

int connect(sqlite3* handle, void* feed, int, const char* const*, sqlite3_vtab** table, char**) {
  auto* made = new Table;
  made->feed = static_cast<const RowFeed*>(feed);
  *table = &made->base;
  return sqlite3_declare_vtab(handle, kDeclaration);
}
int disconnect(sqlite3_vtab* table) {
  delete reinterpret_cast<Table*>(table);
  return SQLITE_OK;
}
int best_index(sqlite3_vtab*, sqlite3_index_info*) { return SQLITE_OK; }
int open(sqlite3_vtab* table, sqlite3_vtab_cursor** opened) {
  auto* made = new Cursor;
  made->feed = reinterpret_cast<Table*>(table)->feed;
  *opened = &made->base;
  return SQLITE_OK;
}
int close(sqlite3_vtab_cursor* base) {
  delete &cursor(base);
  return SQLITE_OK;
}
int filter(sqlite3_vtab_cursor* base, int, const char*, int, sqlite3_value**) {
  cursor(base).row = 0;
  return SQLITE_OK;
}
int next(sqlite3_vtab_cursor* base) {
  ++cursor(base).row;
  return SQLITE_OK;
}
int at_end(sqlite3_vtab_cursor* base) { return cursor(base).row >= cursor(base).feed->rows().size() ? 1 : 0; }
int rowid(sqlite3_vtab_cursor* base, sqlite3_int64* id) {
  *id = static_cast<sqlite3_int64>(cursor(base).row);
  return SQLITE_OK;
}

void give_text(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}
void give_blob(sqlite3_context* context, std::string_view bytes) {
  sqlite3_result_blob64(context, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
}
void give_integer(sqlite3_context* context, const std::optional<std::int64_t>& value) {
  if (value) sqlite3_result_int64(context, *value);
}

int column(sqlite3_vtab_cursor* base, sqlite3_context* context, int index) {
  const RowFeed& feed = *cursor(base).feed;
  const MessageRow& row = feed.rows()[cursor(base).row];
  const auto own = [&feed](TextSpan span) { return std::string_view(feed.text()).substr(span.at, span.size); };
  switch (static_cast<Column>(index)) {  // a column that is given nothing is NULL
    case kMessageId:
      sqlite3_result_int64(context, row.sequence);
      break;
    case kSessionId:
      sqlite3_result_int64(context, row.session);
      break;
    case kTimestamp:
      sqlite3_result_int64(context, row.at.wall_ns);
      break;
    case kMonoNs:
      sqlite3_result_int64(context, row.at.mono_ns);
      break;
    case kDirection:
      give_text(context, row.direction == protocol::Direction::Out ? "outgoing" : "incoming");
      break;
    case kRequestId:
      give_integer(context, row.request_id);
      break;
    case kOrderId:
      give_integer(context, row.order_id);
      break;
    case kMessageType:
      give_text(context, row.name.empty() ? own(row.odd_name) : row.name);
      break;
    case kWire:
      if (row.wire) give_text(context, *row.wire == protocol::Wire::Text ? "text" : "protobuf");
      break;
    case kContent:
      give_blob(context, row.payload);
      break;
    case kFields:
      if (row.fields) give_text(context, own(*row.fields));
      break;
  }
  return SQLITE_OK;
}

sqlite3_module make_module() {
  sqlite3_module module{};
  module.xConnect = connect;  // and no xCreate: the table is there by itself, for this connection only
  module.xDisconnect = disconnect;
  module.xBestIndex = best_index;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = at_end;
  module.xColumn = column;
  module.xRowid = rowid;
  return module;
}

}  // namespace

RowFeed::RowFeed(Database& database) {
  static const sqlite3_module module = make_module();
  database.check(sqlite3_create_module(database.handle(), "row_feed", &module, this));
  insert_.emplace(database, "INSERT OR ROLLBACK INTO messages SELECT * FROM row_feed");
}

void RowFeed::flush() {
  if (!rows_.empty()) insert_->run();
  clear();
}

void RowFeed::clear() {
  rows_.clear();
  text_.clear();
}

}  // namespace ibkr::journal
