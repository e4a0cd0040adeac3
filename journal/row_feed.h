// RowFeed: rows of `messages` go into SQLite straight from memory: INSERT INTO messages SELECT * FROM row_feed.
//
// row_feed is a virtual table over a vector. It saves eleven bind calls a row and needs no statement per row count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/database.h"
#include "journal/types.h"
#include "protocol/schema.h"

namespace ibkr::journal {

/// A part of RowFeed's own text (which may still move while rows are added).
struct TextSpan {
  std::size_t at = 0;
  std::size_t size = 0;
};

/// One row of `messages`.
struct MessageRow {
  Sequence sequence;
  SessionId session;
  Stamp at;
  protocol::Direction direction;
  std::optional<protocol::Wire> wire;
  std::optional<std::int64_t> request_id;
  std::optional<std::int64_t> order_id;
  std::string_view name;  ///< lives as long as the program; empty: `odd_name`
  TextSpan odd_name;
  std::string_view payload;        ///< lives until flush
  std::optional<TextSpan> fields;  ///< JSON
};

/// Collects rows and inserts them. The connection must outlive it.
class RowFeed {
 public:
  explicit RowFeed(Database& database);
  RowFeed(const RowFeed&) = delete;
  RowFeed& operator=(const RowFeed&) = delete;

  /// Where JSON and odd names are appended before their row is added.
  std::string& text() { return text_; }
  void add(const MessageRow& row) { rows_.push_back(row); }
  std::size_t size() const { return rows_.size(); }
  /// Inserts and forgets the rows. An error stays with the database.
  void flush();
  void clear();

  const std::vector<MessageRow>& rows() const { return rows_; }
  const std::string& text() const { return text_; }

 private:
  std::vector<MessageRow> rows_;
  std::string text_;
  std::optional<Statement> insert_;
};

}  // namespace ibkr::journal
