// Session: one client's connection to the mock: hello, START_API, then requests to the desks and frames back.
//
//   bytes ──► ServerSide ──► RequestGate ──► desks ──► Outbox ──► waiting frames ──► socket
//                                                                     └── counted, held and cut as the faults say
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
#include "mock/notices.h"
#include "mock/order_desk.h"
#include "mock/reference_desk.h"
#include "mock/request_gate.h"
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
  Session(SessionOwner& owner, World& world, int server_version_cap, ConnectionId number,
          std::unique_ptr<net::Connection> connection);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// START_API was accepted and the session has not ended.
  bool is_ready() const { return !ending_ && side_.phase() == protocol::ServerSide::Phase::Running; }
  std::int32_t client_id() const { return client_id_; }
  ConnectionId number() const { return number_; }

  /// How a connection ends that the mock ends.
  enum class Ending {
    Said,   ///< FIN behind what waits to be sent
    Fin,    ///< FIN now; what waits is dropped
    Reset,  ///< RST now
    Torn,   ///< the first half of the next frame, then FIN
  };
  /// The connection ends with the next flush(), and is ready for nothing from now on. False when it was ending before.
  bool begin_ending(Ending how);

  /// Adds a message about one of the client's orders.
  void deliver(const protocol::Message& message) { out_.send(message); }
  /// Adds a notice of TWS itself.
  void notice(const Notice& notice) { out_.error(-1, notice.code, notice.text); }
  /// IB is there again, and knows nothing of what the client had subscribed to.
  void lose_market_data();
  void lose_live_bars() { history_.lose_live(); }
  /// A fill has changed the account.
  void account_changed(const Account& account, const Instrument& instrument);
  /// Adds what subscriptions push after a step of the market.
  void push();
  /// Writes everything added since the last call in one go, or as much of it as the faults let through. May end the
  /// session.
  void flush();

 private:
  void on_data(std::string_view bytes);
  std::optional<protocol::ServerSide::Answer> on_hello(const protocol::Hello& hello) override;
  void send_answer(std::string_view frame) override;
  void on_start(std::string_view payload, const protocol::Message& request) override;
  void on_request(std::string_view payload) override;
  void answer(const protocol::Message& request);
  void refuse_unreadable(std::string_view payload, const std::string& why);
  void greet();
  void end(const std::string& why);
  void write_waiting();
  bool is_held();
  void carry_out_ending();

  SessionOwner& owner_;
  World& world_;
  int version_cap_;
  ConnectionId number_;
  std::unique_ptr<net::Connection> connection_;
  protocol::ServerSide side_;
  std::string refusal_;  // why the hello is not answered
  std::int32_t client_id_ = -1;
  std::optional<Ending> ending_;
  bool is_closed_ = false;  // FIN was sent
  bool is_over_ = false;
  std::string waiting_;             // frames that are to be written
  std::int64_t answer_due_ns_ = 0;  // by the mock's clock, where the hello is answered late

  Outbox out_;
  RequestGate gate_;
  Handlers handlers_;
  ReferenceDesk reference_;
  DataDesk data_;
  HistoryDesk history_;
  AccountDesk accounts_;
  OrderDesk orders_;
};

}  // namespace ibkr::mock
