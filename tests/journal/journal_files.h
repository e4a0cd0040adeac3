// What the journal's tests share: a directory that goes away, the frames they record, and a plain SQLite connection
// that looks at a journal as a user's shell does.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "journal/reader.h"
#include "journal/writer.h"
#include "protocol/codec.h"
#include "protocol/messages.h"

namespace ibkr::journal::test {

using namespace std::chrono_literals;
using protocol::Direction;

/// A new directory, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "ibkr-journal-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) != nullptr ? name : "";
    REQUIRE_FALSE(path_.empty());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// "1|2|x" with the NUL separators that text frames have.
inline std::string text_payload(std::string fields) {
  for (char& c : fields) {
    if (c == '|') c = '\0';
  }
  return fields;
}

/// A tickPrice of server version 176.
inline std::string tick_price(int request_id, std::int64_t number) {
  return text_payload("1|6|" + std::to_string(request_id) + "|1|" + std::to_string(number) + ".25|100|1|");
}

inline std::unique_ptr<Writer> open_writer(const std::string& path, WriterOptions options = {}) {
  auto writer = Writer::open(path, std::move(options));
  if (!writer) FAIL(writer.error());
  return std::move(*writer);
}

inline std::unique_ptr<Reader> open_reader(const std::string& path) {
  auto reader = Reader::open(path);
  if (!reader) FAIL(reader.error());
  return std::move(*reader);
}

inline constexpr std::string_view kHelloBytes("API\0\0\0\0\x09v100..176", 17);

/// A session that is past its handshake.
inline SessionId begin(Writer& writer, int server_version = 176) {
  const SessionId session = writer.begin_session({"127.0.0.1:50312", "127.0.0.1", 7496, Stamp::now()});
  writer.hello(session, {100, 176, ""}, kHelloBytes, Stamp::now());
  const protocol::HelloAnswer answer{server_version, "20261123 09:30:00 EST"};
  writer.hello_answer(session, answer, protocol::hello_answer_payload(answer), Stamp::now());
  return session;
}

/// A message as a payload.
inline std::string encoded(const protocol::Message& message, int server_version = 176) {
  std::string payload;
  const auto done = protocol::encode(message, server_version, payload);
  if (!done) FAIL(done.error().to_string());
  return payload;
}

/// The rows of a query, their columns joined with '|', NULL as "-".
inline std::vector<std::string> query(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  sqlite3_busy_timeout(handle, 5000);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) FAIL(sqlite3_errmsg(handle));
  std::vector<std::string> rows;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    std::string row;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      row += (i == 0 ? "" : "|") + std::string(text != nullptr ? text : "-");
    }
    rows.push_back(row);
  }
  sqlite3_finalize(statement);
  sqlite3_close(handle);
  return rows;
}

inline std::string query_one(const std::string& path, const std::string& sql) {
  const auto rows = query(path, sql);
  return rows.empty() ? "" : rows.front();
}

/// Runs statements on a file that nobody records into.
inline void change(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
  CHECK(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(handle);
}

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void spill(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace ibkr::journal::test
