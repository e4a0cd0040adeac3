// ClientSide: an app's side of one connection, up to the requests. Bytes from TWS in, what they mean out; it has no
// socket, and knows nothing of what is asked. The other half is server_side.h.
//
//   hello ──► TWS ──► its answer ──► START_API ──► TWS ──► accounts, next order id, … ──► Running
//
// Every message after the hello's answer goes to Client::on_message, those of the start among them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/catalogue.h"
#include "protocol/message.h"
#include "protocol/streams.h"

namespace ibkr::protocol {

class ClientSide {
 public:
  /// What the app offers and is called.
  struct Offer {
    int min_version = kMinServerVersion;
    int max_version = kMaxServerVersion;
    std::string connect_options = {};  ///< such as "+PACEAPI"
    std::int32_t client_id = 0;
    std::string capabilities = {};  ///< START_API's optional ones
  };
  /// What the start brought. Parts that have not come are none.
  struct Start {
    int server_version = 0;
    std::string connection_time;          ///< as TWS writes it
    std::optional<std::string> accounts;  ///< joined with commas
    std::optional<std::int32_t> next_order_id;
  };
  /// Who the app is. Called from begin() and receive() only; must not call them, nor destroy the side.
  class Client {
   public:
    /// Bytes for TWS, to be written at once.
    virtual void send_bytes(std::string_view bytes) = 0;
    /// The hello is answered and START_API sent.
    virtual void on_greeted() = 0;
    virtual void on_message(Message message) = 0;
    /// A frame that is no message that we know at this version.
    virtual void on_unreadable(std::string_view payload, const DecodeError& error) = 0;

   protected:
    ~Client() = default;
  };
  enum class Phase : std::uint8_t {
    Hello,     ///< TWS has not answered the hello
    Starting,  ///< START_API is sent, and not everything of the start has come
    Running,
    Over,  ///< it failed, or stop() was called
  };
  enum class Failure : std::uint8_t {
    None,
    NotTws,      ///< what came is not the TWS API
    Version,     ///< a server version that the app did not offer
    Redirected,  ///< the server sends apps to another address: redirect()
    Refused,     ///< START_API was refused: the client id is in use
  };

  ClientSide(Client& client, Offer offer) : client_(client), offer_(std::move(offer)) {}

  /// Sends the hello. Once, before receive().
  void begin();
  /// Bytes from TWS, in any split. False when it failed: failure() and error() say why, and nothing is looked at any
  /// more.
  bool receive(std::string_view bytes);
  /// Goes on without what has not come of the start.
  void run_without_rest() { phase_ = Phase::Running; }
  /// Looks at nothing any more.
  void stop() { phase_ = Phase::Over; }

  Phase phase() const { return phase_; }
  const Start& start() const { return start_; }
  Failure failure() const { return failure_; }
  /// In words: what came.
  const std::string& error() const { return error_; }
  const std::string& redirect() const { return redirect_; }
  const Offer& offer() const { return offer_; }
  /// TWS has begun a frame and not ended it.
  bool within_frame() const { return !stream_.pending_bytes().empty(); }

 private:
  void fail(Failure failure, std::string error);
  void greeted(std::string_view payload);
  void take(std::string_view payload);
  void note_start(const Message& message);

  Client& client_;
  Offer offer_;
  TwsStream stream_;
  Phase phase_ = Phase::Hello;
  Start start_;
  Failure failure_ = Failure::None;
  std::string error_;
  std::string redirect_;
};

}  // namespace ibkr::protocol
