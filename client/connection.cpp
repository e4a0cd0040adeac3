#include "client/connection.h"

#include <algorithm>
#include <utility>

#include "net/address.h"

namespace ibkr::client {
namespace {

constexpr std::int64_t kMillisecond = 1000000;

std::int64_t in_ns(std::chrono::milliseconds time) { return time.count() * kMillisecond; }

std::vector<std::string> split_accounts(std::string_view joined) {
  std::vector<std::string> accounts;
  while (!joined.empty()) {
    const std::size_t comma = std::min(joined.find(','), joined.size());
    if (comma > 0) accounts.emplace_back(joined.substr(0, comma));
    joined.remove_prefix(std::min(comma + 1, joined.size()));
  }
  return accounts;
}

ConnectResult result_of(const protocol::ClientSide::Start& start) {
  return {start.server_version, start.connection_time, split_accounts(start.accounts.value_or("")),
          start.next_order_id};
}

Error connection_error(Reason reason, std::string text, std::string suggestion) {
  Error error(reason, Concern::Connection, Severity::Fatal, std::move(text));
  error.suggestion = std::move(suggestion);
  return error;
}

}  // namespace

Connection::Connection(net::Loop& loop, User& user, const Options& options, MakeTransport make_transport)
    : loop_(loop),
      user_(user),
      options_(options),
      make_transport_(std::move(make_transport)),
      limit_(loop, [this] { transport_ == nullptr ? attempt() : out_of_time(); }),
      health_(loop, [this] { watch(); }),
      chance_(static_cast<std::minstd_rand::result_type>(net::monotonic_ns())) {}

// ---- one attempt ----------------------------------------------------------------------------------------------------

void Connection::connect() {
  if (state_ != State::Disconnected && state_ != State::GivenUp) return;
  attempts_ = 0;
  become(State::Connecting, std::nullopt);
  attempt();
}

void Connection::attempt() {
  side_.reset(new protocol::ClientSide(
      *this, protocol::ClientSide::Offer{options_.min_server_version, options_.max_server_version,
                                         options_.connect_options, options_.client_id, options_.capabilities}));
  is_open_ = false;
  transport_ = make_transport_(loop_);
  limit_.arm_after(in_ns(options_.connect_limit));
  transport_->open(*this);
}

void Connection::on_open() {
  is_open_ = true;
  side_->begin();
}

void Connection::on_bytes(std::string_view bytes) {
  last_byte_ns_ = net::monotonic_ns();
  asked_ = false;
  user_.begin_messages();
  const bool fine = side_->receive(bytes);
  user_.end_messages();
  if (fine) return;
  if (state_ == State::Connected) return lost(side_->error());
  attempt_failed(failed_start());
}

void Connection::on_message(protocol::Message message) {
  if (state_ != State::Connected && side_->phase() == protocol::ClientSide::Phase::Running) started();
  user_.on_message(std::move(message));
}

void Connection::on_unreadable(std::string_view, const protocol::DecodeError& error) { user_.on_unreadable(error); }

void Connection::started() {
  attempts_ = 0;
  limit_.cancel();
  state_ = State::Connected;
  if (options_.idle_limit.count() > 0) watch();
  user_.on_connected(result_of(side_->start()));
  user_.on_state({State::Connected, std::nullopt});
}

void Connection::out_of_time() {
  const auto& start = side_->start();
  if (side_->phase() != protocol::ClientSide::Phase::Starting || split_accounts(start.accounts.value_or("")).empty()) {
    return attempt_failed(failed_start());
  }
  side_->run_without_rest();
  started();
}

void Connection::on_gone(const std::string& why) {
  if (state_ == State::Connected) return lost(why);
  if (!is_open_) {
    return attempt_failed(
        failed("it was refused: " + why,
               "Start TWS or IB Gateway, log in, enable its API socket, and check host and port: 7496 "
               "(TWS live), 7497 (TWS paper), 4001 (Gateway live), 4002 (Gateway paper)"));
  }
  if (side_->phase() == protocol::ClientSide::Phase::Hello) {
    return attempt_failed(
        failed("there was no answer to the hello: " + why,
               "Check the trusted addresses in the API settings, that the port is TWS's, and that TWS "
               "speaks a server version of those offered"));
  }
  attempt_failed(failed("it was closed before the start was over: " + why,
                        "Look into TWS's window: a dialogue may wait there, or the login may have ended"));
}

/// Of the step that the attempt has come to.
Error Connection::failed_start() const {
  using Failure = protocol::ClientSide::Failure;
  switch (side_->failure()) {
    case Failure::NotTws:
      return failed("what answers is not TWS: " + side_->error(), "Check host and port");
    case Failure::Version:
      return failed("the server versions do not fit: " + side_->error(),
                    "Offer the server's version, or update TWS or this library");
    case Failure::Redirected:
      return failed(side_->error(), "Connect to that address");
    case Failure::Refused: {
      Error error = failed("the start was refused: " + side_->error(),
                           "Choose another client id, or end the program that has this one");
      error.code = 326;
      return error;
    }
    case Failure::None:
      break;
  }
  const std::string limit = " within " + std::to_string(options_.connect_limit.count()) + " ms";
  if (!is_open_) return failed("nothing accepted it" + limit, "Check host, port and the network");
  if (side_->phase() == protocol::ClientSide::Phase::Hello) {
    return failed("there was no answer to the hello" + limit,
                  "Look into TWS's window: it may ask whether to accept the connection, or not be logged in yet");
  }
  return failed("no accounts came" + limit, "Wait until TWS has logged in, and try again");
}

Error Connection::failed(std::string step, std::string suggestion) const {
  return connection_error(
      Reason::ConnectFailed,
      "connecting to " + net::Address{options_.host, options_.port}.to_string() + " failed: " + std::move(step),
      std::move(suggestion));
}

// ---- its end --------------------------------------------------------------------------------------------------------

void Connection::attempt_failed(Error error) {
  drop();
  if (state_ == State::Reconnecting) return try_again_later(error);
  become(State::Disconnected, std::move(error));
}

void Connection::lost(std::string why) {
  drop();
  const State next = options_.reconnect.enabled ? State::Reconnecting : State::Disconnected;
  const Error error = connection_error(
      Reason::Lost, "the connection to TWS was lost: " + std::move(why),
      next == State::Reconnecting ? "The client reconnects; ask again when it is connected" : "Call connect() again");
  attempts_ = 0;
  state_ = next;
  user_.on_lost(error, next);
  user_.on_state({next, error});
  if (next == State::Reconnecting && state_ == next) try_again_later(error);
}

void Connection::try_again_later(const Error& error) {
  const Reconnect& how = options_.reconnect;
  if (how.most_attempts > 0 && attempts_ >= how.most_attempts) {
    return become(State::GivenUp, connection_error(Reason::GivenUp,
                                                   "gave up after " + std::to_string(attempts_) +
                                                       " attempts to reconnect, the last one: " + error.text,
                                                   "Call connect() again when TWS is back"));
  }
  double delay = static_cast<double>(in_ns(how.first_delay));
  const double longest = static_cast<double>(in_ns(how.longest_delay));
  for (int i = 0; i < attempts_ && delay < longest; ++i) delay *= 2;
  delay = std::min(delay, longest);
  std::uniform_real_distribution<double> spread(1 - how.jitter, 1 + how.jitter);
  ++attempts_;
  limit_.arm_after(static_cast<std::int64_t>(delay * spread(chance_)));
}

void Connection::disconnect(State state) {
  if (state_ == State::Closed) return;
  const bool had_users = state_ != State::Disconnected && state_ != State::GivenUp;
  drop();
  if (had_users) {
    user_.on_lost(connection_error(Reason::Closed, "the client was disconnected by its program", ""), state);
  }
  if (state_ != state) become(state, std::nullopt);
}

void Connection::drop() {
  limit_.cancel();
  health_.cancel();
  if (side_ != nullptr) side_->stop();
  transport_.reset();
}

void Connection::become(State state, std::optional<Error> reason) {
  state_ = state;
  user_.on_state({state, std::move(reason)});
}

void Connection::watch() {
  const std::int64_t limit = in_ns(options_.idle_limit), now = net::monotonic_ns();
  const std::int64_t idle = now - last_byte_ns_;
  if (idle >= 2 * limit) {
    return lost("nothing has come from it for " + std::to_string(idle / kMillisecond) + " ms");
  }
  if (idle >= limit && !std::exchange(asked_, true)) user_.on_idle();
  health_.arm_at(last_byte_ns_ + (idle >= limit ? 2 * limit : limit));
}

}  // namespace ibkr::client
