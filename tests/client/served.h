// What the tests of the client share: a mock in a thread of its own, and a server that does what a script says.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "mock/server.h"
#include "net/tcp.h"
#include "net/timer.h"
#include "protocol/codec.h"
#include "protocol/frame.h"
#include "protocol/messages.h"
#include "protocol/server_side.h"

namespace ibkr::client::test {

using namespace std::chrono_literals;
using protocol::Message;

inline constexpr auto kPatience = 20s;

/// Runs a loop on a thread. What lives on the loop is made by `build` on that thread and destroyed there.
template <class Server>
class Served {
 public:
  explicit Served(std::function<std::unique_ptr<Server>(net::Loop&)> build) {
    std::promise<void> ready;
    thread_ = std::thread([this, &ready, build = std::move(build)] {
      net::Loop loop;
      loop_ = &loop;
      server_ = build(loop);
      port_ = server_->local_address().port;
      ready.set_value();
      loop.run();
      server_.reset();
    });
    ready.get_future().wait();
  }
  ~Served() {
    loop_->post([loop = loop_] { loop->stop(); });
    thread_.join();
  }
  std::uint16_t port() const { return port_; }
  /// Runs `task` on the server's thread, and waits for it.
  void with(std::function<void(Server&)> task) {
    std::promise<void> done;
    loop_->post([&] {
      task(*server_);
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  net::Loop* loop_ = nullptr;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

struct Mock : Served<mock::Server> {
  explicit Mock(int server_version = 226)
      : Served([server_version](net::Loop& loop) {
          auto server = std::make_unique<mock::Server>(loop, mock::Options{.listen = {"127.0.0.1", 0},
                                                                           .server_version = server_version,
                                                                           .seed = 7,
                                                                           .tick_interval_ns = 1000000});
          REQUIRE(server->listen());
          return server;
        }) {}
};

/// A TWS that answers the start, and then what its script says to each request.
class Scripted {
 public:
  /// One app's connection.
  class Peer : private protocol::ServerSide::Server {
   public:
    Peer(Scripted& owner, std::unique_ptr<net::Connection> tcp) : owner_(owner), tcp_(std::move(tcp)) {
      tcp_->start(
          {.on_data = [this](std::string_view bytes) { side_.receive(bytes); }, .on_end = [this] { tcp_->close(); }});
    }
    void say(const Message& message) {
      std::string payload, frame;
      REQUIRE(protocol::encode(message, owner_.version, payload));
      protocol::append_frame(frame, payload);
      write(frame);
    }
    void write(std::string_view bytes) {
      if (!tcp_->is_open()) return;
      if (owner_.cut_after == nullptr) return tcp_->write(bytes);
      int& left = *owner_.cut_after;
      const auto size = static_cast<int>(bytes.size());
      tcp_->write(bytes.substr(0, static_cast<std::size_t>(std::min(left, size))));
      left -= size;
      if (left < 0) {
        left = 1 << 20;
        tcp_->close();
      }
    }
    void cut() { tcp_->reset(); }

   private:
    std::optional<protocol::ServerSide::Answer> on_hello(const protocol::Hello&) override {
      if (!owner_.first_bytes.empty()) write(owner_.first_bytes);
      if (!owner_.greets || !owner_.first_bytes.empty()) return std::nullopt;
      return protocol::ServerSide::Answer{owner_.version,
                                          protocol::hello_answer_payload({owner_.version, "20261123 09:30:00 EST"})};
    }
    void send_answer(std::string_view frame) override { write(frame); }
    void on_start(std::string_view, const Message&) override {
      if (owner_.starts) {
        owner_.starts(*this);
      } else {
        owner_.start(*this);
      }
    }
    void on_request(std::string_view payload) override {
      auto request = protocol::decode(protocol::Direction::Out, owner_.version, payload);
      REQUIRE(request);
      owner_.asked.push_back(*request);
      if (owner_.answers) owner_.answers(*this, *request);
    }

    Scripted& owner_;
    std::unique_ptr<net::Connection> tcp_;
    protocol::ServerSide side_{*this};
  };

  explicit Scripted(net::Loop& loop) {
    auto opened = net::Listener::open(loop, {"127.0.0.1", 0}, [this](std::unique_ptr<net::Connection> tcp) {
      peers.push_back(std::make_unique<Peer>(*this, std::move(tcp)));
    });
    REQUIRE(opened);
    listener_ = std::move(*opened);
  }
  const net::Address& local_address() const { return listener_->local_address(); }
  /// The usual start.
  void start(Peer& peer) const {
    protocol::ManagedAccounts accounts;
    accounts.accounts_list = "DU1";
    peer.say(accounts);
    protocol::NextValidId id;
    id.order_id = 5;
    peer.say(id);
  }

  int version = 178;
  bool greets = true;
  std::string first_bytes;         // instead of an answer to the hello
  std::shared_ptr<int> cut_after;  // bytes after which a connection is closed, once
  std::function<void(Peer&)> starts;
  std::function<void(Peer&, const Message&)> answers;
  std::vector<Message> asked;
  std::vector<std::unique_ptr<Peer>> peers;

 private:
  std::unique_ptr<net::Listener> listener_;
};

struct Script : Served<Scripted> {
  using Answers = std::function<void(Scripted::Peer&, const Message&)>;
  explicit Script(Answers answers = {})
      : Served([answers](net::Loop& loop) {
          auto server = std::make_unique<Scripted>(loop);
          server->answers = answers;
          return server;
        }) {}
};

inline Options options_for(std::uint16_t port, std::int32_t client_id = 1) {
  Options options;
  options.port = port;
  options.client_id = client_id;
  options.messages_per_second = 0;
  options.reconnect.first_delay = 1ms;
  options.reconnect.longest_delay = 20ms;
  options.connect_limit = 10000ms;
  return options;
}

inline protocol::Contract stock(const std::string& symbol) {
  protocol::Contract contract;
  contract.symbol = symbol;
  contract.sec_type = "STK";
  contract.exchange = "SMART";
  contract.currency = "USD";
  return contract;
}

inline protocol::ContractDataRequest details_of(const std::string& symbol) {
  protocol::ContractDataRequest request;
  request.contract = stock(symbol);
  return request;
}

inline Message error_message(std::int32_t id, std::int32_t code, const std::string& text) {
  protocol::ErrorMessage error;
  error.id = id;
  error.error_code = code;
  error.error_msg = text;
  return error;
}

}  // namespace ibkr::client::test
