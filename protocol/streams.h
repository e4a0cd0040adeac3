// What goes each way on one connection, read from bytes in any split. No sockets, and nothing is written: the server's
// side (server_side.h), an observer between the two, and a client read the same bytes with these.
//
//   AppStream   app → TWS    hello, then frames
//   TwsStream   TWS → app    the hello's answer, then frames
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "protocol/frame.h"

namespace ibkr::protocol {

/// Frames until the stream loses their boundary, and then the bytes from there on.
class FramedStream {
 public:
  /// Calls on_payload(std::string_view) for each whole frame; views are valid during the call only. False from the call
  /// on in which the boundary was lost: error() says why, and unread() has the bytes of it that are no frame.
  template <class OnPayload>
  bool feed(std::string_view bytes, OnPayload&& on_payload);

  bool failed() const { return framer_.failed(); }
  const std::string& error() const { return framer_.error(); }
  /// Of the call that failed: the bad length and what came behind it, also where its first bytes came before.
  const std::string& unread() const { return unread_; }
  /// The frame that has begun and not ended; not empty at the end of a stream means a torn frame.
  std::string_view pending_bytes() const { return framer_.pending_bytes(); }

 private:
  void keep_unread(std::string_view bytes, std::size_t begun_before, std::size_t framed_bytes);

  Framer framer_;
  std::string unread_;
};

/// What an app sends.
class AppStream {
 public:
  /// Calls on_hello(const Hello&, std::string_view raw) once and then on_payload(std::string_view) for each frame.
  /// False from the call on in which the bytes stopped being the TWS API: error() says why, unread() has them.
  template <class OnHello, class OnPayload>
  bool feed(std::string_view bytes, OnHello&& on_hello, OnPayload&& on_payload);

  bool greeted() const { return hello_ == nullptr; }
  bool failed() const { return !hello_error_.empty() || frames_.failed(); }
  const std::string& error() const { return hello_error_.empty() ? frames_.error() : hello_error_; }
  const std::string& unread() const { return hello_error_.empty() ? frames_.unread() : unread_; }
  /// The hello or the frame that has begun and not ended.
  std::string_view pending_bytes() const { return hello_ ? hello_->rest() : frames_.pending_bytes(); }

 private:
  void fail_hello();

  std::unique_ptr<HelloReader> hello_ = std::make_unique<HelloReader>();  // until the hello has been read
  FramedStream frames_;
  std::string hello_error_;
  std::string unread_;
};

/// What TWS sends.
class TwsStream {
 public:
  /// Calls on_answer(std::string_view) with the first payload and on_payload(std::string_view) with each later one.
  /// False as FramedStream::feed().
  template <class OnAnswer, class OnPayload>
  bool feed(std::string_view bytes, OnAnswer&& on_answer, OnPayload&& on_payload);

  bool answered() const { return answered_; }
  bool failed() const { return frames_.failed(); }
  const std::string& error() const { return frames_.error(); }
  const std::string& unread() const { return frames_.unread(); }
  std::string_view pending_bytes() const { return frames_.pending_bytes(); }

 private:
  FramedStream frames_;
  bool answered_ = false;
};

template <class OnPayload>
bool FramedStream::feed(std::string_view bytes, OnPayload&& on_payload) {
  constexpr std::size_t kPrefix = 4;
  const std::size_t begun_before = framer_.pending();
  std::size_t framed_bytes = 0;
  const bool framed = framer_.feed(bytes, [&](std::string_view payload) {
    framed_bytes += kPrefix + payload.size();
    on_payload(payload);
  });
  if (!framed) keep_unread(bytes, begun_before, framed_bytes);
  return framed;
}

template <class OnHello, class OnPayload>
bool AppStream::feed(std::string_view bytes, OnHello&& on_hello, OnPayload&& on_payload) {
  if (!hello_error_.empty()) return false;
  if (!hello_) return frames_.feed(bytes, on_payload);
  switch (hello_->feed(bytes)) {
    case HelloReader::State::NeedMore:
      return true;
    case HelloReader::State::Failed:
      fail_hello();
      return false;
    case HelloReader::State::Done:
      break;
  }
  const auto hello = std::move(hello_);
  on_hello(hello->hello(), hello->raw());
  return frames_.feed(hello->rest(), on_payload);
}

template <class OnAnswer, class OnPayload>
bool TwsStream::feed(std::string_view bytes, OnAnswer&& on_answer, OnPayload&& on_payload) {
  return frames_.feed(bytes, [&](std::string_view payload) {
    if (answered_) return on_payload(payload);
    answered_ = true;
    on_answer(payload);
  });
}

}  // namespace ibkr::protocol
