// SQLite with three habits: a connection remembers its first error until it is told to forget it (so that a transaction
// reads as a straight list of statements), a statement takes its parameters and runs in one call, and what is bound as
// text is UTF-8 in the file, whatever was given (bytes that are not are read as Latin-1): other readers insist on it.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/expected.h"
#include "protocol/field.h"

namespace ibkr::journal {

/// Bytes to store as a BLOB.
struct Blob {
  std::string_view bytes;
};

/// One connection. For one thread at a time.
class Database {
 public:
  /// Opens with sqlite3_open_v2's flags. Fails with SQLite's words.
  static Expected<std::unique_ptr<Database>, std::string> open(const std::string& path, int flags);
  ~Database() { sqlite3_close_v2(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  sqlite3* handle() const { return handle_; }

  /// True since the first statement that failed; statements are not run until clear_error().
  bool failed() const { return code_ != SQLITE_OK; }
  int error_code() const { return code_; }
  /// SQLite's words for the first error, and the operating system's where it has some.
  const std::string& error() const { return error_; }
  void clear_error() { code_ = SQLITE_OK; }
  /// Undoes the transaction that failed and forgets the error.
  void roll_back();
  /// Remembers a result code that is an error. Returns true when it is none.
  bool check(int code);

  /// Runs statements that give no rows.
  void execute(const char* sql);
  void execute(const std::string& sql) { execute(sql.c_str()); }
  /// The first column of the first row; none when there is no row, it is NULL, or on an error.
  std::optional<std::int64_t> integer(const std::string& sql);

 private:
  Database() = default;
  sqlite3* handle_ = nullptr;
  int code_ = SQLITE_OK;
  std::string error_;
};

/// A prepared statement, made at its first use. Views that are bound must live until it is reset.
class Statement {
 public:
  Statement(Database& database, std::string sql) : database_(&database), sql_(std::move(sql)) {}
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Binds the parameters in order and runs to the end. Does nothing while the database has failed.
  template <class... Values>
  void run(const Values&... values) {
    if (!start(values...)) return;
    while (step()) {
    }
    reset();
  }
  /// Binds the parameters; rows are then fetched with step(). False on an error.
  template <class... Values>
  bool start(const Values&... values) {
    if (!prepare()) return false;
    int index = 0;
    (bind(++index, values), ...);
    return true;
  }
  /// True when there is a row. False at the end and on an error.
  bool step();
  void reset() {
    if (handle_) sqlite3_reset(handle_);
  }

  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_, column); }
  std::optional<std::int64_t> maybe_integer(int column) const;
  bool is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
  /// Text or bytes; valid until the next step.
  std::string_view bytes(int column) const;

 private:
  bool prepare();
  void bind(int index, std::int64_t value) { sqlite3_bind_int64(handle_, index, value); }
  void bind(int index, int value) { sqlite3_bind_int64(handle_, index, value); }
  void bind(int index, bool value) { sqlite3_bind_int64(handle_, index, value); }
  void bind(int index, double value) { sqlite3_bind_double(handle_, index, value); }
  void bind(int index, std::nullopt_t) { sqlite3_bind_null(handle_, index); }
  void bind(int index, std::string_view text);
  void bind(int index, Blob blob);
  template <protocol::Optional Value>
  void bind(int index, const Value& value) {
    if (value) {
      bind(index, *value);
    } else {
      bind(index, std::nullopt);
    }
  }
  void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
  void bind(int index, const char* text) { bind(index, std::string_view(text)); }

  Database* database_;
  std::string sql_;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace ibkr::journal
