// SQLite connection and statement (database.h).
#include "journal/database.h"

#include <cstring>

#include "protocol/unicode.h"

namespace ibkr::journal {

namespace {

std::string describe(sqlite3* handle, int code) {
  std::string text = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  const int os_error = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  const int kind = code & 0xFF;
  if ((kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN) && os_error != 0) {
    text += std::string(" (") + std::strerror(os_error) + ")";
  }
  return text;
}

// SQLite takes a null pointer for NULL, and an empty view may have one.
const char* start_of(std::string_view view) { return view.data() != nullptr ? view.data() : ""; }

}  // namespace

Expected<std::unique_ptr<Database>, std::string> Database::open(const std::string& path, int flags) {
  std::unique_ptr<Database> database(new Database);
  const int code = sqlite3_open_v2(path.c_str(), &database->handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) return Unexpected(describe(database->handle_, code));
  sqlite3_extended_result_codes(database->handle_, 1);
  return database;
}

bool Database::check(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return true;
  if (code_ == SQLITE_OK) {
    code_ = code;
    error_ = describe(handle_, code);
  }
  return false;
}

void Database::execute(const char* sql) {
  if (!failed()) check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr));
}

void Database::roll_back() {
  clear_error();
  if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

std::optional<std::int64_t> Database::integer(const std::string& sql) {
  Statement statement(*this, sql);
  if (!statement.start() || !statement.step()) return std::nullopt;
  return statement.maybe_integer(0);
}

bool Statement::prepare() {
  if (database_->failed()) return false;
  if (handle_ != nullptr) {
    sqlite3_reset(handle_);
    return true;
  }
  return database_->check(sqlite3_prepare_v3(database_->handle(), sql_.c_str(), static_cast<int>(sql_.size() + 1),
                                             SQLITE_PREPARE_PERSISTENT, &handle_, nullptr));
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  database_->check(code);
  reset();
  return false;
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::string_view Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return data != nullptr ? std::string_view(data, size) : std::string_view();
}

void Statement::bind(int index, std::string_view text) {
  if (!protocol::is_utf8(text)) {
    const std::string readable = protocol::as_utf8(text);
    sqlite3_bind_text64(handle_, index, readable.data(), readable.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return;
  }
  sqlite3_bind_text64(handle_, index, start_of(text), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind(int index, Blob blob) {
  sqlite3_bind_blob64(handle_, index, start_of(blob.bytes), blob.bytes.size(), SQLITE_STATIC);
}

}  // namespace ibkr::journal
