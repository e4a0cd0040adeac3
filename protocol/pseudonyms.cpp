#include "protocol/pseudonyms.h"

#include <algorithm>
#include <cctype>

#include "protocol/statements.h"

namespace ibkr::protocol {
namespace {

/// A shorter one could be a part of any text.
constexpr std::size_t kShortestQuoted = 4;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

char upper(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }

/// How many characters from `at` on are written like an account: U1234567, DU1234567, F…, I…, a letter for its kind,
/// behind a D where it is a paper one; with a letter behind where it is a group of them. 0 for none.
std::size_t account_at(std::string_view word, std::size_t at) {
  constexpr std::size_t kFewestDigits = 5, kMostDigits = 10;
  std::size_t end = at;
  if (end < word.size() && upper(word[end]) == 'D') ++end;
  if (end == word.size() || std::string_view("UFI").find(upper(word[end])) == std::string_view::npos) return 0;
  const std::size_t digits = ++end;
  while (end < word.size() && is_digit(word[end])) ++end;
  if (end - digits < kFewestDigits || end - digits > kMostDigits) return 0;
  const bool group = end < word.size() && std::isupper(static_cast<unsigned char>(word[end])) != 0 &&
                     (end + 1 == word.size() || word[end + 1] == '_');
  return end - at + (group ? 1 : 0);
}

}  // namespace

Pseudonyms::Names* Pseudonyms::names_of(Role role) {
  switch (role) {
    case Role::Account:
      return &names_[0];
    case Role::User:
      return &names_[1];
    case Role::Secret:
      return &names_[2];
    case Role::None:
    case Role::RequestId:
    case Role::OrderId:
    case Role::RequestOrOrderId:
    case Role::PermId:
    case Role::ClientId:
    case Role::ExecId:
    case Role::Stamp:
    case Role::When:
    case Role::Tag:
    case Role::Text:
      return nullptr;
  }
  return nullptr;
}

std::string Pseudonyms::name(Names& names, std::string_view value) {
  if (const auto known = names.by_value.find(value); known != names.by_value.end()) return known->second;
  if (names.by_value.size() >= kMaxNames) return std::string(names.kind) + "#other";
  std::string made = std::string(names.kind) + "#" + std::to_string(names.by_value.size() + 1);
  names.by_value.emplace(value, made);
  const bool phrase = std::find_if_not(value.begin(), value.end(), in_word) != value.end();
  if (phrase && value.size() >= kShortestQuoted && phrases_.size() < kMaxPhrases) phrases_.emplace_back(value, made);
  return made;
}

void Pseudonyms::learn(const Message& message) {
  for_each_statement(message, [this](const Statement& said) {
    if (names_of(said.role) != nullptr) shown(said.role, said.value);
  });
}

std::string Pseudonyms::shown(Role role, std::string_view value) {
  Names* names = names_of(role);
  if (names == nullptr) return masked(value);
  std::string text;
  for (bool first = true;; first = false) {
    const std::size_t comma = role == Role::Account ? value.find(',') : std::string_view::npos;
    if (!first) text += ',';
    if (const std::string_view one = value.substr(0, comma); !one.empty()) text += name(*names, one);
    if (comma == std::string_view::npos) return text;
    value.remove_prefix(comma + 1);
  }
}

std::string Pseudonyms::masked(std::string_view text) {
  if (phrases_.empty()) return masked_words(text);
  std::string replaced(text);
  for (const auto& [phrase, pseudonym] : phrases_) {
    for (std::size_t at = 0; (at = replaced.find(phrase, at)) != std::string::npos; at += pseudonym.size()) {
      replaced.replace(at, phrase.size(), pseudonym);
    }
  }
  return masked_words(replaced);
}

std::string Pseudonyms::masked_words(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (!in_word(text[at])) {
      out += text[at++];
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && in_word(text[end])) ++end;
    out += masked_word(text.substr(at, end - at));
    at = end;
  }
  return out;
}

std::string Pseudonyms::masked_word(std::string_view word) {
  if (word.size() >= kShortestQuoted) {
    for (const Names& names : names_) {
      if (const auto known = names.by_value.find(word); known != names.by_value.end()) return known->second;
    }
  }
  std::string out;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t size = account_at(word, at);
    const auto pseudonym = size > 0 ? account_in(word, at, size) : std::nullopt;
    if (pseudonym) {
      out += *pseudonym;
      at += size;
    } else {
      out += word[at++];
    }
  }
  return out;
}

/// A known account anywhere in a word, however it is written; an unknown one where it stands alone.
std::optional<std::string> Pseudonyms::account_in(std::string_view word, std::size_t at, std::size_t size) {
  std::string account(word.substr(at, size));
  const bool as_written =
      std::none_of(account.begin(), account.end(), [](unsigned char c) { return std::islower(c) != 0; });
  std::transform(account.begin(), account.end(), account.begin(), upper);
  if (const auto known = names_[0].by_value.find(account); known != names_[0].by_value.end()) return known->second;
  const std::size_t end = at + size;
  const bool alone = (at == 0 || word[at - 1] == '_') && (end == word.size() || word[end] == '_');
  return alone && as_written ? std::optional(name(names_[0], account)) : std::nullopt;
}

}  // namespace ibkr::protocol
