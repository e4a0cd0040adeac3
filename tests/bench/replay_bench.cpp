// What a replay costs: frames per second at --speed max beside SQLite's own steps over the same rows, and how late a
// timed replay's frames arrive.
//
//   bench_replay [--frames N] [--spaced N] [--directory DIR]
//
//   app (a process of its own) ◄── socket ◄── ReplayServer (this one)
//
// A session is loaded into memory before its server listens, so loading has a line of its own.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/writer.h"
#include "net/loop.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/streams.h"
#include "replay/server.h"

using namespace ibkr;

namespace {

constexpr int kServerVersion = 176;
constexpr int kRecordedId = 9001;
constexpr std::int64_t kMillisecond = 1'000'000;

struct Arguments {
  std::int64_t frames = 1'000'000;
  std::int64_t spaced = 5'000;
  std::string directory = std::filesystem::temp_directory_path().string();
};

[[noreturn]] void fail(const char* what, std::string_view why) {
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(why.size()), why.data());
  std::exit(1);
}
void require(bool ok, const char* what) {
  if (!ok) fail(what, std::strerror(errno));
}

double seconds_since(std::int64_t start_ns) { return static_cast<double>(net::monotonic_ns() - start_ns) / 1e9; }

std::string payload_of(const protocol::Message& message) {
  std::string payload;
  if (!protocol::encode(message, kServerVersion, payload)) fail("encode", message.name());
  return payload;
}

std::string start_api() {
  protocol::StartApiRequest start;
  start.client_id = 1;
  return payload_of(protocol::Message(start));
}
std::string market_data_request(int id) {
  protocol::MarketDataRequest request;
  request.req_id = id;
  request.contract.emplace().con_id = 265598;
  return payload_of(protocol::Message(request));
}
std::string tick(std::int64_t number) {
  protocol::TickPrice price;
  price.req_id = kRecordedId;
  price.tick_type = 1;
  price.price = 100 + static_cast<double>(number % 9000) / 100;
  price.size = protocol::Decimal(100 * (number % 9));
  price.attr_mask = 1;
  return payload_of(protocol::Message(price));
}

/// A session with one market data request, then `frames` ticks with so much time between each two.
void record(const std::string& path, std::int64_t frames, std::int64_t spacing_ns) {
  journal::WriterOptions options;
  options.when_full = journal::WhenFull::Wait;
  auto writer = journal::Writer::open(path, options);
  if (!writer) fail("journal", writer.error());
  journal::Stamp at = journal::Stamp::now();
  const journal::SessionId session = (*writer)->begin_session({"bench", "bench", 0, at});
  const protocol::Hello hello{100, kServerVersion, ""};
  (*writer)->hello(session, hello, protocol::hello_bytes(hello), at);
  const protocol::HelloAnswer answer{kServerVersion, "20261123 09:30:00 EST"};
  (*writer)->hello_answer(session, answer, protocol::hello_answer_payload(answer), at);
  (*writer)->frame(session, protocol::Direction::Out, start_api(), at);
  (*writer)->frame(session, protocol::Direction::Out, market_data_request(kRecordedId), at);
  for (std::int64_t i = 0; i < frames; ++i) {
    at.wall_ns += spacing_ns;
    at.mono_ns += spacing_ns;
    (*writer)->frame(session, protocol::Direction::In, tick(i), at);
  }
  (*writer)->end_session(session, journal::EndStatus::Closed, "", at);
  if (const auto closed = (*writer)->close(); !closed) fail("journal", closed.error());
}

/// Frames per second of a program that reads every payload of the file and does nothing else.
double plain_steps(const std::string& path, std::int64_t frames) {
  sqlite3* handle = nullptr;
  sqlite3_stmt* select = nullptr;
  const std::int64_t start = net::monotonic_ns();
  if (sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK ||
      sqlite3_prepare_v2(handle,
                         "SELECT message_id, mono_ns, direction, message_content FROM messages ORDER BY message_id", -1,
                         &select, nullptr) != SQLITE_OK) {
    fail("sqlite", sqlite3_errmsg(handle));
  }
  std::int64_t read = 0, bytes = 0;
  while (sqlite3_step(select) == SQLITE_ROW) {
    bytes += sqlite3_column_int64(select, 1) != 0 && sqlite3_column_blob(select, 3) != nullptr
                 ? sqlite3_column_bytes(select, 3)
                 : 0;
    ++read;
  }
  const double seconds = seconds_since(start);
  sqlite3_finalize(select);
  sqlite3_close(handle);
  if (read < frames || bytes == 0) fail("sqlite", "the file does not hold what was recorded");
  return static_cast<double>(read) / seconds;
}

// ---- the app, in a process of its own ----

/// When a frame arrived, for each after the market data request; the first moment is that of the request.
std::vector<std::int64_t> play_app(std::uint16_t port, std::int64_t frames, int live_id) {
  const int app = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(::connect(app, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
  const int on = 1;
  require(::setsockopt(app, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "setsockopt");
  const auto send = [&](const std::string& bytes) {
    require(::send(app, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "send");
  };
  std::vector<std::int64_t> arrived;
  arrived.reserve(static_cast<std::size_t>(frames) + 1);
  protocol::TwsStream stream;
  std::vector<char> buffer(std::size_t{256} << 10);
  send(protocol::hello_bytes({100, kServerVersion, ""}));
  while (arrived.size() < static_cast<std::size_t>(frames) + 1) {
    const ssize_t count = ::recv(app, buffer.data(), buffer.size(), 0);
    require(count > 0, "recv");
    const std::int64_t now = net::monotonic_ns();
    const bool framed = stream.feed(
        std::string_view(buffer.data(), static_cast<std::size_t>(count)),
        [&](std::string_view) {
          std::string requests;
          protocol::append_frame(requests, start_api());
          protocol::append_frame(requests, market_data_request(live_id));
          arrived.push_back(net::monotonic_ns());
          send(requests);
        },
        [&](std::string_view) { arrived.push_back(now); });
    if (!framed) fail("app", stream.error());
  }
  ::close(app);
  return arrived;
}

struct Played {
  double load_seconds = 0;
  std::vector<std::int64_t> arrived;
};

/// `live_id`: what the app calls its request. Frames of another id than the recorded one are rewritten.
Played replay(const std::string& path, std::int64_t frames, double speed, int live_id) {
  Played played;
  int ports[2], moments[2];
  require(::pipe(ports) == 0 && ::pipe(moments) == 0, "pipe");
  const pid_t app = ::fork();
  require(app >= 0, "fork");
  if (app == 0) {
    std::uint16_t port = 0;
    ::close(ports[1]);
    require(::read(ports[0], &port, sizeof port) == sizeof port, "the server did not start");
    const auto arrived = play_app(port, frames, live_id);
    const auto* bytes = reinterpret_cast<const char*>(arrived.data());
    std::size_t left = arrived.size() * sizeof arrived[0];
    while (left > 0) {
      const ssize_t written = ::write(moments[1], bytes, left);
      require(written > 0, "write");
      bytes += written;
      left -= static_cast<std::size_t>(written);
    }
    std::_Exit(0);
  }
  ::close(ports[0]);
  ::close(moments[1]);
  net::Loop loop;
  const std::int64_t start = net::monotonic_ns();
  auto loaded = replay::load(path, {});
  if (!loaded) fail("load", loaded.error().text);
  played.load_seconds = seconds_since(start);
  bool finished = false;
  replay::ReplayServer server(loop, std::move(*loaded), {"127.0.0.1", 0}, {.speed = speed}, [&] { finished = true; });
  const std::uint16_t port = server.address().port;
  require(::write(ports[1], &port, sizeof port) == sizeof port, "write");
  ::close(ports[1]);
  while (!finished) loop.run_once();
  played.arrived.resize(static_cast<std::size_t>(frames) + 1);
  auto* bytes = reinterpret_cast<char*>(played.arrived.data());
  for (std::size_t left = played.arrived.size() * sizeof played.arrived[0]; left > 0;) {
    const ssize_t count = ::read(moments[0], bytes, left);
    if (count <= 0) fail("app", "it did not get every frame");
    bytes += count;
    left -= static_cast<std::size_t>(count);
  }
  ::close(moments[0]);
  int status = 0;
  require(::waitpid(app, &status, 0) == app && status == 0, "app");
  return played;
}

void as_fast_as_it_goes(const std::string& path, const Arguments& arguments) {
  record(path, arguments.frames, 1000);
  const double plain = plain_steps(path, arguments.frames) / 1e6;
  const auto served = [&](int live_id) {
    const Played played = replay(path, arguments.frames, replay::kMaxSpeed, live_id);
    const double seconds = static_cast<double>(played.arrived.back() - played.arrived.front()) / 1e9;
    const double frames = static_cast<double>(arguments.frames) / 1e6;
    return std::pair(frames / seconds, frames / played.load_seconds);
  };
  const auto [same, loading] = served(kRecordedId);
  const auto [other, again] = served(1);
  std::printf("M frames/s: sqlite3_step %.2f, replay at --speed max %.2f, with another id %.2f, loading %.2f\n", plain,
              same, other, std::max(loading, again));
  std::printf("replay at --speed max / sqlite3_step: %.2f, with another id: %.2f  (aim 0.9)\n", same / plain,
              other / plain);
}

void on_time(const std::string& path, const Arguments& arguments) {
  record(path, arguments.spaced, kMillisecond);
  const Played played = replay(path, arguments.spaced, 1, 1);
  std::vector<double> late_us;
  for (std::size_t i = 1; i < played.arrived.size(); ++i) {
    const std::int64_t due = played.arrived[0] + static_cast<std::int64_t>(i) * kMillisecond;
    late_us.push_back(static_cast<double>(played.arrived[i] - due) / 1000);
  }
  std::sort(late_us.begin(), late_us.end());
  const auto at = [&](std::size_t percent) { return late_us[(late_us.size() - 1) * percent / 100]; };
  std::printf("lateness of frames 1 ms apart, us: p50 %.0f, p99 %.0f, most %.0f  (aim 120 at p99)\n", at(50), at(99),
              late_us.back());
}

Arguments parse(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--frames" && i + 1 < count) {
      arguments.frames = std::atoll(words[++i]);
    } else if (word == "--spaced" && i + 1 < count) {
      arguments.spaced = std::atoll(words[++i]);
    } else if (word == "--directory" && i + 1 < count) {
      arguments.directory = words[++i];
    } else {
      std::fprintf(stderr, "usage: bench_replay [--frames N] [--spaced N] [--directory DIR]\n");
      std::exit(2);
    }
  }
  return arguments;
}

}  // namespace

int main(int count, char** words) {
  spdlog::set_level(spdlog::level::warn);
  const Arguments arguments = parse(count, words);
  std::string name = arguments.directory + "/bench_replay_XXXXXX";
  require(::mkdtemp(name.data()) != nullptr, "mkdtemp");
  as_fast_as_it_goes(name + "/fast.db", arguments);
  on_time(name + "/timed.db", arguments);
  std::filesystem::remove_all(name);
}
