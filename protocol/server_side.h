// ServerSide: TWS's side of one connection, up to the requests. Bytes from the app in, what they mean out; it has no
// socket, and knows nothing of what is served.
//
//   hello ──► Server::on_hello ──► answer, alone in one write ──► START_API ──► Server::on_start
//                                                                     then each frame ──► Server::on_request
//
// Frames before START_API are passed over, as TWS does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/message.h"
#include "protocol/streams.h"

namespace ibkr::protocol {

class ServerSide {
 public:
  /// What a server says to a hello.
  struct Answer {
    int server_version;   ///< that both speak from now on
    std::string payload;  ///< of the first frame
  };
  /// Who serves. Called from receive() only; must not call it, nor destroy the side.
  class Server {
   public:
    /// None: the app is not served, and nothing that it sends is looked at any more.
    virtual std::optional<Answer> on_hello(const Hello& hello) = 0;
    /// Bytes to write at once and alone: some clients lose what arrives with the hello's answer.
    virtual void send_answer(std::string_view frame) = 0;
    /// START_API. `payload` is its frame's, `request` what it says.
    virtual void on_start(std::string_view payload, const Message& request) = 0;
    /// A frame before START_API, which TWS passes over.
    virtual void on_passed_over(std::string_view /*payload*/) {}
    /// A frame after START_API.
    virtual void on_request(std::string_view payload) = 0;

   protected:
    ~Server() = default;
  };
  enum class Phase : std::uint8_t {
    Hello,     ///< the hello has not been read
    StartApi,  ///< it was answered, and START_API has not come
    Running,
    Over,  ///< the app was not served, or stop() was called
  };

  explicit ServerSide(Server& server) : server_(server) {}

  /// Bytes from the app, in any split. False when they are not the TWS API any more: error() says why.
  bool receive(std::string_view bytes);
  /// Looks at nothing any more.
  void stop() { phase_ = Phase::Over; }

  Phase phase() const { return phase_; }
  const std::string& error() const { return stream_.error(); }
  /// 0 until the hello was answered.
  int server_version() const { return server_version_; }
  /// The app's hello or a frame of it has begun and not ended.
  bool within_frame() const { return !stream_.pending_bytes().empty(); }
  /// Frames that came before START_API.
  std::size_t passed_over() const { return passed_over_; }

 private:
  void greet(const Hello& hello);
  void take(std::string_view payload);

  Server& server_;
  AppStream stream_;
  Phase phase_ = Phase::Hello;
  int server_version_ = 0;
  std::size_t passed_over_ = 0;
};

}  // namespace ibkr::protocol
