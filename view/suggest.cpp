#include "view/suggest.h"

#include "protocol/catalogue.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace ibkr::view {
namespace {

constexpr std::size_t kMostSuggestions = 3;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string suggestion_for(std::string_view word, std::optional<protocol::Direction> direction) {
  std::vector<std::string_view> names;
  for (const protocol::MessageInfo* type : protocol::all_messages()) {
    if (direction && type->direction != *direction) continue;
    names.push_back(type->name);
    names.insert(names.end(), type->aliases.begin(), type->aliases.end());
  }
  return did_you_mean(word, names);
}

}  // namespace

std::vector<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string wanted = lower(word);
  const std::size_t limit = std::max<std::size_t>(2, wanted.size() / 3);
  std::vector<std::pair<std::size_t, std::string_view>> found;
  for (const std::string_view candidate : candidates) {
    const std::string name = lower(candidate);
    const std::size_t far = distance(wanted, name);
    const bool contains = wanted.size() >= 3 && name.find(wanted) != std::string::npos;
    if (far <= limit || contains) found.emplace_back(far, candidate);
  }
  std::ranges::stable_sort(found, {}, [](const auto& one) { return one.first; });
  std::vector<std::string> out;
  for (const auto& [far, name] : found) {
    if (out.size() < kMostSuggestions && std::ranges::find(out, name) == out.end()) out.emplace_back(name);
  }
  return out;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto names = nearest(word, candidates);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "; did you mean " : i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text.empty() ? text : text + "?";
}

std::string did_you_mean_message(std::string_view word) { return suggestion_for(word, std::nullopt); }

std::string did_you_mean_message(std::string_view word, protocol::Direction direction) {
  return suggestion_for(word, direction);
}

}  // namespace ibkr::view
