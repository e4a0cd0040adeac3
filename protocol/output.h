// Output: appends to a string through a plain pointer. A string's own append checks and terminates at every byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace ibkr::protocol {

/// What is short is written beside the string first, as a string can only grow by bytes that it has cleared. What is
/// not is written to the string's end, which is scratch space until finish() or abandon(), called last.
///
/// Whoever writes takes at(), keeps the place in a local variable, so in a register, and gives it back with wrote_to().
class Output {
 public:
  explicit Output(std::string& out) : out_(out), size_(out.size()) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  char* at() { return at_; }
  void wrote_to(char* at) { at_ = at; }
  /// `at`, or the place where the text has moved to, with room for `bytes` more.
  char* need(char* at, std::size_t bytes) {
    return static_cast<std::size_t>(end_ - at) >= bytes ? at : grow(offset(at), bytes);
  }
  /// A place that outlives a move.
  std::size_t offset(const char* at) const { return static_cast<std::size_t>(at - begin_); }
  char* at(std::size_t offset) { return begin_ + offset; }

  void finish() {
    if (begin_ == short_) {
      out_.append(short_, offset(at_));
    } else {
      out_.resize(size_ + offset(at_));
    }
  }
  void abandon() { out_.resize(size_); }

 private:
  static constexpr std::size_t kShort = 256;

  [[gnu::noinline]] char* grow(std::size_t used, std::size_t bytes) {
    out_.resize(size_ + used + std::max(bytes, 2 * used));
    char* const begin = out_.data() + size_;
    if (begin_ == short_) std::copy_n(short_, used, begin);
    begin_ = begin;
    end_ = out_.data() + out_.size();
    return at(used);
  }

  std::string& out_;
  const std::size_t size_;  // of the string before
  char* begin_ = short_;
  char* at_ = short_;
  char* end_ = short_ + kShort;
  char short_[kShort];
};

}  // namespace ibkr::protocol
