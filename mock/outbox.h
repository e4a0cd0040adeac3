// Outbox: what one client is to be sent, as frames at its server version.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "protocol/message.h"
#include "protocol/messages.h"

namespace ibkr::mock {

/// Collects frames until take(). Text or protobuf is the codec's business.
class Outbox {
 public:
  void set_server_version(int version) { version_ = version; }
  int server_version() const { return version_; }
  /// What a message becomes before it is sent; none: it stays as it is.
  using Reword = std::function<std::optional<protocol::Message>(const protocol::Message&)>;
  void set_reword(Reword reword) { reword_ = std::move(reword); }

  /// Adds a message. One that the server version does not know is left out, as TWS does.
  void send(const protocol::Message& message);
  template <class T, class = decltype(T::info)>
  void send(T body) {
    send(protocol::Message(std::move(body)));
  }
  /// Adds an error frame; `id` is the request's or order's, -1 when it has none.
  void error(std::int32_t id, std::int32_t code, std::string text);

  bool empty() const { return frames_.empty(); }
  std::string take() { return std::exchange(frames_, {}); }

 private:
  int version_ = 0;
  Reword reword_;
  std::string frames_;
  std::string payload_;
};

}  // namespace ibkr::mock
