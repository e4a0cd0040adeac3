// A proxy between apps and a fake TWS, all on one loop, recording into a journal of its own.
#pragma once

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/reader.h"
#include "journal/writer.h"
#include "net/timer.h"
#include "protocol/frame.h"
#include "proxy/proxy.h"
#include "tests/net/loopback.h"

namespace ibkr::proxy {

using net::End;
using net::run_until;
using namespace std::string_literals;

inline std::string framed(std::string_view payload) {
  std::string bytes;
  protocol::append_frame(bytes, payload);
  return bytes;
}

/// What a small session says, in both directions.
inline const std::string kHello = protocol::hello_bytes({100, 178, ""});
inline const std::string kStartApi =
    "71\0"s
    "2\0"s
    "7\0"s
    "\0"s;
inline const std::string kReqIds =
    "8\0"s
    "1\0"s
    "1\0"s;
inline const std::string kAnswer =
    "178\0"s
    "20261123 09:30:00 EST\0"s;
inline const std::string kManagedAccounts =
    "15\0"s
    "1\0"s
    "DU1234567\0"s;
inline const std::string kNextValidId =
    "9\0"s
    "1\0"s
    "42\0"s;

/// One recorded item as a test compares it.
struct Recorded {
  protocol::Direction direction;
  journal::FrameKind kind;
  std::string payload;
};

class Rig {
 public:
  explicit Rig(ProxyOptions options = {}, journal::WriterOptions writer_options = {}) {
    spdlog::set_level(spdlog::level::off);
    char pattern[] = "/tmp/ibkr-proxy-XXXXXX";
    directory_ = mkdtemp(pattern);
    auto writer = journal::Writer::open(directory_ / "sessions.db", std::move(writer_options));
    REQUIRE(writer);
    journal = std::move(*writer);
    auto listener = net::Listener::open(loop, {"127.0.0.1", 0}, [this](std::unique_ptr<net::Connection> accepted) {
      tws.push_back(std::make_unique<End>());
      tws.back()->start(std::move(accepted));
    });
    REQUIRE(listener);
    upstream = std::move(*listener);
    options.listen = {"127.0.0.1", 0};
    if (options.upstream.port == ProxyOptions().upstream.port) options.upstream = upstream->local_address();
    proxy = std::make_unique<Proxy>(loop, options, *journal);
    REQUIRE(proxy->listen());
  }
  ~Rig() {
    proxy.reset();
    journal.reset();
    std::filesystem::remove_all(directory_);
  }

  /// A new app, connected to the proxy.
  std::unique_ptr<End> connect_app() {
    auto app = std::make_unique<End>();
    auto dial = net::connect(loop, proxy->local_address(), [&](net::Dial::Result result) {
      REQUIRE(result);
      app->start(std::move(*result));
    });
    run_until(loop, [&] { return app->connection != nullptr; });
    return app;
  }
  /// A new app and the TWS end that belongs to it.
  std::pair<std::unique_ptr<End>, End*> connect_pair() {
    const std::size_t before = tws.size();
    auto app = connect_app();
    run_until(loop, [&] { return tws.size() > before; });
    return {std::move(app), tws.back().get()};
  }
  void run_until_empty() {
    run_until(loop, [this] { return proxy->session_count() == 0; });
  }
  /// Ends the recording and opens what was recorded.
  journal::Reader& recording() {
    if (reader) return *reader;
    REQUIRE(journal->close());
    auto opened = journal::Reader::open(directory_ / "sessions.db");
    REQUIRE(opened);
    reader = std::move(*opened);
    return *reader;
  }
  std::vector<Recorded> frames(journal::SessionId session) {
    auto cursor = recording().frames(session);
    REQUIRE(cursor);
    std::vector<Recorded> result;
    for (;;) {
      const auto frame = cursor->next();
      REQUIRE(frame);
      if (!*frame) return result;
      result.push_back({(*frame)->direction, (*frame)->kind, std::string((*frame)->payload)});
    }
  }
  std::vector<std::string> payloads(journal::SessionId session, protocol::Direction direction) {
    std::vector<std::string> result;
    for (auto& frame : frames(session)) {
      if (frame.direction == direction) result.push_back(std::move(frame.payload));
    }
    return result;
  }
  /// The raw bytes of a session's events, by kind, in order.
  std::map<std::string, std::string> raw_events(journal::SessionId session) {
    std::map<std::string, std::string> result;
    const auto events = recording().events(session);
    REQUIRE(events);
    for (const auto& event : *events) result[event.kind] += event.raw;
    return result;
  }
  std::vector<std::string> event_texts(journal::SessionId session) {
    std::vector<std::string> result;
    const auto events = recording().events(session);
    REQUIRE(events);
    for (const auto& event : *events) result.push_back(event.kind + ": " + event.text);
    return result;
  }
  journal::SessionInfo session(journal::SessionId id) {
    auto info = recording().session(id);
    REQUIRE(info);
    return *info;
  }

 private:
  std::filesystem::path directory_;

 public:
  net::Loop loop;
  std::unique_ptr<journal::Writer> journal;
  std::unique_ptr<net::Listener> upstream;
  std::vector<std::unique_ptr<End>> tws;
  std::unique_ptr<Proxy> proxy;
  std::unique_ptr<journal::Reader> reader;
};

}  // namespace ibkr::proxy
