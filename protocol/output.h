// Output: appends to a string through a plain pointer. A string's own append checks and terminates at every byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace ibkr::protocol {

/// A text of up to 256 bytes is built in a buffer of the Output's own and appended in one piece, because a string
/// clears the bytes that it grows by before they are written. A longer text is built at the end of the string itself.
/// Until finish() or abandon() is called, which is the last call, the string's content behind its old end is undefined.
///
/// A writer asks at() for the place to write to, keeps it in a local variable, so that it stays in a register, and
/// gives it back with wrote_to().
class Output {
 public:
  explicit Output(std::string& out) : out_(out), size_(out.size()) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  char* at() { return at_; }
  void wrote_to(char* at) { at_ = at; }
  /// Makes room for `bytes` more at `at`. Returns `at`, or the same place in the text where the text has moved.
  char* need(char* at, std::size_t bytes) {
    return static_cast<std::size_t>(end_ - at) >= bytes ? at : grow(offset(at), bytes);
  }
  /// How many bytes stand before `at`; it stays true when the text moves.
  std::size_t offset(const char* at) const { return static_cast<std::size_t>(at - begin_); }
  char* at(std::size_t offset) { return begin_ + offset; }

  /// Ends the string behind what was written.
  void finish() {
    if (begin_ == short_) {
      out_.append(short_, offset(at_));
    } else {
      out_.resize(size_ + offset(at_));
    }
  }
  /// Leaves the string as it was at first.
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
