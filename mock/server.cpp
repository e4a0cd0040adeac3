#include "mock/server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <list>

#include "mock/session.h"
#include "net/tcp.h"
#include "net/timer.h"
#include "protocol/catalogue.h"
#include "protocol/schema.h"

namespace ibkr::mock {
namespace {

Seconds wall_seconds() { return net::wall_ns() / 1000000000; }

}  // namespace

class Server::Impl final : public SessionOwner {
 public:
  Impl(net::Loop& loop, Options options);
  Expected<void, std::string> listen();
  const net::Address& local_address() const {
    assert(listener_);
    return listener_->local_address();
  }
  void stop();

 private:
  bool claim(std::int32_t client_id, const Session& session) override;
  void ended(Session& session) override;
  OrderBook::Callbacks order_callbacks();
  void tick();
  /// Calls `does` for each session that is ready; it may end the session.
  template <class Does>
  void for_ready(Does does);

  net::Loop& loop_;
  Options options_;
  World world_;
  net::Timer timer_;
  bool is_open_ = false;  ///< the first client has come
  std::unique_ptr<net::Listener> listener_;
  std::list<std::unique_ptr<Session>> sessions_;
};

Server::Impl::Impl(net::Loop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      world_(options_.seed, wall_seconds(), options_.accounts, order_callbacks()),
      timer_(loop, [this] { tick(); }) {}

OrderBook::Callbacks Server::Impl::order_callbacks() {
  return {
      .deliver =
          [this](std::int32_t client_id, const protocol::Message& message) {
            for_ready([&](Session& session) {
              if (session.client_id() == client_id) session.deliver(message);
            });
          },
      .filled =
          [this](const Account& account, const Instrument& instrument) {
            for_ready([&](Session& session) { session.account_changed(account, instrument); });
          },
  };
}

template <class Does>
void Server::Impl::for_ready(Does does) {
  for (auto next = sessions_.begin(); next != sessions_.end();) {
    Session& session = **next++;
    if (session.is_ready()) does(session);
  }
}

Expected<void, std::string> Server::Impl::listen() {
  if (options_.server_version < protocol::kMinServerVersion || options_.server_version > protocol::kMaxServerVersion) {
    return Unexpected("the mock cannot speak server version " + std::to_string(options_.server_version) + ": choose " +
                      std::to_string(protocol::kMinServerVersion) + " to " +
                      std::to_string(protocol::kMaxServerVersion));
  }
  if (options_.accounts.empty())
    return Unexpected(std::string("the mock needs an account: name one, such as DU1000001"));
  if (options_.tick_interval_ns <= 0) return Unexpected(std::string("the mock's tick interval must be above zero"));
  auto listener = net::Listener::open(
      loop_, options_.listen,
      [this](std::unique_ptr<net::Connection> connection) {
        sessions_.push_back(std::make_unique<Session>(*this, world_, options_.server_version, std::move(connection)));
      },
      [](const std::string& problem) { spdlog::warn("mock: {}", problem); });
  if (!listener) return Unexpected(std::move(listener.error()));
  listener_ = std::move(*listener);
  return {};
}

void Server::Impl::stop() {
  timer_.cancel();
  listener_.reset();
  sessions_.clear();
}

bool Server::Impl::claim(std::int32_t client_id, const Session& session) {
  const bool taken = std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& other) {
    return other.get() != &session && other->is_ready() && other->client_id() == client_id;
  });
  if (taken) {
    spdlog::info("mock: client id {} is in use, another connection with it is refused", client_id);
    return false;
  }
  if (!is_open_) {  // the walk begins with the first client, so that every run shows him the same
    is_open_ = true;
    world_.market.open(wall_seconds());
    timer_.arm_every(options_.tick_interval_ns);
  }
  return true;
}

void Server::Impl::ended(Session& session) {
  sessions_.remove_if([&](const auto& held) { return held.get() == &session; });
}

void Server::Impl::tick() {
  world_.market.step(wall_seconds());
  world_.orders.match();
  for_ready([](Session& session) {
    session.push();
    session.flush();
  });
}

Server::Server(net::Loop& loop, Options options) : impl_(std::make_unique<Impl>(loop, std::move(options))) {}
Server::~Server() = default;
Expected<void, std::string> Server::listen() { return impl_->listen(); }
const net::Address& Server::local_address() const { return impl_->local_address(); }
void Server::stop() { impl_->stop(); }

}  // namespace ibkr::mock
