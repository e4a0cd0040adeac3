// Copying and searching a few bytes, as texts of messages are, without calling the C library for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ibkr::protocol {

/// memcpy for what is mostly short.
inline void copy_bytes(char* to, const char* from, std::size_t size) {
  const auto both_ends = [&](auto word) {  // overlapping in the middle
    std::memcpy(&word, from, sizeof word);
    auto last = word;
    std::memcpy(&last, from + size - sizeof word, sizeof word);
    std::memcpy(to, &word, sizeof word);
    std::memcpy(to + size - sizeof word, &last, sizeof word);
  };
  if (size > 16) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    both_ends(std::uint64_t{});
  } else if (size >= 4) {
    both_ends(std::uint32_t{});
  } else if (size >= 2) {
    both_ends(std::uint16_t{});
  } else if (size == 1) {
    *to = *from;
  }
}

/// True when a NUL is among what is mostly a short text.
inline bool has_nul(const char* text, std::size_t size) {
  const auto either_end = [&](auto word) {  // a byte of 0 borrows into its own highest bit
    using Word = decltype(word);
    constexpr Word kOnes = static_cast<Word>(static_cast<Word>(~Word{0}) / 0xFF);
    std::memcpy(&word, text, sizeof word);
    auto last = word;
    std::memcpy(&last, text + size - sizeof word, sizeof word);
    const auto zeros = [](Word bytes) { return (bytes - kOnes) & ~bytes & (kOnes << 7); };
    return (zeros(word) | zeros(last)) != 0;
  };
  if (size > 16) return std::memchr(text, '\0', size) != nullptr;
  if (size >= 8) return either_end(std::uint64_t{});
  if (size >= 4) return either_end(std::uint32_t{});
  for (std::size_t i = 0; i < size; ++i) {
    if (text[i] == '\0') return true;
  }
  return false;
}

/// to = from, where `to` mostly has the room and often the length already.
inline void assign(std::string& to, std::string_view from) {
  if (from.size() > to.size()) {
    to.assign(from);
  } else {
    copy_bytes(to.data(), from.data(), from.size());
    to.resize(from.size());
  }
}

}  // namespace ibkr::protocol
