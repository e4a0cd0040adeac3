// Rows of texts in columns, for people.
#pragma once

#include <string>
#include <vector>

namespace ibkr::view {

using Row = std::vector<std::string>;

/// Appends the rows, indented, in columns as wide as they have to be (in characters); the last column as it is. The
/// first `right_aligned` columns are numbers. All rows have as many columns as the first.
void append_table(const std::vector<Row>& rows, std::size_t right_aligned, std::string& out);

}  // namespace ibkr::view
