#include "replay/server.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "net/timer.h"
#include "replay/serving.h"

namespace ibkr::replay {

namespace {

constexpr std::size_t kWriteBytes = 64 * 1024;
/// What may wait for a slow app; past it nothing is played, and nothing read, until it has taken all.
constexpr std::size_t kQueueBytes = 1024 * 1024;
/// What is played before the app is listened to again.
constexpr int kWritesPerTurn = 16;
/// How long the server still listens when all is served, and waits for apps that are in their handshake.
constexpr std::int64_t kLinger = 100'000'000, kLongestLinger = 2'000'000'000;

std::unique_ptr<net::Listener> or_throw(Expected<std::unique_ptr<net::Listener>, std::string> listener) {
  if (!listener) throw std::runtime_error(listener.error());
  return std::move(*listener);
}

}  // namespace

Expected<double, std::string> parse_speed(std::string_view text) {
  if (text == "max") return kMaxSpeed;
  double speed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), speed);
  if (error != std::errc() || end != text.data() + text.size() || !(speed > 0) || std::isinf(speed)) {
    return Unexpected("\"" + std::string(text) +
                      "\" is not a speed: give a number above 0 such as 1, 10 or 0.5, or max");
  }
  return speed;
}

/// The socket of a Serving. Owned by the server, and asks it to be destroyed as the last thing it does.
class ReplayServer::Connection {
 public:
  Connection(ReplayServer& server, std::unique_ptr<net::Connection> tcp)
      : server_(server), tcp_(std::move(tcp)), serving_(server.replay_), timer_(server.loop_, [this] { play(); }) {
    tcp_->start({.on_data = [this](std::string_view bytes) { on_data(bytes); },
                 .on_end =
                     [this] {
                       app_ended_ = true;
                       play();
                     },
                 .on_drain =
                     [this] {
                       serving_.taken();
                       tcp_->resume_reading();
                       play();
                     },
                 .on_close = [this](const net::CloseReason& reason) { on_close(reason); }});
  }
  bool is_app() const { return serving_.greeted(); }
  void stop() {
    serving_.ended(Serving::End::Stopped, "the replay was stopped");
    tcp_->close();
  }

 private:
  void on_data(std::string_view bytes) {
    serving_.receive(bytes, net::monotonic_ns(), net::wall_ns());
    play();
  }

  void on_close(const net::CloseReason& reason) {
    const bool finished = reason.kind == net::CloseReason::Kind::Finished;
    finish(finished ? Serving::End::AppLeft : Serving::End::Broken, reason.message);
  }

  void play() {
    if (serving_.given_up()) return finish(Serving::End::AppLeft, "it is closed by the replay");
    bool more = true;
    std::optional<std::int64_t> next;
    for (int writes = 0; more && writes < kWritesPerTurn; ++writes) {
      if (tcp_->queued_bytes() > kQueueBytes) return tcp_->pause_reading();  // on_drain goes on
      const std::int64_t now = net::monotonic_ns();
      next = serving_.give(now, out_, kWriteBytes);
      write();
      more = next && *next <= now;
    }
    if (serving_.all_said() && !std::exchange(fin_sent_, true)) tcp_->shutdown_write();
    if (app_ended_ && !more && tcp_->queued_bytes() == 0) {
      return finish(Serving::End::AppLeft, "the app has disconnected");
    }
    if (next) {
      timer_.arm_at(*next);
    } else {
      timer_.cancel();
    }
  }

  void write() {
    if (out_.empty() || fin_sent_) return;
    tcp_->write(out_);
    out_.clear();
    if (tcp_->queued_bytes() == 0) serving_.taken();
  }

  void finish(Serving::End end, std::string_view why) {
    timer_.cancel();
    serving_.ended(end, why);
    tcp_->close();
    server_.ended(*this);
  }

  ReplayServer& server_;
  std::unique_ptr<net::Connection> tcp_;
  Serving serving_;
  net::Timer timer_;
  std::string out_;  // what the next write sends
  bool app_ended_ = false;
  bool fin_sent_ = false;
};

ReplayServer::ReplayServer(net::Loop& loop, Loaded loaded, const net::Address& listen, ServingOptions options,
                           std::function<void()> on_finished)
    : loop_(loop),
      replay_(std::move(loaded), options),
      on_finished_(std::move(on_finished)),
      listener_(or_throw(net::Listener::open(
          loop, listen, [this](std::unique_ptr<net::Connection> accepted) { accept(std::move(accepted)); },
          [](const std::string& problem) { spdlog::error("{}", problem); }))),
      address_(listener_->local_address()),
      linger_(loop, [this] { finish_unless_an_app_is_left(); }) {}

ReplayServer::~ReplayServer() = default;

void ReplayServer::accept(std::unique_ptr<net::Connection> accepted) {
  auto connection = std::make_unique<Connection>(*this, std::move(accepted));
  const Connection* key = connection.get();
  connections_.emplace(key, std::move(connection));
}

void ReplayServer::stop() {
  linger_.cancel();
  listener_.reset();
  for (const auto& [key, connection] : connections_) connection->stop();
  connections_.clear();
}

void ReplayServer::ended(const Connection& connection) {
  connections_.erase(&connection);  // the connection's own callback is running: nothing of it is touched after this
  if (!replay_.finished() || linger_until_ns_ != 0) return;
  linger_until_ns_ = net::monotonic_ns() + kLongestLinger;
  linger_.arm_after(kLinger);
}

void ReplayServer::finish_unless_an_app_is_left() {
  const bool left = std::ranges::any_of(connections_, [](const auto& entry) { return entry.second->is_app(); });
  if (left && net::monotonic_ns() < linger_until_ns_) return linger_.arm_after(kLinger);
  listener_.reset();
  if (on_finished_) std::exchange(on_finished_, nullptr)();
}

}  // namespace ibkr::replay
