#include "replay/server.h"

#include <spdlog/spdlog.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "protocol/codec.h"
#include "protocol/frame.h"
#include "replay/connection.h"
#include "replay/names.h"

namespace ibkr::replay {

namespace {

[[noreturn]] void cannot_start(const std::string& why) { throw std::runtime_error(why); }

template <class T>
T or_throw(Expected<T, std::string> value) {
  if (!value) cannot_start(value.error());
  return std::move(*value);
}

journal::SessionInfo choose_session(journal::Reader& reader, const ReplayOptions& options) {
  if (options.session) return or_throw(reader.session(*options.session));
  const auto sessions = or_throw(reader.sessions());
  for (auto session = sessions.rbegin(); session != sessions.rend(); ++session) {
    if (session->sealed) return *session;
  }
  return or_throw(reader.last_session());
}

void warn_of_gaps(journal::Reader& reader, const journal::SessionInfo& session) {
  const auto events = reader.events(session.id);
  if (!events) return;
  for (const journal::Event& event : *events) {
    if (event.kind == "gap") spdlog::warn("session {} is not complete: {}", session.id, event.text);
  }
}

Recording load(const ReplayOptions& options) {
  if (!(options.speed > 0)) cannot_start("the speed must be more than 0, or max");
  auto reader = or_throw(journal::Reader::open(options.file));
  const journal::SessionInfo session = choose_session(*reader, options);
  warn_of_gaps(*reader, session);
  auto recording = Recording::load(*reader, session);
  if (!recording) cannot_start(options.file + ": " + recording.error());
  return std::move(*recording);
}

void report(std::vector<std::string>& list, std::string text) {
  if (list.size() < kMaxReports) list.push_back(std::move(text));
}

std::string unused_text(const RecordedRequest& request) {
  return "#" + std::to_string(request.sequence) + " " +
         (request.type ? std::string(request.type->name) : std::string("an undecoded frame"));
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

std::optional<int> server_version_for(const protocol::Hello& hello, const Recording& recording) {
  const int recorded = recording.server_version();
  if (recorded < hello.min_version || recorded > hello.max_version) return std::nullopt;
  return recorded;
}

ReplayServer::ReplayServer(net::Loop& loop, ReplayOptions options, std::function<void()> on_finished)
    : loop_(loop),
      options_(std::move(options)),
      on_finished_(std::move(on_finished)),
      recording_(load(options_)),
      contents_(recording_),
      used_(recording_.requests().size(), false),
      listener_(or_throw(net::Listener::open(
          loop, options_.listen, [this](std::unique_ptr<net::Connection> accepted) { accept(std::move(accepted)); },
          [](const std::string& problem) { spdlog::error("{}", problem); }))),
      address_(listener_->local_address()) {
  learn_names(recording_, pseudonyms_);
  spdlog::info("replaying session {} of {}: server version {}, {} requests, {} frames from TWS",
               recording_.session().id, options_.file, recording_.server_version(), recording_.requests().size(),
               recording_.frames().size());
}

ReplayServer::~ReplayServer() = default;

void ReplayServer::accept(std::unique_ptr<net::Connection> accepted) {
  auto connection = std::make_unique<Connection>(*this, std::move(accepted), ++last_number_);
  const Connection* key = connection.get();
  connections_.emplace(key, std::move(connection));
}

ReplayServer::Begin ReplayServer::begin(const protocol::Hello& hello, std::size_t number) {
  if (!options_.repeat && verdict_.connections > 0) {
    spdlog::warn("connection {}: refused, as the recording is served once; --repeat serves it to any number", number);
    return Begin::AlreadyServed;
  }
  ++verdict_.connections;
  if (server_version_for(hello, recording_)) return Begin::Serve;
  const std::string text =
      "the app speaks server versions " + std::to_string(hello.min_version) + ".." + std::to_string(hello.max_version) +
      ", and session " + std::to_string(recording_.session().id) + " was recorded at " +
      std::to_string(recording_.server_version()) + " with an app that speaks " +
      std::to_string(recording_.session().client_min_version) + ".." +
      std::to_string(recording_.session().client_max_version) + "; record a session with this app's client library";
  spdlog::error("connection {}: refused: {}", number, text);
  report(verdict_.refused, text);
  return Begin::CannotSpeak;
}

void ReplayServer::matched(RequestIndex request) {
  ++verdict_.served;
  used_[request] = true;
}

void ReplayServer::let_go(std::string text) { report(verdict_.let_go, std::move(text)); }

void ReplayServer::unmatched(std::string text) {
  ++verdict_.unmatched_count;
  report(verdict_.unmatched, std::move(text));
}

void ReplayServer::ended(const Connection& connection, bool counted) {
  connections_.erase(&connection);  // the connection's own callback is running: nothing of it is touched after this
  if (!counted || options_.repeat) return;
  listener_.reset();
  if (on_finished_) std::exchange(on_finished_, nullptr)();
}

Verdict ReplayServer::verdict() const {
  Verdict verdict = verdict_;
  for (RequestIndex index = 0; index < used_.size(); ++index) {
    if (!used_[index]) report(verdict.unused, unused_text(recording_.requests()[index]));
  }
  return verdict;
}

}  // namespace ibkr::replay
