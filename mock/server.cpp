#include "mock/server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <list>
#include <optional>

#include "mock/order_news.h"
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
  const net::Address& local_address() const { return address_; }
  void stop();
  void inject(Fault fault) { world_.faults.add(std::move(fault)); }
  void advance_clock(std::int64_t ns);
  std::vector<std::string> unmet_faults() const { return world_.faults.unmet(); }

 private:
  bool claim(std::int32_t client_id, const Session& session) override;
  void ended(Session& session) override;
  OrderBook::Callbacks order_callbacks();
  FaultSchedule::Callbacks fault_callbacks();
  Expected<void, std::string> open();
  void accept(std::unique_ptr<net::Connection> connection);
  void tick();
  void clock_moved();
  /// Calls `does` for each session; it may end the session.
  template <class Does>
  void for_all(Does does);
  /// The same for those that are ready.
  template <class Does>
  void for_ready(Does does);

  /// False when the fault met nothing.
  bool begin_fault(const Fault& fault, ConnectionId connection);
  void end_fault(const Fault& fault);
  bool end_connections(ConnectionId connection, Session::Ending how);
  /// False when nobody is there to hear it.
  bool notify(const Notice& notice);
  bool restore_link(const Notice& how);
  void begin_reset(const Fault& fault);
  void open_again();

  net::Loop& loop_;
  Options options_;
  World world_;
  net::Timer timer_;
  bool is_open_ = false;  ///< the first client has come
  std::unique_ptr<net::Listener> listener_;
  net::Address address_;                    // where it listens, or did
  bool is_starting_up_ = false;             // closes who connects
  std::optional<std::int64_t> reopens_ns_;  // by the mock's clock: the port is closed until then
  ConnectionId connections_ = 0;
  OrderNews news_;
  std::list<std::unique_ptr<Session>> sessions_;
};

Server::Impl::Impl(net::Loop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      world_(options_.seed, wall_seconds(), options_.accounts, order_callbacks(), fault_callbacks()),
      timer_(loop, [this] { tick(); }),
      news_(world_.faults, [this](std::int32_t client_id, const protocol::Message& message) {
        for_ready([&](Session& session) {
          if (session.client_id() == client_id) session.deliver(message);
        });
      }) {}

OrderBook::Callbacks Server::Impl::order_callbacks() {
  return {
      .deliver = [this](std::int32_t client_id, const protocol::Message& message) { news_.tell(client_id, message); },
      .filled =
          [this](const Account& account, const Instrument& instrument) {
            for_ready([&](Session& session) { session.account_changed(account, instrument); });
          },
      .rejects = [this](const WorkingOrder& order) { return news_.rejects(order); },
      .fillable = [this](const WorkingOrder& order,
                         protocol::Decimal offered) { return news_.fillable(order, std::move(offered)); },
  };
}

FaultSchedule::Callbacks Server::Impl::fault_callbacks() {
  return {
      .begins = [this](const Fault& fault, ConnectionId connection) { return begin_fault(fault, connection); },
      .ends = [this](const Fault& fault) { end_fault(fault); },
  };
}

template <class Does>
void Server::Impl::for_all(Does does) {
  for (auto next = sessions_.begin(); next != sessions_.end();) does(**next++);
}

template <class Does>
void Server::Impl::for_ready(Does does) {
  for_all([&](Session& session) {
    if (session.is_ready()) does(session);
  });
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
  address_ = options_.listen;
  if (auto opened = open(); !opened) return opened;
  for (Fault& fault : options_.faults) inject(std::move(fault));
  return {};
}

Expected<void, std::string> Server::Impl::open() {
  auto listener = net::Listener::open(
      loop_, address_, [this](std::unique_ptr<net::Connection> connection) { accept(std::move(connection)); },
      [](const std::string& problem) { spdlog::warn("mock: {}", problem); });
  if (!listener) return Unexpected(std::move(listener.error()));
  listener_ = std::move(*listener);
  address_ = listener_->local_address();
  return {};
}

void Server::Impl::accept(std::unique_ptr<net::Connection> connection) {
  if (is_starting_up_) return connection->close();
  if (!timer_.armed()) timer_.arm_every(options_.tick_interval_ns);
  sessions_.push_back(
      std::make_unique<Session>(*this, world_, options_.server_version, ++connections_, std::move(connection)));
  world_.faults.sent(connections_, 0);
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
  if (taken || world_.faults.use(FaultKind::ClientIdInUse) != nullptr) {
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
  world_.faults.advance(options_.tick_interval_ns);
  if (is_open_) {
    world_.market.step(wall_seconds());
    world_.orders.match();
  }
  for_ready([](Session& session) { session.push(); });
  clock_moved();
}

void Server::Impl::advance_clock(std::int64_t ns) {
  world_.faults.advance(ns);
  clock_moved();
}

void Server::Impl::clock_moved() {
  if (reopens_ns_ && *reopens_ns_ <= world_.faults.now_ns()) open_again();
  news_.say_what_is_due();
  for_all([](Session& session) { session.flush(); });
}

bool Server::Impl::begin_fault(const Fault& fault, ConnectionId connection) {
  spdlog::info("mock: fault begins: {}", fault.said);
  switch (fault.kind) {
    case FaultKind::CutFin:
      return end_connections(connection, Session::Ending::Fin);
    case FaultKind::CutReset:
      return end_connections(connection, Session::Ending::Reset);
    case FaultKind::CutTorn:
      return end_connections(connection, Session::Ending::Torn);
    case FaultKind::NightlyReset:
      begin_reset(fault);
      return true;
    case FaultKind::LinkLost:
      notify(kLinkLost);
      return true;
    case FaultKind::LinkRestoredDataLost:
      return restore_link(kRestoredDataLost);
    case FaultKind::LinkRestored:
      return restore_link(kRestored);
    case FaultKind::DataFarmBroken:
      notify(kDataFarmBroken);
      return true;
    case FaultKind::HistoryFarmBroken:
      notify(kHistoryFarmBroken);
      for_ready([](Session& session) { session.lose_live_bars(); });
      return true;
    case FaultKind::Stall:
    case FaultKind::SlowHandshake:
    case FaultKind::ClientIdInUse:
    case FaultKind::Pacing:
    case FaultKind::DelayedData:
    case FaultKind::Reject:
    case FaultKind::PartialFills:
    case FaultKind::StatusesTwice:
    case FaultKind::StatusesRegress:
    case FaultKind::StatusesMissing:
    case FaultKind::ExecutionsFirst:
    case FaultKind::CommissionsLate:
    case FaultKind::CommissionsNever:
      return false;  // whom it meets will say so
  }
  return false;
}

void Server::Impl::end_fault(const Fault& fault) {
  spdlog::info("mock: fault ends: {}", fault.said);
  switch (fault.kind) {
    case FaultKind::NightlyReset:
      if (reopens_ns_) open_again();
      is_starting_up_ = false;
      return;
    case FaultKind::LinkLost:
      restore_link(kRestored);
      return;
    case FaultKind::DataFarmBroken:
      notify(kDataFarm);
      return;
    case FaultKind::HistoryFarmBroken:
      notify(kHistoryFarm);
      return;
    case FaultKind::CutFin:
    case FaultKind::CutReset:
    case FaultKind::CutTorn:
    case FaultKind::Stall:
    case FaultKind::SlowHandshake:
    case FaultKind::ClientIdInUse:
    case FaultKind::LinkRestoredDataLost:
    case FaultKind::LinkRestored:
    case FaultKind::Pacing:
    case FaultKind::DelayedData:
    case FaultKind::Reject:
    case FaultKind::PartialFills:
    case FaultKind::StatusesTwice:
    case FaultKind::StatusesRegress:
    case FaultKind::StatusesMissing:
    case FaultKind::ExecutionsFirst:
    case FaultKind::CommissionsLate:
    case FaultKind::CommissionsNever:
      return;
  }
}

/// All of them where the connection is 0.
bool Server::Impl::end_connections(ConnectionId connection, Session::Ending how) {
  bool any = false;
  for_all([&](Session& session) {
    if (connection == 0 || session.number() == connection) any = session.begin_ending(how) || any;
  });
  return any;
}

bool Server::Impl::notify(const Notice& notice) {
  bool heard = false;
  for_ready([&](Session& session) {
    session.notice(notice);
    heard = true;
  });
  return heard;
}

bool Server::Impl::restore_link(const Notice& how) {
  world_.faults.end(FaultKind::LinkLost);
  const bool heard = notify(how);
  if (how.code == kRestored.code) {
    news_.say_what_was_held();
  } else {
    news_.forget_what_was_held();
    for_ready([](Session& session) { session.lose_market_data(); });
  }
  return heard;
}

void Server::Impl::begin_reset(const Fault& fault) {
  notify(kLinkLost);
  for_all([](Session& session) { session.begin_ending(Session::Ending::Said); });
  listener_.reset();
  is_starting_up_ = true;
  if (fault.lasts_ns) reopens_ns_ = world_.faults.now_ns() + *fault.lasts_ns / 2;
}

/// Another program may have taken the port meanwhile: then it is tried again with the next step.
void Server::Impl::open_again() {
  if (auto opened = open(); !opened) {
    spdlog::error("mock: cannot listen again after the reset: {}", opened.error());
    return;
  }
  reopens_ns_.reset();
}

Server::Server(net::Loop& loop, Options options) : impl_(std::make_unique<Impl>(loop, std::move(options))) {}
Server::~Server() = default;
Expected<void, std::string> Server::listen() { return impl_->listen(); }
const net::Address& Server::local_address() const { return impl_->local_address(); }
void Server::inject(Fault fault) { impl_->inject(std::move(fault)); }
void Server::advance_clock(std::int64_t ns) { impl_->advance_clock(ns); }
std::vector<std::string> Server::unmet_faults() const { return impl_->unmet_faults(); }
void Server::stop() { impl_->stop(); }

}  // namespace ibkr::mock
