// Connection: from the first dial to the last byte, with the start, the time limits and reconnecting. Knows no request.
//
//   Disconnected ──► Connecting ──► Connected ──► Reconnecting ──► Connected …
//        ▲───────────────┘ failed       │              └──► GivenUp
//        └──────────────────────────────┘ disconnect(), or lost without reconnecting
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "client/options.h"
#include "client/state.h"
#include "client/transport.h"
#include "net/timer.h"
#include "protocol/client_side.h"

namespace ibkr::client {

/// I/O thread only.
class Connection final : private Transport::Owner, private protocol::ClientSide::Client {
 public:
  /// Who uses it. Told by the loop or from inside connect() and disconnect(); must not destroy the connection.
  class User {
   public:
    /// A new connection is up.
    virtual void on_connected(const ConnectResult& result) = 0;
    virtual void on_message(protocol::Message message) = 0;
    /// Around the messages that came at once.
    virtual void begin_messages() = 0;
    virtual void end_messages() = 0;
    virtual void on_unreadable(const protocol::DecodeError& error) = 0;
    /// What was up is gone, and nothing of it goes on. `state` is the one that follows.
    virtual void on_lost(const Error& error, State state) = 0;
    /// Every change of the state, on_connected and on_lost being told before.
    virtual void on_state(const StateChange& change) = 0;
    /// Nothing came for half of what Options::idle_limit allows twice: something that TWS answers is to be sent.
    virtual void on_idle() = 0;
    /// What waited to be sent has left.
    virtual void on_drain() = 0;

   protected:
    ~User() = default;
  };

  Connection(net::Loop& loop, User& user, const Options& options, MakeTransport make_transport);

  /// Begins to connect where it is Disconnected or GivenUp; else nothing happens.
  void connect();
  /// Ends whatever is under way. `state`: Disconnected or Closed.
  void disconnect(State state);

  State state() const { return state_; }
  /// While Connected.
  void write(std::string_view bytes) { transport_->write(bytes); }
  std::size_t queued_bytes() const { return transport_->queued_bytes(); }

 private:
  void on_open() override;
  void on_bytes(std::string_view bytes) override;
  void on_drain() override { user_.on_drain(); }
  void on_gone(const std::string& why) override;
  void send_bytes(std::string_view bytes) override { transport_->write(bytes); }
  void on_greeted() override {}
  void on_message(protocol::Message message) override;
  void on_unreadable(std::string_view payload, const protocol::DecodeError& error) override;

  void attempt();
  void started();
  void out_of_time();
  void attempt_failed(Error error);
  void lost(std::string why);
  void drop();
  void try_again_later(const Error& error);
  void become(State state, std::optional<Error> reason);
  void watch();
  Error failed(std::string step, std::string suggestion) const;
  Error failed_start() const;

  net::Loop& loop_;
  User& user_;
  const Options& options_;
  MakeTransport make_transport_;
  State state_ = State::Disconnected;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<protocol::ClientSide> side_;
  bool is_open_ = false;
  int attempts_ = 0;  // in a row, since it was up
  std::int64_t last_byte_ns_ = 0;
  bool asked_ = false;  // on_idle was told since
  net::Timer limit_;    // of an attempt, or until the next one
  net::Timer health_;
  std::minstd_rand chance_;
};

}  // namespace ibkr::client
