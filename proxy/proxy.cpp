// The proxy: accepts apps, keeps their sessions, and stops them.
#include "proxy/proxy.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>
#include <vector>

#include "proxy/session.h"

namespace ibkr::proxy {
Proxy::Proxy(net::Loop& loop, ProxyOptions options, journal::Writer& journal)
    : loop_(loop),
      options_(std::move(options)),
      journal_(journal),
      dial_check_(loop, [this] { check_dials(); }),
      drain_limit_(loop, [this] { cut_all(); }) {}

Proxy::~Proxy() {
  stopped_ = nullptr;
  cut_all();
}

Expected<void, std::string> Proxy::listen() {
  assert(!listener_);
  auto listener = net::Listener::open(
      loop_, options_.listen, [this](std::unique_ptr<net::Connection> app) { accept(std::move(app)); },
      [](const std::string& error) { spdlog::error("{}", error); });
  if (!listener) return Unexpected(listener.error());
  listener_ = std::move(*listener);
  return {};
}

const net::Address& Proxy::local_address() const {
  assert(listener_);
  return listener_->local_address();
}

void Proxy::accept(std::unique_ptr<net::Connection> app) {
  if (options_.on_journal_failure == OnJournalFailure::Refuse && !journal_.healthy()) {
    spdlog::error("app {} refused, because the journal cannot record", app->peer_address().to_string());
    return;
  }
  auto session =
      std::make_unique<Session>(loop_, options_, journal_, std::move(app), [this](Session& ended) { forget(ended); });
  const Session* key = session.get();
  sessions_.emplace(key, std::move(session));
  if (!dial_check_.armed()) dial_check_.arm_at(key->dial_deadline_ns());
}

void Proxy::forget(Session& session) {
  sessions_.erase(&session);
  done_if_empty();
}

// All dials have the same time to answer, so one timer, set to the oldest, serves them all.
void Proxy::check_dials() {
  const std::int64_t now_ns = net::monotonic_ns();
  std::int64_t next_ns = std::numeric_limits<std::int64_t>::max();
  std::vector<Session*> late;
  for (const auto& [key, session] : sessions_) {
    if (!session->dialling()) continue;
    if (session->dial_deadline_ns() <= now_ns) {
      late.push_back(session.get());
    } else {
      next_ns = std::min(next_ns, session->dial_deadline_ns());
    }
  }
  for (Session* session : late) session->give_up_dial();
  if (next_ns != std::numeric_limits<std::int64_t>::max()) dial_check_.arm_at(next_ns);
}

void Proxy::stop(std::function<void()> done) {
  assert(!stopped_);
  stopped_ = std::move(done);
  listener_.reset();
  dial_check_.cancel();
  drain_limit_.arm_after(std::chrono::nanoseconds(options_.drain_timeout).count());
  std::vector<Session*> all;
  for (const auto& [key, session] : sessions_) all.push_back(session.get());
  for (Session* session : all) session->stop();
  done_if_empty();
}

void Proxy::cut_all() {
  while (!sessions_.empty()) sessions_.begin()->second->cut();
}

void Proxy::done_if_empty() {
  if (!stopped_ || !sessions_.empty()) return;
  drain_limit_.cancel();
  loop_.post(std::exchange(stopped_, nullptr));
}

std::size_t Proxy::queued_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [key, session] : sessions_) bytes += session->queued_bytes();
  return bytes;
}

}  // namespace ibkr::proxy
