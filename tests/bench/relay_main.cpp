// What the recording proxy adds to a round trip, and what an idle connection costs.
//
//   bench_relay [--rounds N] [--idle N]
//
//   app (this process) ──► bare libuv relay ───► fake TWS
//                     └──► recording proxy ────► fake TWS      each a process of its own, all on one core
//
// Both ways are measured in turn, a few hundred round trips each, so that whatever else the machine does hits both.
// Only the ratio means anything.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "protocol/frame.h"
#include "proxy/proxy.h"
#include "relay_bare.h"

namespace {

using namespace ibkr;

constexpr int kTripsPerTurn = 500;
constexpr int kIdleWarmUp = 200;

void require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

void pin_to_one_core() {
  cpu_set_t allowed;
  cpu_set_t one;
  require(sched_getaffinity(0, sizeof allowed, &allowed) == 0, "sched_getaffinity");
  CPU_ZERO(&one);
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0; --cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    CPU_SET(cpu, &one);
    break;
  }
  require(sched_setaffinity(0, sizeof one, &one) == 0, "sched_setaffinity");
}

// --- processes -------------------------------------------------------------------------------------------------------

int port_pipe = -1;

void report_port(std::uint16_t port) {
  require(write(port_pipe, &port, sizeof port) == sizeof port, "write");
  close(port_pipe);
}

struct Process {
  pid_t id = -1;
  std::uint16_t port = 0;
};

/// Runs `serve` in a child that reports its port and ends with this process.
Process start(const std::function<void()>& serve) {
  int ends[2];
  require(pipe(ends) == 0, "pipe");
  const pid_t child = fork();
  require(child >= 0, "fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[0]);
    port_pipe = ends[1];
    serve();
    std::exit(0);
  }
  close(ends[1]);
  Process process{child, 0};
  require(read(ends[0], &process.port, sizeof process.port) == sizeof process.port, "a server did not start");
  close(ends[0]);
  return process;
}

std::string framed(std::string_view payload) {
  std::string bytes;
  protocol::append_frame(bytes, payload);
  return bytes;
}

using namespace std::string_literals;
const std::string kHello = protocol::hello_bytes({100, 178, ""});
const std::string kAnswer = framed(
    "178\0"s
    "20261123 09:30:00 EST\0"s);
const std::string kStartApi = framed(
    "71\0"s
    "2\0"s
    "7\0"s
    "\0"s);
const std::string kRequest = framed(
    "49\0"s
    "1\0"s);  // CURRENT_TIME
const std::string kReply = framed(
    "1\0"s
    "6\0"s
    "1001\0"s
    "1\0"s
    "187.25\0"s
    "300\0"s
    "1\0"s);  // TICK_PRICE

/// Answers the hello, and then each read with one reply: the app sends one request at a time.
void serve_tws() {
  net::Loop loop;
  std::vector<std::unique_ptr<net::Connection>> connections;
  auto listener = net::Listener::open(loop, {"127.0.0.1", 0}, [&](std::unique_ptr<net::Connection> accepted) {
    net::Connection& connection = *accepted;
    connections.push_back(std::move(accepted));
    net::ConnectionCallbacks callbacks;
    callbacks.on_data = [&connection](std::string_view bytes) {
      connection.write(bytes.starts_with("API") ? kAnswer : kReply);
    };
    callbacks.on_end = [&connection] { connection.shutdown_write(); };
    connection.start(std::move(callbacks));
  });
  report_port((*listener)->local_address().port);
  loop.run();
}

void serve_proxy(std::uint16_t upstream_port, const std::string& journal_path) {
  spdlog::set_level(spdlog::level::warn);
  auto journal = journal::Writer::open(journal_path);
  if (!journal) {
    std::fprintf(stderr, "%s\n", journal.error().c_str());
    std::exit(1);
  }
  net::Loop loop;
  proxy::ProxyOptions options;
  options.listen = {"127.0.0.1", 0};
  options.upstream = {"127.0.0.1", upstream_port};
  proxy::Proxy proxy(loop, options, **journal);
  if (!proxy.listen()) std::exit(1);
  report_port(proxy.local_address().port);
  loop.run();
}

/// Resident memory in bytes.
long resident_bytes(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  long total_pages = 0;
  long resident_pages = 0;
  file >> total_pages >> resident_pages;
  return resident_pages * sysconf(_SC_PAGESIZE);
}

// --- the app's side --------------------------------------------------------------------------------------------------

int dial(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  require(fd >= 0, "socket; raise the limit with ulimit -n");
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  where.sin_port = htons(port);
  require(connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0, "connect");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void round_trip(int fd, std::string_view request, std::size_t reply_bytes) {
  char reply[4096];
  require(send(fd, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()), "send");
  for (std::size_t have = 0; have < reply_bytes;) {
    const ssize_t count = recv(fd, reply, sizeof reply, 0);
    require(count > 0, "recv");
    have += static_cast<std::size_t>(count);
  }
}

/// An app past its handshake.
int start_app(std::uint16_t port) {
  const int fd = dial(port);
  round_trip(fd, kHello, kAnswer.size());
  round_trip(fd, kStartApi, kReply.size());
  return fd;
}

class Trips {
 public:
  explicit Trips(std::uint16_t port) : fd_(start_app(port)) {}

  void take_turn() {
    for (int i = 0; i < kTripsPerTurn; ++i) {
      const auto begin = net::monotonic_ns();
      round_trip(fd_, kRequest, kReply.size());
      times_ns_.push_back(net::monotonic_ns() - begin);
    }
  }
  void forget() { times_ns_.clear(); }
  double percentile_us(double part) {
    const auto at = times_ns_.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(times_ns_.size() - 1));
    std::nth_element(times_ns_.begin(), at, times_ns_.end());
    return static_cast<double>(*at) / 1000;
  }

 private:
  int fd_;
  std::vector<std::int64_t> times_ns_;
};

void print_latency(Trips& direct, Trips& bare, Trips& recorded) {
  std::printf("round trip, us        p50      p99\n");
  for (const auto& [name, trips] : {std::pair{"direct", &direct}, {"bare relay", &bare}, {"recording", &recorded}}) {
    std::printf("%-16s %8.2f %8.2f\n", name, trips->percentile_us(0.5), trips->percentile_us(0.99));
  }
  std::printf("recording / bare: %.3f of the p50 (goal 1.15, aim 1.05)\n",
              recorded.percentile_us(0.5) / bare.percentile_us(0.5));
}

void measure_latency(int turns, std::uint16_t tws, std::uint16_t relay, std::uint16_t proxy) {
  Trips direct(tws);
  Trips bare(relay);
  Trips recorded(proxy);
  const auto all_take_turns = [&] {
    for (auto* trips : {&direct, &bare, &recorded}) trips->take_turn();
  };
  all_take_turns();  // warm up
  for (auto* trips : {&direct, &bare, &recorded}) trips->forget();
  for (int i = 0; i < turns; ++i) all_take_turns();
  print_latency(direct, bare, recorded);
}

void measure_idle(int count, const Process& proxy) {
  std::vector<int> connections;
  for (int i = 0; i < kIdleWarmUp; ++i) connections.push_back(start_app(proxy.port));
  const long before = resident_bytes(proxy.id);
  for (int i = 0; i < count; ++i) connections.push_back(start_app(proxy.port));
  const long grown = resident_bytes(proxy.id) - before;
  std::printf("idle connection through the proxy: %.0f bytes resident (goal 4096, aim 2048)\n",
              static_cast<double>(grown) / count);
  for (const int fd : connections) close(fd);
}

int number_after(const char* name, int argc, char** argv, int otherwise) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], name) == 0) return std::atoi(argv[i + 1]);
  }
  return otherwise;
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  const int turns = number_after("--rounds", argc, argv, 60);
  const int idle = number_after("--idle", argc, argv, 1000);
  pin_to_one_core();
  raise_descriptor_limit();
  std::string directory = (std::filesystem::temp_directory_path() / "ibkr-bench-XXXXXX").string();
  require(mkdtemp(directory.data()) != nullptr, "mkdtemp");

  const Process tws = start(serve_tws);
  const Process relay = start([&] { bench::run_bare_relay(tws.port, report_port); });
  const Process proxy = start([&] { serve_proxy(tws.port, directory + "/sessions.db"); });
  measure_latency(turns, tws.port, relay.port, proxy.port);
  measure_idle(idle, proxy);

  for (const Process& process : {tws, relay, proxy}) {
    kill(process.id, SIGKILL);
    waitpid(process.id, nullptr, 0);
  }
  std::filesystem::remove_all(directory);
}
