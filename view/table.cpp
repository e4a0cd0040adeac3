#include "view/table.h"

#include <algorithm>

namespace ibkr::view {
namespace {

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

void append_table(const std::vector<Row>& rows, std::size_t right_aligned, std::string& out) {
  std::vector<std::size_t> widths(rows.empty() ? 0 : rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  }
  for (const Row& row : rows) {
    std::string line = "  ";
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      const std::string room(widths[i] - characters(row[i]), ' ');
      line += (i < right_aligned ? room + row[i] : row[i] + room) + "  ";
    }
    line += row.back();
    out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
}

}  // namespace ibkr::view
