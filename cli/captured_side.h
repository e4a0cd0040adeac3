// One side of a captured connection as bytes: from its hello on, or from any frame on.
#pragma once

#include <string>
#include <string_view>

#include "protocol/frame.h"
#include "protocol/schema.h"

namespace ibkr::cli {

/// Cuts the bytes into what was said. Single-threaded.
class CapturedSide {
 public:
  /// Is told of everything in order; views are valid during the call only.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void hello(const protocol::Hello& hello) = 0;
    virtual void hello_answer(const protocol::HelloAnswer& answer, std::string_view payload) = 0;
    /// The version that payloads have from here on.
    virtual void agreed(int server_version) = 0;
    virtual void payload(std::string_view payload) = 0;
    /// Why the rest cannot be read, or what is missing at its end. Nothing comes after it.
    virtual void fault(std::string reason) = 0;
  };

  /// `server_version`: as the caller knows it, 0 where it does not. The answer to a hello overrules it, with a warning.
  CapturedSide(protocol::Direction direction, int server_version, Sink& sink)
      : direction_(direction), server_version_(server_version), sink_(sink) {}

  /// Adds bytes, in any split. False after a fault. Throws UsageError at a frame whose version nothing tells.
  bool feed(std::string_view bytes);
  /// Tells of a hello or a frame that is not whole.
  void end();

 private:
  bool feed_hello(std::string_view bytes);
  bool feed_frames(std::string_view bytes);
  void saw(std::string_view payload);
  bool fail(std::string reason);
  void need_version() const;

  enum class State { Start, Hello, Frames };

  protocol::Direction direction_;
  int server_version_;
  Sink& sink_;
  State state_ = State::Start;
  std::string start_;  // the first bytes, until it is clear what they are
  protocol::HelloReader hello_;
  protocol::Framer framer_;
  bool first_ = true;      // no frame was seen yet
  std::size_t taken_ = 0;  // bytes of hello and whole frames
};

}  // namespace ibkr::cli
