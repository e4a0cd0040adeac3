// The client against a bare exchange of the same bytes on the same machine, in one run:
//   a blocking call ÷ a ping-pong over net/; calls that do not wait for one another; ticks from the socket to an
//   observer.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "net/tcp.h"
#include "protocol/codec.h"
#include "protocol/frame.h"
#include "protocol/server_side.h"

namespace {

using namespace ibkr;

constexpr int kVersion = 178;
constexpr int kRoundTrips = 20000;
constexpr int kCalls = 200000;
constexpr int kTicks = 2000000;

std::string frame_of(const protocol::Message& message) {
  std::string payload, frame;
  if (!protocol::encode(message, kVersion, payload)) std::abort();
  protocol::append_frame(frame, payload);
  return frame;
}

double seconds_of(const std::function<void()>& work) {
  const std::int64_t begun = net::monotonic_ns();
  work();
  return static_cast<double>(net::monotonic_ns() - begun) / 1e9;
}

/// TWS as far as the bench needs it: white-branding ids, and all ticks at once for a market data request.
class Tws : protocol::ServerSide::Server {
 public:
  explicit Tws(std::unique_ptr<net::Connection> tcp) : tcp_(std::move(tcp)) {
    tcp_->start({.on_data =
                     [this](std::string_view bytes) {
                       side_.receive(bytes);
                       if (!out_.empty()) tcp_->write(out_);
                       out_.clear();
                     },
                 .on_end = [this] { tcp_->close(); }});
  }

 private:
  std::optional<protocol::ServerSide::Answer> on_hello(const protocol::Hello&) override {
    return protocol::ServerSide::Answer{kVersion, protocol::hello_answer_payload({kVersion, "now"})};
  }
  void send_answer(std::string_view frame) override { tcp_->write(frame); }
  void on_start(std::string_view, const protocol::Message&) override {
    protocol::ManagedAccounts accounts;
    accounts.accounts_list = "DU1";
    protocol::NextValidId id;
    id.order_id = 1;
    out_ += frame_of(accounts) + frame_of(id);
  }
  void on_request(std::string_view payload) override {
    const auto request = protocol::decode(protocol::Direction::Out, kVersion, payload);
    if (const auto* asked = request->get_if<protocol::UserInfoRequest>()) {
      protocol::UserInfo answer;
      answer.req_id = *asked->req_id;
      answer.white_branding_id = "none";
      out_ += frame_of(answer);
    }
    if (const auto* asked = request->get_if<protocol::MarketDataRequest>()) {
      protocol::TickPrice tick;
      tick.req_id = *asked->req_id;
      tick.tick_type = 1;
      tick.price = 123.45;
      tick.size = protocol::Decimal(100);
      const std::string frame = frame_of(tick);
      for (int i = 0; i < kTicks; ++i) out_ += frame;
    }
  }

  std::unique_ptr<net::Connection> tcp_;
  protocol::ServerSide side_{*this};
  std::string out_;
};

/// Accepts on a thread of its own, and keeps what `serve` makes of each connection.
template <class Served>
class Server {
 public:
  Server() {
    std::promise<std::uint16_t> ready;
    thread_ = std::thread([this, &ready] {
      net::Loop loop;
      loop_ = &loop;
      std::vector<std::unique_ptr<Served>> served;
      const auto listener = net::Listener::open(loop, {"127.0.0.1", 0}, [&](std::unique_ptr<net::Connection> tcp) {
        served.push_back(std::make_unique<Served>(std::move(tcp)));
      });
      ready.set_value((*listener)->local_address().port);
      loop.run();
    });
    port = ready.get_future().get();
  }
  ~Server() {
    loop_->post([loop = loop_] { loop->stop(); });
    thread_.join();
  }
  std::uint16_t port = 0;

 private:
  net::Loop* loop_ = nullptr;
  std::thread thread_;
};

struct Echo {
  explicit Echo(std::unique_ptr<net::Connection> connection) : tcp(std::move(connection)) {
    tcp->start({.on_data = [this](std::string_view bytes) { tcp->write(bytes); }, .on_end = [this] { tcp->close(); }});
  }
  std::unique_ptr<net::Connection> tcp;
};

/// Nothing but the two loops: seconds for so many round trips of these bytes.
double ping_pong(const std::string& bytes) {
  const Server<Echo> server;
  net::Loop loop;
  std::unique_ptr<net::Connection> tcp;
  int left = kRoundTrips;
  const auto dial = net::connect(loop, {"127.0.0.1", server.port}, [&](net::Dial::Result result) {
    tcp = std::move(*result);
    tcp->start({.on_data = [&](std::string_view) {
      if (--left == 0) return loop.stop();
      tcp->write(bytes);
    }});
    tcp->write(bytes);
  });
  return seconds_of([&] { loop.run(); });
}

}  // namespace

int main() {
  const Server<Tws> server;
  client::Options options;
  options.port = server.port;
  options.messages_per_second = 0;
  options.most_waiting = kCalls;
  options.most_unread = kTicks;
  client::IBKRClient client(options);
  client.connect();
  const protocol::UserInfoRequest request;
  protocol::UserInfoRequest sized;
  sized.req_id = 1 << 30;

  const double bare = ping_pong(frame_of(sized));
  const double blocking = seconds_of([&] {
    for (int i = 0; i < kRoundTrips; ++i) client.send(request).get();
  });
  std::printf("blocking call: %.1f us, bare ping-pong %.1f us, ratio %.2f\n", blocking / kRoundTrips * 1e6,
              bare / kRoundTrips * 1e6, blocking / bare);

  const double pipelined = seconds_of([&] {
    std::vector<client::Call<protocol::UserInfo>> calls;
    calls.reserve(kCalls);
    for (int i = 0; i < kCalls; ++i) calls.push_back(client.send(request));
    for (const auto& call : calls) call.get();
  });
  std::printf("calls that do not wait: %.0f a second\n", kCalls / pipelined);

  protocol::MarketDataRequest quotes;
  quotes.contract.emplace().symbol = "AAPL";
  std::atomic<int> ticks = 0;
  std::promise<void> all;
  const double ticking = seconds_of([&] {
    const auto stream = client.send(quotes);
    stream.observe([&](const auto& event) {
      if (event.kind == client::StreamEventKind::Row && ++ticks == kTicks) all.set_value();
    });
    all.get_future().wait();
  });
  std::printf("ticks to an observer: %.2f million a second\n", kTicks / ticking / 1e6);
}
