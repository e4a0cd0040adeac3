// The file's format: tables, views, version. FORMAT.md is the page for people.
#pragma once

#include <string>

#include "base/expected.h"
#include "journal/database.h"

namespace ibkr::journal {

/// "IBKR", in the file's header, so that file(1) and we know a journal from any other database.
inline constexpr int kApplicationId = 0x49424B52;
/// The newest format that this program reads and writes (PRAGMA user_version).
inline constexpr int kFormatVersion = 1;

/// Makes an empty file a journal. An error stays with the database.
void create_schema(Database& database);

/// Gives a journal that an earlier ibkr made what was added to its format since, and the views of now. An error stays
/// with the database.
void complete_schema(Database& database);

/// True when sessions say which recording they belong to; not so in the first files of format 1. False on an error,
/// which stays with the database.
bool has_recordings(Database& database);

/// Success when the database is a journal of a format that this program reads. Otherwise what it is instead, and what
/// to do, beginning with the path.
Expected<void, std::string> check_format(Database& database, const std::string& path);

/// True when the database has no tables and no application id: a new or an empty file.
bool is_empty_database(Database& database);

}  // namespace ibkr::journal
