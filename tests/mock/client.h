// A small client of our own on net and the codec, for tests of the mock: it talks, and remembers every message.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mock/server.h"
#include "net/tcp.h"
#include "net/timer.h"
#include "protocol/codec.h"
#include "protocol/frame.h"
#include "protocol/messages.h"

namespace ibkr::mock::test {

inline constexpr std::int64_t kPatienceNs = 20000000000;

/// Handles events until `done()`; fails the test when that takes too long.
template <class Done>
void run_until(net::Loop& loop, Done done) {
  bool late = false;
  net::Timer patience(loop, [&] { late = true; });
  patience.arm_after(kPatienceNs);
  while (!done() && !late) loop.run_once();
  REQUIRE_FALSE(late);
}

inline Fault fault(const std::string& line) {
  auto read = parse_fault(line);
  if (!read) FAIL(read.error());
  return std::move(*read);
}

/// A mock on a free port, with a quick market.
struct Mock {
  explicit Mock(net::Loop& loop, int server_version = 226, std::uint64_t seed = 7,
                const std::vector<std::string>& faults = {})
      : server(loop, {.listen = {"127.0.0.1", 0},
                      .server_version = server_version,
                      .seed = seed,
                      .tick_interval_ns = 1000000,
                      .faults = read(faults)}) {
    REQUIRE(server.listen());
  }
  static std::vector<Fault> read(const std::vector<std::string>& lines) {
    std::vector<Fault> faults;
    for (const std::string& line : lines) faults.push_back(fault(line));
    return faults;
  }
  Server server;
};

/// One connection. `start` goes as far as NextValidId.
class Client {
 public:
  Client(net::Loop& loop, const Mock& mock, std::int32_t client_id, int most = 226, int least = 100)
      : loop_(loop), id_(client_id) {
    dial_ = net::connect(loop, mock.server.local_address(), [this, least, most](net::Dial::Result result) {
      REQUIRE(result);
      connection_ = std::move(*result);
      connection_->start({.on_data = [this](std::string_view bytes) { on_data(bytes); },
                          .on_end = [this] { ended = true; },
                          .on_close =
                              [this](const net::CloseReason& reason) {
                                ended = true;
                                was_reset = reason.kind == net::CloseReason::Kind::Reset;
                              }});
      connection_->write(protocol::hello_bytes({least, most, ""}));
    });
  }

  Client& start() {
    run_until(loop_, [this] { return ended || has<protocol::NextValidId>(); });
    REQUIRE_FALSE(ended);
    seen.clear();
    return *this;
  }

  /// Sends a message's body, or a whole Message.
  template <class T>
  void send(T body) {
    std::string payload;
    REQUIRE(protocol::encode(protocol::Message(std::move(body)), version, payload));
    send_payload(payload);
  }
  void send_payload(std::string_view payload) {
    std::string frame;
    protocol::append_frame(frame, payload);
    connection_->write(frame);
  }

  template <class T>
  bool has() const {
    return count<T>() > 0;
  }
  template <class T>
  std::size_t count() const {
    return all<T>().size();
  }
  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const auto& message : seen)
      if (const T* body = message.template get_if<T>()) found.push_back(*body);
    return found;
  }
  /// Waits for the next message of the type, counted from the last clear(), and returns it.
  template <class T>
  T wait() {
    run_until(loop_, [this] { return has<T>(); });
    return all<T>().front();
  }
  /// Waits for an order's status.
  void wait_status(std::int32_t order_id, const std::string& status) {
    run_until(loop_, [&] {
      for (const auto& told : all<protocol::OrderStatus>())
        if (told.order_id == order_id && told.status == status) return true;
      return false;
    });
  }
  /// Waits for an error with the code and returns it.
  protocol::ErrorMessage wait_error(std::int32_t code) {
    protocol::ErrorMessage found;
    run_until(loop_, [&] {
      for (const auto& error : all<protocol::ErrorMessage>())
        if (error.error_code == code) found = error;
      return found.error_code == code;
    });
    return found;
  }
  /// After it, everything that earlier requests cause at once has arrived.
  void settle() {
    const std::size_t before = count<protocol::CurrentTime>();
    send(protocol::CurrentTimeRequest{});
    run_until(loop_, [&] { return count<protocol::CurrentTime>() > before; });
  }
  /// Bytes of a frame that has begun and not ended.
  std::size_t torn_bytes() const { return framer_.pending(); }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& message : seen) out.emplace_back(message.name());
    return out;
  }

  std::vector<protocol::Message> seen;
  int version = 0;
  bool ended = false;
  bool was_reset = false;
  std::vector<std::string>
      problems;  ///< frames that could not be decoded, or had fields that their version does not know

 private:
  void on_data(std::string_view bytes) {
    framer_.feed(bytes, [this](std::string_view payload) { version == 0 ? on_answer(payload) : on_payload(payload); });
  }
  void on_answer(std::string_view payload) {
    const auto answer = protocol::read_hello_answer(payload);
    REQUIRE(answer);
    version = answer->server_version;
    protocol::StartApiRequest start_api;
    start_api.client_id = id_;
    start_api.optional_capabilities = "";
    send(std::move(start_api));
  }
  void on_payload(std::string_view payload) {
    auto message = protocol::decode(protocol::Direction::In, version, payload);
    if (!message) {
      problems.push_back(message.error().to_string());
      return;
    }
    if (!message->residue.trailing.empty()) problems.push_back(std::string(message->name()) + " has fields too many");
    seen.push_back(std::move(*message));
  }

  net::Loop& loop_;
  std::int32_t id_;
  std::unique_ptr<net::Dial> dial_;
  std::unique_ptr<net::Connection> connection_;
  protocol::Framer framer_;
};

inline protocol::Contract stock(const std::string& symbol) {
  protocol::Contract contract;
  contract.symbol = symbol;
  contract.sec_type = "STK";
  contract.exchange = "SMART";
  contract.currency = "USD";
  return contract;
}

inline protocol::PlaceOrderRequest order(std::int32_t id, const std::string& action, int quantity,
                                         const std::string& type, double limit = 0, double stop = 0) {
  protocol::PlaceOrderRequest request;
  request.order_id = id;
  request.contract = stock("AAPL");
  request.order.emplace();
  request.order->action = action;
  request.order->total_quantity = protocol::Decimal(quantity);
  request.order->order_type = type;
  if (limit != 0) request.order->lmt_price = limit;
  if (stop != 0) request.order->aux_price = stop;
  request.order->transmit = true;
  return request;
}

}  // namespace ibkr::mock::test
