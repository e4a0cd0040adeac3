#include "replay/mock.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <list>

#include "net/tcp.h"
#include "net/timer.h"
#include "protocol/schema.h"
#include "replay/mock_session.h"

namespace ibkr::replay {
namespace {

mock::Seconds wall_seconds() { return net::wall_ns() / 1000000000; }

}  // namespace

class MockServer::Server final : public mock::SessionOwner {
 public:
  Server(net::Loop& loop, MockOptions options);
  Expected<void, std::string> listen();
  const net::Address& local_address() const {
    assert(listener_);
    return listener_->local_address();
  }
  void stop();

 private:
  bool claim(std::int32_t client_id, const mock::Session& session) override;
  void ended(mock::Session& session) override;
  mock::OrderBook::Callbacks order_callbacks();
  void tick();
  /// Calls `does` for each session that is ready; it may end the session.
  template <class Does>
  void for_ready(Does does);

  net::Loop& loop_;
  MockOptions options_;
  mock::World world_;
  net::Timer timer_;
  bool is_open_ = false;  ///< the first client has come
  std::unique_ptr<net::Listener> listener_;
  std::list<std::unique_ptr<mock::Session>> sessions_;
};

MockServer::Server::Server(net::Loop& loop, MockOptions options)
    : loop_(loop),
      options_(std::move(options)),
      world_(options_.seed, wall_seconds(), options_.accounts, order_callbacks()),
      timer_(loop, [this] { tick(); }) {}

mock::OrderBook::Callbacks MockServer::Server::order_callbacks() {
  return {
      .deliver =
          [this](std::int32_t client_id, const protocol::Message& message) {
            for_ready([&](mock::Session& session) {
              if (session.client_id() == client_id) session.deliver(message);
            });
          },
      .filled =
          [this](const mock::Account& account, const mock::Instrument& instrument) {
            for_ready([&](mock::Session& session) { session.account_changed(account, instrument); });
          },
  };
}

template <class Does>
void MockServer::Server::for_ready(Does does) {
  for (auto next = sessions_.begin(); next != sessions_.end();) {
    mock::Session& session = **next++;
    if (session.is_ready()) does(session);
  }
}

Expected<void, std::string> MockServer::Server::listen() {
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
        sessions_.push_back(
            std::make_unique<mock::Session>(*this, world_, options_.server_version, std::move(connection)));
      },
      [](const std::string& problem) { spdlog::warn("mock: {}", problem); });
  if (!listener) return Unexpected(std::move(listener.error()));
  listener_ = std::move(*listener);
  return {};
}

void MockServer::Server::stop() {
  timer_.cancel();
  listener_.reset();
  sessions_.clear();
}

bool MockServer::Server::claim(std::int32_t client_id, const mock::Session& session) {
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

void MockServer::Server::ended(mock::Session& session) {
  sessions_.remove_if([&](const auto& held) { return held.get() == &session; });
}

void MockServer::Server::tick() {
  world_.market.step(wall_seconds());
  world_.orders.match();
  for_ready([](mock::Session& session) {
    session.push();
    session.flush();
  });
}

MockServer::MockServer(net::Loop& loop, MockOptions options)
    : server_(std::make_unique<Server>(loop, std::move(options))) {}
MockServer::~MockServer() = default;
Expected<void, std::string> MockServer::listen() { return server_->listen(); }
const net::Address& MockServer::local_address() const { return server_->local_address(); }
void MockServer::stop() { server_->stop(); }

}  // namespace ibkr::replay
