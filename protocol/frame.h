// Frames: a 4-byte big-endian length, then the payload. And the bytes before frames begin: the hello.
//
//   app → TWS    "API\0" [len] "v100..226"   then frames
//   TWS → app    frames; the first is the answer to the hello: "<server version>\0<time>\0"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/expected.h"

namespace ibkr::protocol {

/// The longest payload that TWS and the official clients accept.
inline constexpr std::size_t kMaxPayload = 0xFFFFFF;

/// Appends the length prefix and the payload. The payload must not be longer than kMaxPayload.
void append_frame(std::string& out, std::string_view payload);

/// Cuts a byte stream into frames. Takes bytes in any split; owns only the unfinished frame. After an error it stays
/// failed: the stream has no frame boundary any more.
class Framer {
 public:
  explicit Framer(std::size_t max_payload = kMaxPayload) : max_payload_(max_payload) {}

  /// Calls on_payload(std::string_view) for each whole frame; views are valid during the call only. Returns false when
  /// a length is over the limit; error() then says so. Nothing of this call's bytes after the bad length is looked at.
  template <class OnPayload>
  bool feed(std::string_view bytes, OnPayload&& on_payload);

  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }
  /// Bytes of a frame that has begun and not ended; not zero at the end of a stream means a truncated frame.
  std::size_t pending() const { return partial_.size(); }
  std::string_view pending_bytes() const { return partial_; }

 private:
  /// Returns the payload's length, or fails.
  std::optional<std::size_t> length_at(const char* prefix);

  std::size_t max_payload_;
  std::string partial_;  // prefix and payload so far, empty between frames
  std::string error_;
};

/// What an app says first.
struct Hello {
  int min_version = 0;
  int max_version = 0;
  std::string options;  ///< connect options such as "+PACEAPI", or ""
};

/// Reads a hello from the start of an app's bytes, in any split.
class HelloReader {
 public:
  enum class State { NeedMore, Done, Failed };
  /// Adds bytes. Once Done, `rest()` holds what came after the hello.
  State feed(std::string_view bytes);
  const Hello& hello() const { return hello_; }
  std::string_view rest() const { return std::string_view(buffer_).substr(end_); }
  /// The hello's own bytes once Done: "API\0", length and range.
  std::string_view raw() const { return std::string_view(buffer_).substr(0, end_); }
  /// Why it failed: what the bytes looked like and what to do.
  const std::string& error() const { return error_; }

 private:
  State fail(std::string reason);
  std::string buffer_;
  std::size_t end_ = 0;
  Hello hello_;
  std::string error_;
};

/// The bytes of a hello, prefix included.
std::string hello_bytes(const Hello& hello);

/// TWS's answer: the first frame it sends, never with a message id.
struct HelloAnswer {
  int server_version = 0;       ///< agreed on; 0 in a redirect, which agrees on none
  std::string connection_time;  ///< "20261123 09:30:00 EST"; everything after the second space is the zone
  /// "HOST:PORT" or "HOST" where the server sends the app to another one instead of serving it, as old servers do.
  std::optional<std::string> redirect = std::nullopt;
};
/// Reads the payload of the first frame: a server version of 1 or more, then the time. The time and the last NUL may be
/// missing, and fields after the time are passed over: a session does not fail for them. A redirect is the version -1
/// and an address, or an address with its port alone. The error quotes what came instead.
Expected<HelloAnswer, std::string> read_hello_answer(std::string_view payload);
/// The payload (without the length prefix), as TWS writes it.
std::string hello_answer_payload(const HelloAnswer& answer);

template <class OnPayload>
bool Framer::feed(std::string_view bytes, OnPayload&& on_payload) {
  if (failed()) return false;
  constexpr std::size_t kPrefix = 4;
  while (!bytes.empty()) {
    if (partial_.empty()) {  // whole frames are handed on without a copy
      if (bytes.size() >= kPrefix) {
        const auto length = length_at(bytes.data());
        if (!length) return false;
        if (bytes.size() >= kPrefix + *length) {
          on_payload(bytes.substr(kPrefix, *length));
          bytes.remove_prefix(kPrefix + *length);
          continue;
        }
      }
      partial_.assign(bytes);
      if (partial_.size() >= kPrefix && !length_at(partial_.data())) return false;
      return true;
    }
    if (partial_.size() < kPrefix) {
      const auto take = std::min(kPrefix - partial_.size(), bytes.size());
      partial_.append(bytes.substr(0, take));
      bytes.remove_prefix(take);
      if (partial_.size() < kPrefix) return true;
    }
    const auto length = length_at(partial_.data());
    if (!length) return false;
    const auto take = std::min(kPrefix + *length - partial_.size(), bytes.size());
    partial_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (partial_.size() < kPrefix + *length) return true;
    std::string whole = std::move(partial_);  // the callback may feed another framer, or throw nothing away
    partial_.clear();
    on_payload(std::string_view(whole).substr(kPrefix));
    whole.clear();
    if (partial_.empty()) partial_ = std::move(whole);  // keep the capacity
  }
  return true;
}

}  // namespace ibkr::protocol
