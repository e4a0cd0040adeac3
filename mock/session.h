// Session: one client's connection to the mock: hello, START_API, then requests to the desks and frames back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mock/account_desk.h"
#include "mock/data_desk.h"
#include "mock/desk.h"
#include "mock/history_desk.h"
#include "mock/order_desk.h"
#include "mock/reference_desk.h"
#include "net/tcp.h"
#include "protocol/server_side.h"

namespace ibkr::mock {

class Session;

/// What a session needs of the server.
class SessionOwner {
 public:
  /// False when another session has the client id.
  virtual bool claim(std::int32_t client_id, const Session& session) = 0;
  /// The session is over and may be destroyed inside the call.
  virtual void ended(Session& session) = 0;

 protected:
  ~SessionOwner() = default;
};

/// One connection. Loop thread only.
class Session final : private protocol::ServerSide::Server {
 public:
  /// Begins to read at once. `owner` and `world` outlive it.
  Session(SessionOwner& owner, World& world, int server_version_cap, std::unique_ptr<net::Connection> connection);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// START_API was accepted and the session has not ended.
  bool is_ready() const { return !is_refused_ && side_.phase() == protocol::ServerSide::Phase::Running; }
  std::int32_t client_id() const { return client_id_; }

  /// Adds a message about one of the client's orders.
  void deliver(const protocol::Message& message) { out_.send(message); }
  /// A fill has changed the account.
  void account_changed(const Account& account, const Instrument& instrument);
  /// Adds what subscriptions push after a step of the market.
  void push();
  /// Writes everything added since the last call in one go. May end the session, when the client does not read.
  void flush();

 private:
  void on_data(std::string_view bytes);
  std::optional<protocol::ServerSide::Answer> on_hello(const protocol::Hello& hello) override;
  void send_answer(std::string_view frame) override;
  void on_start(std::string_view payload, const protocol::Message& request) override;
  void on_request(std::string_view payload) override;
  void refuse_unreadable(std::string_view payload, const std::string& why);
  void greet();
  void end(const std::string& why);

  SessionOwner& owner_;
  int version_cap_;
  std::unique_ptr<net::Connection> connection_;
  protocol::ServerSide side_;
  std::string refusal_;  // why the hello is not answered
  std::int32_t client_id_ = -1;
  bool is_refused_ = false;  // START_API was answered with an error
  bool is_over_ = false;

  Outbox out_;
  Handlers handlers_;
  ReferenceDesk reference_;
  DataDesk data_;
  HistoryDesk history_;
  AccountDesk accounts_;
  OrderDesk orders_;
};

}  // namespace ibkr::mock
