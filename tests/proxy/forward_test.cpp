// If this fails, an app behind the proxy does not see what it would see without it.
#include <string>
#include <vector>

#include "tests/proxy/rig.h"

using namespace ibkr;
using namespace ibkr::proxy;
using protocol::Direction;

TEST_CASE("bytes are the same on both sides, and in the journal, wherever they are cut") {
  Rig rig;
  const std::string requests = framed(kStartApi) + framed(kReqIds);
  const std::string replies = framed(kManagedAccounts) + framed(kNextValidId);
  const auto deliver = [&](End& from, End& to, const std::string& bytes, std::size_t cut) {
    const std::size_t before = to.received.size();
    cut = std::min(cut, bytes.size());
    from.connection->write(std::string_view(bytes).substr(0, cut));
    run_until(rig.loop, [&] { return to.received.size() >= before + cut; });
    from.connection->write(std::string_view(bytes).substr(cut));
    run_until(rig.loop, [&] { return to.received.size() >= before + bytes.size(); });
  };
  const std::size_t cuts = std::max(requests.size(), replies.size());
  for (std::size_t cut = 0; cut <= cuts; ++cut) {
    auto [app, tws] = rig.connect_pair();
    deliver(*app, *tws, kHello, cut);
    deliver(*tws, *app, framed(kAnswer), cut);
    deliver(*app, *tws, requests, cut);
    deliver(*tws, *app, replies, cut);
    CHECK(tws->received == kHello + requests);
    CHECK(app->received == framed(kAnswer) + replies);
    app->connection->close();
    tws->connection->close();
    rig.run_until_empty();
  }
  for (std::size_t cut = 0; cut <= cuts; ++cut) {
    const auto session = static_cast<journal::SessionId>(cut) + 1;
    CHECK(rig.payloads(session, Direction::Out) == std::vector{kHello, kStartApi, kReqIds});
    CHECK(rig.payloads(session, Direction::In) == std::vector{kAnswer, kManagedAccounts, kNextValidId});
    CHECK(rig.session(session).server_version == 178);
    CHECK(rig.session(session).client_max_version == 178);
    CHECK(rig.session(session).sealed);
    CHECK(rig.event_texts(session).empty());
  }
}

TEST_CASE("what the app sends before TWS has accepted arrives, its FIN too") {
  Rig rig;
  auto app = rig.connect_app();
  app->connection->write(kHello);
  app->connection->shutdown_write();
  run_until(rig.loop, [&] { return !rig.tws.empty() && rig.tws[0]->ended; });
  CHECK(rig.tws[0]->received == kHello);
  rig.tws[0]->connection->write(framed(kAnswer));
  rig.tws[0]->connection->shutdown_write();
  run_until(rig.loop, [&] { return app->ended; });
  CHECK(app->received == framed(kAnswer));
  rig.run_until_empty();
}

TEST_CASE("200 apps at once each talk to their own TWS connection") {
  Rig rig;
  constexpr std::size_t kApps = 200;
  std::vector<std::unique_ptr<End>> apps;
  for (std::size_t i = 0; i < kApps; ++i) apps.push_back(rig.connect_app());
  run_until(rig.loop, [&] { return rig.tws.size() == kApps; });
  CHECK(rig.proxy->session_count() == kApps);
  for (std::size_t i = 0; i < kApps; ++i) apps[i]->connection->write(kHello + framed("id " + std::to_string(i)));
  const auto all_have = [](const auto& ends, std::size_t bytes) {
    for (const auto& end : ends) {
      if (end->received.size() < bytes) return false;
    }
    return true;
  };
  run_until(rig.loop, [&] { return all_have(rig.tws, kHello.size() + framed("id 0").size()); });
  for (const auto& tws : rig.tws) tws->connection->write(tws->received.substr(kHello.size()));
  const auto echoed = [&](std::size_t i) { return apps[i]->received == framed("id " + std::to_string(i)); };
  run_until(rig.loop, [&] {
    for (std::size_t i = 0; i < kApps; ++i) {
      if (!echoed(i)) return false;
    }
    return true;
  });
  apps.clear();
  rig.tws.clear();
  rig.run_until_empty();
  CHECK(rig.recording().sessions()->size() == kApps);
}

TEST_CASE("an app that stops reading under a flood: memory stays bounded, TWS is held back, others are not disturbed") {
  ProxyOptions options;
  options.queue_limit_bytes = 256 * 1024;
  constexpr std::size_t kOneRead = 64 * 1024;
  Rig rig(options);
  auto [slow, flooding_tws] = rig.connect_pair();
  auto [other, other_tws] = rig.connect_pair();
  slow->connection->pause_reading();
  flooding_tws->connection->write(framed(kAnswer));
  std::string flood = framed(kAnswer);
  for (int i = 0; flood.size() < 32 * 1024 * 1024; ++i) {
    const std::string frame = framed("5\0"s + std::to_string(i) + std::string(60'000, 'x'));
    flooding_tws->connection->write(frame);
    flood += frame;
  }
  std::size_t most_queued = 0;
  std::size_t sent = 0;
  while (most_queued <= options.queue_limit_bytes || sent < 200) {
    other->connection->write("x");
    ++sent;
    run_until(rig.loop, [&, far = other_tws] { return far->received.size() == sent; });
    most_queued = std::max(most_queued, rig.proxy->queued_bytes());
  }
  CHECK(most_queued <= options.queue_limit_bytes + kOneRead);
  CHECK(flooding_tws->connection->queued_bytes() > 0);

  slow->connection->resume_reading();
  run_until(rig.loop, [&, near = slow.get()] { return near->received.size() == flood.size(); });
  CHECK((slow->received == flood));
  CHECK(rig.proxy->queued_bytes() == 0);
}

TEST_CASE("stop hands on what was read, closes both ends, and seals the journal's sessions") {
  Rig rig;
  auto [app, tws] = rig.connect_pair();
  auto [idle, idle_tws] = rig.connect_pair();
  tws->connection->write(framed(kAnswer));
  run_until(rig.loop, [near = app.get()] { return !near->received.empty(); });
  bool stopped = false;
  rig.proxy->stop([&] { stopped = true; });
  CHECK_FALSE(stopped);
  run_until(rig.loop, [&, near = app.get(), far = tws, other = idle.get()] {
    return stopped && near->ended && far->ended && other->ended;
  });
  CHECK(app->received == framed(kAnswer));
  CHECK(rig.session(1).end_reason == "proxy stop in start_api");
  CHECK(rig.session(1).status == "closed");
  CHECK(rig.session(2).end_reason == "proxy stop in handshake");
}

TEST_CASE("stop does not wait for ever for an app that does not read") {
  ProxyOptions options;
  options.drain_timeout = std::chrono::milliseconds(20);
  Rig rig(options);
  auto [app, tws] = rig.connect_pair();
  app->connection->pause_reading();
  tws->connection->write(std::string(32 * 1024 * 1024, 'x'));
  run_until(rig.loop, [&] { return rig.proxy->queued_bytes() > options.queue_limit_bytes; });
  bool stopped = false;
  rig.proxy->stop([&] { stopped = true; });
  run_until(rig.loop, [&] { return stopped; });
  CHECK(rig.proxy->session_count() == 0);
}
