// Pseudonyms: what stands for accounts, people and secrets wherever a person reads: logs, near misses, error texts.
// The same value has the same pseudonym as long as this object lives: account#1, account#2, user#1, secret#1, by order
// of appearance.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/message.h"

namespace ibkr::protocol {

/// Not thread safe. Bounded: past kMaxNames different values of a role, further ones share the pseudonym
/// "account#other".
class Pseudonyms {
 public:
  static constexpr std::size_t kMaxNames = 10'000;
  /// Values of several words that are looked for in prose.
  static constexpr std::size_t kMaxPhrases = 100;

  /// Gives pseudonyms to every account, user and secret that the message holds.
  void learn(const Message& message);

  /// A field's value as it may be shown: its pseudonym where its role is Account, User or Secret, else the value with
  /// what it quotes masked. Several accounts joined with commas have one each.
  std::string shown(Role role, std::string_view value);

  /// `text` with every known account, user and secret replaced, and with what looks like an account number replaced
  /// though it has not been seen.
  std::string masked(std::string_view text);

 private:
  struct Names {
    std::string_view kind;
    std::map<std::string, std::string, std::less<>> by_value;
  };
  /// The names of a role; null where the role is shown as it is.
  Names* names_of(Role role);
  std::string name(Names& names, std::string_view value);
  std::string masked_words(std::string_view text);
  std::string masked_word(std::string_view word);
  std::optional<std::string> account_in(std::string_view word, std::size_t at, std::size_t size);

  Names names_[3] = {{"account", {}}, {"user", {}}, {"secret", {}}};
  std::vector<std::pair<std::string, std::string>> phrases_;  // values of several words, and what stands for them
};

}  // namespace ibkr::protocol
