// IBKRClient: talks to TWS or IB Gateway. Every request of the protocol can be sent with it, typed or untyped, and its
// answers waited for, continued upon, or observed.
//
//   IBKRClient client("127.0.0.1", 7497, 1);
//   client.connect();
//   protocol::ContractDataRequest request;
//   request.contract.emplace().symbol = "AAPL";
//   for (const auto& details : client.send(std::move(request)).get()) …
//
// Threads: one I/O thread owns the connection and runs no code of the user's; one observer thread runs observers and
// continuations; whoever waits depends on the I/O thread and on time limits only, so that no two waits can block each
// other. Every function here may be called from any thread, also inside observers and continuations, unless it says
// otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "client/answer_sink.h"
#include "client/call.h"
#include "client/engine.h"
#include "client/options.h"
#include "client/state.h"
#include "client/stream.h"
#include "protocol/answers.h"
#include "protocol/messages.h"

namespace ibkr::client {

/// A struct of messages.h that is a request.
template <class T>
concept Request = requires {
  protocol::AnswersOf<T>::shape;
};

/// One that is answered.
template <class T>
concept Question = Request<T> && protocol::AnswersOf<T>::shape != protocol::Shape::Nothing;

/// What a request brings: Done, one answer, or a list of them. Streams have no such type.
template <Request T>
using Answer = std::conditional_t<
    protocol::AnswersOf<T>::shape == protocol::Shape::Nothing, Done,
    std::conditional_t<protocol::AnswersOf<T>::shape == protocol::Shape::One, typename protocol::AnswersOf<T>::Row,
                       std::vector<typename protocol::AnswersOf<T>::Row>>>;

class IBKRClient {
 public:
  /// Connects to nothing yet. Making one ignores SIGPIPE in the process. Throws std::runtime_error where the system has
  /// no thread or descriptor left.
  IBKRClient(std::string host, std::uint16_t port, std::int32_t client_id, Options options = {});
  explicit IBKRClient(Options options);
  /// Over another transport than a socket.
  IBKRClient(Options options, MakeTransport make_transport);
  /// close(), and waits until the observer thread has run what was left for it, so that no code of the user's runs
  /// afterwards; not where it is destroyed inside an observer, nor in a forked child. Do not hold a lock here that an
  /// observer takes.
  ~IBKRClient();
  IBKRClient(const IBKRClient&) = delete;
  IBKRClient& operator=(const IBKRClient&) = delete;

  // ---- connection

  /// Connects, and waits for it; when it is connected already returns what it began with, while it reconnects waits for
  /// that. Throws Disconnected, whose text says at which step it failed and what to do: refused, no answer, a server
  /// version that does not fit, a client id in use (code 326), no accounts.
  ConnectResult connect() { return connect_async().get(); }
  Call<ConnectResult> connect_async() { return engine_->connect(); }
  /// Ends the connection and fails what is under way as Closed. connect() may be called again.
  void disconnect() { engine_->disconnect().get(); }
  /// The same for good. Whatever waits is failed; observers and continuations still hear of it.
  void close() {
    if (engine_->process().is_current()) engine_->stop();
  }
  bool is_connected() const { return state() == State::Connected; }
  State state() const { return engine_->state(); }
  /// What the connection began with; none while there is none.
  std::optional<ConnectResult> connection() const { return engine_->connection(); }
  /// Waits until it is connected, by connect() or by reconnecting. False when it is not within the time, or closed.
  bool wait_connected(std::chrono::milliseconds at_most) const { return engine_->wait_connected(at_most); }

  // ---- requests

  /// Sends a request. Returns
  ///   Call<Done>              of a command: done when it was sent
  ///   Call<Row>               where there is one answer: Call<CurrentTime>
  ///   Call<std::vector<Row>>  where there are answers up to an end: Call<std::vector<ContractData>>
  ///   Stream<Row>             where they go on until it is cancelled: Stream<Position>
  /// Row is a std::variant where the answers are of several types. The client chooses the request's id; an order's only
  /// where it has none. Never blocks; what cannot be sent fails the call. A request that goes on only because of what
  /// it asks for (bars kept up to date) is for subscribe().
  template <Request T>
  auto send(T request, CallOptions options = {}) {
    using Answers = protocol::AnswersOf<T>;
    if constexpr (Answers::shape == protocol::Shape::Stream) {
      return subscribe(std::move(request));
    } else if constexpr (Answers::shape == protocol::Shape::Nothing) {
      return call<SentSink, Done>(std::move(request), Want::Sent, options);
    } else if constexpr (Answers::shape == protocol::Shape::One) {
      return call<OneSink<typename Answers::Row>, Answer<T>>(std::move(request), Want::Answers, options);
    } else {
      return call<ListSink<typename Answers::Row>, Answer<T>>(std::move(request), Want::Answers, options);
    }
  }
  /// The same for a request that is known at run time only; all messages that answer it, its end among them.
  Call<std::vector<protocol::Message>> send(protocol::Message request, CallOptions options = {});

  /// Sends a request whose answers are taken one by one, as they come. Subscriptions of which TWS has one per
  /// connection (positions, account values, bulletins) are shared by their users. They outlive the connection: a Gap
  /// says when it was lost, Resumed when they were asked for again.
  template <Question T>
  auto subscribe(T request) {
    return stream<typename protocol::AnswersOf<T>::Row>(std::move(request));
  }
  Stream<protocol::Message> subscribe(protocol::Message request);

  /// Sends a request and waits for all that there is at the beginning: the answers up to its end, or the first batch of
  /// a subscription, which is cancelled then. Call<std::vector<Position>> of a PositionsRequest.
  template <Question T>
  auto collect(T request, CallOptions options = {}) {
    using Row = typename protocol::AnswersOf<T>::Row;
    return call<ListSink<Row>, std::vector<Row>>(std::move(request), Want::FirstBatch, options);
  }
  Call<std::vector<protocol::Message>> collect(protocol::Message request, CallOptions options = {});

  /// An order id that nobody has, above all that TWS has told of.
  std::int32_t take_order_id() { return engine_->ids().next_order(); }

  // ---- observers: run on the observer thread, one after another

  /// What TWS says that is no answer to a call: farms, connectivity, warnings, errors about orders.
  ObserverId on_notice(std::function<void(const Error&)> observer);
  ObserverId on_state(std::function<void(const StateChange&)> observer);
  /// Every message of a type, whichever request it belongs to.
  template <class T>
  ObserverId on(std::function<void(const T&)> observer) {
    return on_message(
        T::info, [observer = std::move(observer)](const protocol::Message& message) { observer(message.as<T>()); });
  }
  ObserverId on_message(const protocol::MessageInfo& type, std::function<void(const protocol::Message&)> observer);
  /// No call to it begins after this; one that has begun on another thread may still be running.
  bool remove(ObserverId id);

  // ---- the rest

  /// The most messages that leave in any second, orders and cancels first; 0: no limit.
  void set_rate_limit(std::size_t messages_per_second) { engine_->set_rate(messages_per_second); }
  Counters counters() const { return engine_->counters().get(); }
  const Options& options() const { return engine_->options(); }

 private:
  template <class Sink, class T>
  Call<T> call(protocol::Message request, Want want, CallOptions options) {
    auto state = std::make_shared<CallState<T>>(engine_->thread());
    const Ticket ticket = engine_->next_ticket();
    state->set_cancel(canceller(ticket));
    submit(ticket, std::move(request), want, std::make_unique<Sink>(state), options);
    return Call<T>(std::move(state));
  }
  template <class Row>
  Stream<Row> stream(protocol::Message request) {
    auto feed = std::make_shared<EventFeed>(engine_->thread(), engine_->options().most_unread);
    const Ticket ticket = engine_->next_ticket();
    submit(ticket, std::move(request), Want::Stream, std::make_unique<StreamSink<Row>>(feed),
           {std::chrono::milliseconds(0)});
    return Stream<Row>(std::move(feed), canceller(ticket));
  }
  std::function<void()> canceller(Ticket ticket) const;
  void submit(Ticket ticket, protocol::Message request, Want want, std::unique_ptr<AnswerSink> sink,
              CallOptions options);

  std::shared_ptr<Engine> engine_;
};

}  // namespace ibkr::client
