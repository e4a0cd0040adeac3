// If this fails, the proxy changes, drops or chokes on bytes that are not the TWS API, or does not keep them.
#include <string>
#include <vector>

#include "tests/proxy/rig.h"

using namespace ibkr;
using namespace ibkr::proxy;
using protocol::Direction;

namespace {

void send(Rig& rig, End& from, End& to, const std::string& bytes) {
  const std::size_t before = to.received.size();
  from.connection->write(bytes);
  run_until(rig.loop, [&] { return to.received.size() >= before + bytes.size(); });
}

void end(Rig& rig, End& app, End& tws) {
  app.connection->close();
  tws.connection->close();
  rig.run_until_empty();
}

}  // namespace

TEST_CASE("garbage instead of a hello is forwarded, recorded raw, and explained once") {
  Rig rig;
  auto [app, tws] = rig.connect_pair();
  send(rig, *app, *tws, "GET / HTTP/1.1\r\n");
  send(rig, *app, *tws, "\r\n");
  send(rig, *tws, *app, framed(kAnswer));
  CHECK(tws->received == "GET / HTTP/1.1\r\n\r\n");
  end(rig, *app, *tws);
  CHECK(rig.raw_events(1)["unframed"] == "GET / HTTP/1.1\r\n\r\n");
  const auto events = rig.recording().events(1);
  CHECK(std::count_if(events->begin(), events->end(), [](const auto& event) { return event.kind == "error"; }) == 1);
  CHECK(rig.payloads(1, Direction::In) == std::vector{kAnswer});
}

TEST_CASE("a frame over 16 MiB: frames before it are recorded, it and the rest are kept raw, in every cut") {
  const std::string good = framed(kManagedAccounts);
  const std::string bad = "\xff\xff\xff\xff what follows"s;
  const std::string bytes = good + bad;
  Rig rig;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    auto [app, tws] = rig.connect_pair();
    send(rig, *tws, *app, framed(kAnswer));
    send(rig, *tws, *app, bytes.substr(0, cut));
    send(rig, *tws, *app, bytes.substr(cut));
    CHECK(app->received == framed(kAnswer) + bytes);
    end(rig, *app, *tws);
  }
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const auto session = static_cast<journal::SessionId>(cut) + 1;
    CHECK(rig.payloads(session, Direction::In) == std::vector{kAnswer, kManagedAccounts});
    CHECK(rig.raw_events(session)["unframed"] == bad);
  }
}

TEST_CASE("a frame cut off by the end of the stream is recorded as truncated") {
  Rig rig;
  auto [app, tws] = rig.connect_pair();
  const std::string half = framed(kManagedAccounts).substr(0, 9);
  send(rig, *app, *tws, kHello.substr(0, 5));
  send(rig, *tws, *app, framed(kAnswer) + half);
  end(rig, *app, *tws);
  CHECK(rig.raw_events(1)["truncated"].size() == half.size() + 5);
  CHECK(rig.raw_events(1)["truncated"].find(half) != std::string::npos);
}

TEST_CASE("an answer to the hello that nobody understands is forwarded and recorded") {
  Rig rig;
  auto [app, tws] = rig.connect_pair();
  send(rig, *app, *tws, kHello);
  send(rig, *tws, *app, framed("what?") + framed(kManagedAccounts));
  end(rig, *app, *tws);
  CHECK(rig.payloads(1, Direction::In) == std::vector{"what?"s, kManagedAccounts});
  CHECK(rig.session(1).server_version == 0);
}
