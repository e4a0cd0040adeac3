// The session: dialling, forwarding, back-pressure, and how the two ends end.
#include "proxy/session.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace ibkr::proxy {
namespace {

using journal::EndStatus;
using journal::Stamp;
using net::CloseReason;
using protocol::Direction;

constexpr char kUpstreamAdvice[] =
    "is TWS or IB Gateway running and logged in, is its API enabled (Configuration, API, Settings: Enable ActiveX and "
    "Socket Clients), and is this its port (TWS 7496, paper 7497; Gateway 4001, paper 4002)?";

std::string_view how_it_ended(CloseReason::Kind kind) {
  switch (kind) {
    case CloseReason::Kind::Finished:
      return "fin";
    case CloseReason::Kind::Reset:
      return "reset";
    case CloseReason::Kind::Failed:
      return "failed";
  }
  return {};
}

}  // namespace

Session::Session(net::Loop& loop, const ProxyOptions& options, journal::Writer& journal,
                 std::unique_ptr<net::Connection> app, OnEnd on_end)
    : options_(options),
      journal_(journal),
      on_end_(std::move(on_end)),
      tap_(journal, {app->peer_address().to_string(), options.upstream.host, options.upstream.port, Stamp::now()}) {
  app_.other = &tws_;
  app_.direction = Direction::Out;
  app_.connection = std::move(app);
  tws_.other = &app_;
  tws_.direction = Direction::In;
  spdlog::info("session {}: app {} connected", tap_.session(), app_.connection->peer_address().to_string());
  dial_deadline_ns_ = net::monotonic_ns() + std::chrono::nanoseconds(options.dial_timeout).count();
  dial_ = net::connect(loop, options.upstream, [this](net::Dial::Result result) { on_dialled(std::move(result)); });
  listen_to(app_);
}

void Session::listen_to(Side& side) {
  side.connection->start({.on_data = [this, &side](std::string_view bytes) { on_data(side, bytes); },
                          .on_end = [this, &side] { on_end_of(side); },
                          .on_drain = [this, &side] { on_drain(side); },
                          .on_close = [this, &side](const CloseReason& reason) { on_close(side, reason); }});
}

// --- dialling --------------------------------------------------------------------------------------------------------

void Session::on_dialled(net::Dial::Result result) {
  dial_.reset();
  if (!result) {
    give_up(result.error());
    return;
  }
  tws_.connection = std::move(*result);
  tap_.upstream_connected();
  listen_to(tws_);
  app_.connection->resume_reading();
  hand_on(app_, std::exchange(early_, {}));
  if (app_.ended) tws_.connection->shutdown_write();
}

void Session::give_up_dial() {
  dial_.reset();
  give_up("cannot connect to " + options_.upstream.to_string() + ": no answer in " +
          std::to_string(options_.dial_timeout.count()) + " ms");
}

void Session::give_up(const std::string& why) {
  spdlog::error("session {}: {}; {}", tap_.session(), why, kUpstreamAdvice);
  remember("proxy", "refused");
  reason_ += ": " + why;
  finish(EndStatus::Error);
}

// --- forwarding ------------------------------------------------------------------------------------------------------

void Session::on_data(Side& from, std::string_view bytes) {
  const Stamp at = Stamp::now();
  if (options_.on_journal_failure == OnJournalFailure::Refuse && !journal_.healthy()) {
    refuse();
    return;
  }
  if (dial_) {
    early_.append(bytes);
    if (early_.size() > options_.queue_limit_bytes) from.connection->pause_reading();
  } else {
    hand_on(from, bytes);
  }
  tap_.saw(from.direction, bytes, at);
}

void Session::hand_on(Side& from, std::string_view bytes) {
  net::Connection& to = *from.other->connection;
  to.write(bytes);
  if (to.queued_bytes() > options_.queue_limit_bytes) from.connection->pause_reading();
}

void Session::on_drain(Side& side) {
  if (!stopping_) {
    side.other->connection->resume_reading();
  } else if (queued_bytes() == 0) {
    finish(EndStatus::Closed);
  }
}

std::size_t Session::queued_bytes() const {
  std::size_t bytes = early_.size();
  for (const auto* side : {&app_, &tws_}) {
    if (side->connection) bytes += side->connection->queued_bytes();
  }
  return bytes;
}

// --- ending ----------------------------------------------------------------------------------------------------------

void Session::on_end_of(Side& from) {
  from.ended = true;
  if (reason_.empty()) remember(from.name(), how_it_ended(CloseReason::Kind::Finished));
  tap_.saw_end(from.direction, Stamp::now());
  if (from.other->connection) from.other->connection->shutdown_write();
}

void Session::on_close(Side& side, const CloseReason& reason) {
  if (reason.kind == CloseReason::Kind::Finished) {
    if (!side.other->connection->is_open()) finish(EndStatus::Closed);
    return;
  }
  if (side.other->connection) side.other->connection->reset();
  if (side.ended) {  // it had said goodbye, closed, and then met bytes that were on their way: no error
    finish(EndStatus::Closed);
    return;
  }
  remember(side.name(), how_it_ended(reason.kind));
  if (reason.kind == CloseReason::Kind::Failed) reason_ += ": " + reason.message;
  finish(EndStatus::Error);
}

void Session::refuse() {
  remember("proxy", "refused");
  reason_ += ": the journal cannot record";
  spdlog::error("session {}: ended, because the journal cannot record and the proxy is told to refuse traffic then",
                tap_.session());
  finish(EndStatus::Error);
}

void Session::stop() {
  stopping_ = true;
  remember("proxy", "stop");
  for (const auto* side : {&app_, &tws_}) {
    if (side->connection) side->connection->pause_reading();
  }
  if (dial_ || queued_bytes() == 0) finish(EndStatus::Closed);
}

void Session::cut() {
  remember("proxy", "stop");
  finish(EndStatus::Closed);
}

void Session::remember(std::string_view who, std::string_view how) {
  reason_.assign(who).append(" ").append(how).append(" in ").append(to_string(tap_.phase()));
}

void Session::finish(EndStatus status) {
  dial_.reset();
  for (const auto* side : {&app_, &tws_}) {
    if (side->connection) side->connection->close();
  }
  tap_.end(status, reason_, Stamp::now());
  spdlog::info("session {}: ended: {}", tap_.session(), reason_);
  on_end_(*this);  // may have destroyed this
}

}  // namespace ibkr::proxy
