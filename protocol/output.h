// Output: appends to a string through a plain pointer. A string's own append checks and terminates at every byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/bytes.h"

namespace ibkr::protocol {

/// Between construction and finish() the string's end is scratch space; finish() or abandon() is called last.
class Output {
 public:
  explicit Output(std::string& out) : out_(out), start_(out.size()) { grow(kFirst); }

  /// Room for `bytes` more; what follows may write so many.
  void need(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) grow(bytes);
  }
  /// Where to write, and where writing ended.
  char* at() { return at_; }
  void wrote_to(char* at) { at_ = at; }
  /// How many bytes the string has, those before this Output included.
  std::size_t size() const { return static_cast<std::size_t>(at_ - out_.data()); }

  void byte(char c) { *at_++ = c; }
  void bytes(std::string_view text) {
    copy_bytes(at_, text.data(), text.size());
    at_ += text.size();
  }

  void finish() { out_.resize(size()); }
  void abandon() { out_.resize(start_); }

 private:
  static constexpr std::size_t kFirst = 64;

  [[gnu::noinline]] void grow(std::size_t bytes) {
    const std::size_t used = at_ == nullptr ? start_ : size();
    out_.resize(used + std::max(bytes, 2 * (used - start_)));
    at_ = out_.data() + used;
    end_ = out_.data() + out_.size();
  }

  std::string& out_;
  std::size_t start_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace ibkr::protocol
