#include "replay/connection.h"

#include <spdlog/spdlog.h>

#include "protocol/codec.h"

namespace ibkr::replay {

using protocol::Message;

namespace {

constexpr std::size_t kWriteBytes = 64 * 1024;
/// What may wait for a slow app; past it nothing is played, and nothing read, until it has taken all.
constexpr std::size_t kQueueBytes = 1024 * 1024;
/// What is played before the app is listened to again.
constexpr int kWritesPerTurn = 16;

/// What the proxy notes when TWS was the first to end the session.
bool ended_by_tws(const journal::SessionInfo& session) { return session.end_reason.rfind("tws ", 0) == 0; }

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

ReplayServer::Connection::Connection(ReplayServer& server, std::unique_ptr<net::Connection> tcp, std::size_t number)
    : server_(server),
      tcp_(std::move(tcp)),
      number_(number),
      timer_(server.loop_, [this] { play(); }),
      matcher_(server.contents_, ids_, server.pseudonyms_, server.options_.match),
      player_(server.recording_, ids_, server.options_.speed),
      unmade_(server.recording_.requests().size()) {
  spdlog::debug("connection {}: accepted from {}", number_, tcp_->peer_address().to_string());
  tcp_->start({.on_data = [this](std::string_view bytes) { on_data(bytes); },
               .on_end = [this] { finish("the app has disconnected"); },
               .on_drain =
                   [this] {
                     tcp_->resume_reading();
                     play();
                   },
               .on_close = [this](const net::CloseReason& reason) { finish(reason.message); }});
}

void ReplayServer::Connection::on_data(std::string_view bytes) {
  if (started_) {
    on_frames(bytes);
  } else {
    on_hello(bytes);
  }
}

void ReplayServer::Connection::on_hello(std::string_view bytes) {
  switch (hello_.feed(bytes)) {
    case protocol::HelloReader::State::NeedMore:
      return;
    case protocol::HelloReader::State::Failed:
      return finish(hello_.error());
    case protocol::HelloReader::State::Done:
      break;
  }
  const Begin begin = server_.begin(hello_.hello(), number_);
  counted_ = begin != Begin::AlreadyServed;
  started_ = begin == Begin::Serve;
  if (!started_) return finish("refused");
  spdlog::info("connection {}: the app speaks {}..{}, served at {}", number_, hello_.hello().min_version,
               hello_.hello().max_version, server_.recording_.server_version());
  std::string answer;
  protocol::append_frame(answer, server_.recording_.hello_answer());
  tcp_->write(answer);
  const std::string rest(hello_.rest());
  if (!rest.empty()) on_frames(rest);
}

void ReplayServer::Connection::on_frames(std::string_view bytes) {
  const bool framed = framer_.feed(bytes, [this](std::string_view payload) { on_request(payload); });
  if (!framed) return finish(framer_.error());
  play();
}

void ReplayServer::Connection::on_request(std::string_view payload) {
  const auto send_all = [this](const std::vector<Message>& messages) {
    for (const Message& message : messages) send(message);
  };
  std::visit(Overloaded{[this](const Matched& outcome) { matched(outcome); },
                        [this](const Accepted& outcome) { player_.cancelled(outcome.cancelled); },
                        [&](const Answered& outcome) { send_all(outcome.messages); }, [](const Ignored&) {},
                        [&](const Refused& outcome) {
                          refuse(outcome);
                          send_all(outcome.messages);
                        }},
             matcher_.match(payload, net::wall_ns()));
}

void ReplayServer::Connection::matched(const Matched& matched) {
  const journal::Sequence sequence = server_.recording_.requests()[matched.request].sequence;
  spdlog::debug("connection {}: #{} is asked for", number_, sequence);
  for (const Differing& difference : matched.let_go) {
    const std::string text = "#" + std::to_string(sequence) + " was served though " + difference.line();
    spdlog::warn("connection {}: {}", number_, text);
    server_.let_go(text);
  }
  --unmade_;
  server_.matched(matched.request);
  player_.made(matched.request, net::monotonic_ns());
}

void ReplayServer::Connection::refuse(const Refused& refused) {
  spdlog::error("connection {}: {}", number_, refused.mismatch.report());
  server_.unmatched(refused.mismatch.report());
}

void ReplayServer::Connection::send(const Message& message) {
  std::string payload;
  const auto encoded = protocol::encode(message, server_.recording_.server_version(), payload);
  if (!encoded) {
    spdlog::error("connection {}: cannot tell the app: {}", number_, encoded.error().to_string());
    return;
  }
  protocol::append_frame(out_, payload);
}

void ReplayServer::Connection::play() {
  if (all_sent_) return;
  std::optional<std::int64_t> next;
  for (int writes = 0; writes < kWritesPerTurn; ++writes) {
    if (tcp_->queued_bytes() > kQueueBytes) return tcp_->pause_reading();  // on_drain goes on
    next = player_.play(net::monotonic_ns(), out_, kWriteBytes);
    const bool full = out_.size() >= kWriteBytes;
    if (!out_.empty()) tcp_->write(out_);
    out_.clear();
    if (!full) break;
  }
  if (next) {
    timer_.arm_at(*next);
  } else {
    timer_.cancel();
  }
  end_as_recorded();
}

/// As after "client id in use": TWS says so and closes.
void ReplayServer::Connection::end_as_recorded() {
  if (!ended_by_tws(server_.recording_.session()) || unmade_ > 0 || !player_.exhausted()) return;
  all_sent_ = true;
  tcp_->shutdown_write();
}

void ReplayServer::Connection::finish(std::string_view why) {
  spdlog::info("connection {}: ended: {}", number_, why);
  timer_.cancel();
  tcp_->close();
  server_.ended(*this, counted_);
}

}  // namespace ibkr::replay
