#include "client/engine.h"

#include <utility>

#include "protocol/messages.h"

namespace ibkr::client {
namespace {

constexpr std::int64_t kMillisecond = 1000000;

Error closed() {
  Error error(Reason::Closed, Concern::Connection, Severity::Fatal, "the client is closed");
  error.suggestion = "Make another one";
  return error;
}

Error closed(const protocol::Message& request) {
  return error_about(Reason::Closed, request, closed().text, closed().suggestion);
}

}  // namespace

Engine::Engine(Options options, MakeTransport make_transport)
    : options_(std::move(options)),
      thread_(std::make_shared<ObserverThread>()),
      observers_(std::make_shared<Observers>(thread_, options_.most_unread)),
      connection_(loop_, *this, options_, std::move(make_transport)),
      router_(loop_, connection_, options_, ids_, [this](const Error& error) { observers_->notice(error); }) {
  thread_->set_on_throw([observers = std::weak_ptr(observers_)](const std::string& thrown) {
    const auto all = observers.lock();
    if (all == nullptr) return;
    all->notice(Error(Reason::UserCode, Concern::System, Severity::Warning, "an observer threw: " + thrown));
  });
  io_ = std::thread([this] {
    block_signals();
    loop_.run();
  });
}

Engine::~Engine() = default;

// ---- any thread -----------------------------------------------------------------------------------------------------

bool Engine::post(std::function<void()> task) {
  const std::lock_guard lock(queue_mutex_);
  if (stopped_) return false;
  loop_.post(std::move(task));
  return true;
}

void Engine::submit(Submission submission) {
  if (!process_.is_current()) {
    submission.sink->fail(error_about(Reason::Misuse, submission.message,
                                      "the process has forked since the client was made",
                                      "Make a client of its own in the child"));
    return;
  }
  {
    const std::lock_guard lock(queue_mutex_);
    if (!stopped_) {
      queue_.push_back(std::move(submission));
      if (queue_.size() == 1) loop_.post([this] { take_submissions(); });
      return;
    }
  }
  submission.sink->fail(closed(submission.message));
}

void Engine::give_up(Ticket ticket, const Error& error) {
  post([this, ticket, error] {
    take_submissions();  // it may be among them
    router_.give_up(ticket, error);
  });
}

Call<ConnectResult> Engine::connect() {
  if (!process_.is_current()) process_.refuse();
  auto call = std::make_shared<CallState<ConnectResult>>(thread_);
  const bool posted = post([this, call] {
    if (connection_.state() == State::Connected) {
      call->complete(*result_);
      return;
    }
    connecting_.push_back(call);
    connection_.connect();
  });
  if (!posted) call->complete(Unexpected(closed()));
  return Call<ConnectResult>(std::move(call));
}

Call<Done> Engine::disconnect() {
  auto call = std::make_shared<CallState<Done>>(thread_);
  const bool posted = process_.is_current() && post([this, call] {
                        take_submissions();
                        connection_.disconnect(State::Disconnected);
                        call->complete(Done{});
                      });
  if (!posted) call->complete(Done{});
  return Call<Done>(std::move(call));
}

void Engine::stop() {
  const std::lock_guard stopping(stop_mutex_);
  if (!io_.joinable()) return;
  post([this] {
    connection_.disconnect(State::Closed);
    last_counters_ = count();
    std::vector<Submission> left;
    {
      const std::lock_guard lock(queue_mutex_);
      stopped_ = true;
      left.swap(queue_);
    }
    for (Submission& submission : left) submission.sink->fail(closed(submission.message));
    loop_.stop();
  });
  io_.join();
}

State Engine::state() const {
  const std::lock_guard lock(state_mutex_);
  return state_;
}

std::optional<ConnectResult> Engine::connection() const {
  const std::lock_guard lock(state_mutex_);
  return current_;
}

bool Engine::wait_connected(std::chrono::milliseconds at_most) const {
  if (!process_.is_current()) process_.refuse();
  std::unique_lock lock(state_mutex_);
  return state_changed_.wait_until(lock, std::chrono::steady_clock::now() + at_most, [this] {
    return state_ == State::Connected || state_ == State::Closed;
  }) && state_ == State::Connected;
}

void Engine::set_rate(std::size_t messages_per_second) {
  post([this, messages_per_second] { router_.set_rate(messages_per_second); });
}

Call<Counters> Engine::counters() {
  auto call = std::make_shared<CallState<Counters>>(thread_);
  const bool posted = process_.is_current() && post([this, call] { call->complete(count()); });
  if (!posted) call->complete(Counters(last_counters_));
  return Call<Counters>(std::move(call));
}

// ---- I/O thread -----------------------------------------------------------------------------------------------------

void Engine::take_submissions() {
  std::vector<Submission> batch;
  {
    const std::lock_guard lock(queue_mutex_);
    batch.swap(queue_);
  }
  if (batch.empty()) return;
  if (connection_.state() != State::Connected) {
    for (Submission& submission : batch) submission.sink->fail(why_not(submission.message));
    return;
  }
  router_.begin_batch();
  for (Submission& submission : batch) router_.submit(std::move(submission));
  router_.end_batch();
}

Error Engine::why_not(const protocol::Message& request) const {
  const std::string reason = last_reason_ ? ": " + last_reason_->text : "";
  switch (connection_.state()) {
    case State::Connecting:
      return error_about(Reason::NotConnected, request, "the client is still connecting", "Wait for connect()");
    case State::Reconnecting:
      return error_about(Reason::Reconnecting, request, "the client is reconnecting" + reason,
                         "Ask again when it is connected; wait_connected() waits for that");
    case State::GivenUp:
      return error_about(Reason::GivenUp, request, "the client has given up reconnecting" + reason,
                         "Call connect() when TWS is back");
    case State::Closed:
      return closed(request);
    case State::Connected:
    case State::Disconnected:
      break;
  }
  return error_about(Reason::NotConnected, request, "the client is not connected" + reason, "Call connect()");
}

void Engine::finish_connects(const Result<ConnectResult>& result) {
  for (const auto& call : std::exchange(connecting_, {})) call->complete(result);
}

void Engine::on_connected(const ConnectResult& result) {
  ++connections_;
  result_ = result;
  last_reason_.reset();
  if (result.next_order_id) ids_.raise_orders(*result.next_order_id);
  router_.connected(result.server_version);
}

void Engine::on_message(protocol::Message message) {
  ++messages_in_;
  if (const auto* id = message.get_if<protocol::NextValidId>()) ids_.raise_orders(id->order_id.value_or(0));
  observers_->message(message);
  if (connection_.state() == State::Connected) return router_.came(std::move(message));
  if (message.is<protocol::ErrorMessage>()) observers_->notice(error_of(message, nullptr, false));
}

void Engine::begin_messages() {
  thread_->begin_burst();
  router_.begin_batch();
}

void Engine::end_messages() {
  router_.end_batch();
  thread_->end_burst();
}

void Engine::on_unreadable(const protocol::DecodeError& error) {
  ++unreadable_;
  observers_->notice(Error(Reason::Remark, Concern::System, Severity::Warning,
                           "a message of TWS's cannot be read: " + error.to_string()));
}

void Engine::on_lost(const Error& error, State state) {
  last_reason_ = error;
  router_.lost(error, state == State::Reconnecting);
}

void Engine::on_state(const StateChange& change) {
  if (change.reason) last_reason_ = change.reason;
  if (change.state == State::GivenUp) router_.lost(*change.reason, false);
  {
    const std::lock_guard lock(state_mutex_);
    state_ = change.state;
    current_ = change.state == State::Connected ? result_ : std::nullopt;
    state_changed_.notify_all();
  }
  switch (change.state) {
    case State::Connected:
      finish_connects(*result_);
      break;
    case State::Disconnected:
    case State::GivenUp:
    case State::Closed:
      finish_connects(Unexpected(last_reason_ ? *last_reason_ : closed()));
      break;
    case State::Connecting:
    case State::Reconnecting:
      break;
  }
  observers_->state(change);
}

void Engine::on_idle() {
  router_.submit({next_ticket(), protocol::CurrentTimeRequest{}, Want::Answers, nullptr,
                  options_.idle_limit.count() * kMillisecond});
}

Counters Engine::count() const {
  return {messages_in_, router_.messages_out(), router_.late_answers(), unreadable_,
          connections_, router_.under_way(),    router_.waiting()};
}

}  // namespace ibkr::client
