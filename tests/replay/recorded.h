// What the replay tests share: sessions recorded by hand through the journal's writer, and an app that is simulated
// without sockets or clocks.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/reader.h"
#include "journal/writer.h"
#include "protocol/codec.h"
#include "protocol/json.h"
#include "protocol/messages.h"
#include "replay/answers.h"
#include "replay/ids.h"
#include "replay/matcher.h"
#include "replay/player.h"
#include "replay/recording.h"

namespace ibkr::replay::test {

using protocol::Direction;
using protocol::Message;

inline constexpr std::int64_t kMillisecond = 1'000'000;
/// The wall clock when a SimulatedApp begins.
inline constexpr std::int64_t kWallNs = 1'800'000'000'000'000'000;

/// A message with some fields set: make<TickPrice>([](auto& m) { m.req_id = 1; }).
template <class T, class Fill>
Message make(Fill fill) {
  T body;
  fill(body);
  return Message(std::move(body));
}
template <class T>
Message make() {
  return Message(T());
}

/// A journal in a directory that goes away, with sessions written one after the other.
class RecordedFile {
 public:
  RecordedFile() {
    std::string name = (std::filesystem::temp_directory_path() / "ibkr-replay-XXXXXX").string();
    directory_ = ::mkdtemp(name.data()) != nullptr ? name : "";
    REQUIRE_FALSE(directory_.empty());
    auto writer = journal::Writer::open(path());
    REQUIRE(writer);
    writer_ = std::move(*writer);
  }
  ~RecordedFile() {
    writer_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  RecordedFile(const RecordedFile&) = delete;
  RecordedFile& operator=(const RecordedFile&) = delete;

  std::string path() const { return directory_ + "/session.db"; }

  /// Begins a session; what follows belongs to it.
  RecordedFile& session(int server_version, int client_min = 100, int client_max = 226) {
    version_ = server_version;
    session_ = writer_->begin_session({"127.0.0.1:50000", "127.0.0.1", 7496, stamp()});
    const protocol::Hello hello{client_min, client_max, ""};
    writer_->hello(session_, hello, protocol::hello_bytes(hello), stamp());
    const protocol::HelloAnswer answer{server_version, "20261123 09:30:00 EST"};
    writer_->hello_answer(session_, answer, protocol::hello_answer_payload(answer), stamp());
    return *this;
  }
  RecordedFile& out(const Message& message) { return raw(Direction::Out, encoded(message)); }
  RecordedFile& in(const Message& message) { return raw(Direction::In, encoded(message)); }
  /// Each frame comes 10 ms after the one before it.
  RecordedFile& raw(Direction direction, const std::string& payload) {
    wait(10);
    writer_->frame(session_, direction, payload, stamp());
    return *this;
  }
  RecordedFile& wait(int milliseconds) {
    now_ns_ += milliseconds * kMillisecond;
    return *this;
  }
  RecordedFile& start(int client_id, int next_order_id) {
    out(make<protocol::StartApiRequest>([&](auto& m) { m.client_id = client_id; }));
    in(make<protocol::ManagedAccounts>([](auto& m) { m.accounts_list = "DU111"; }));
    return in(make<protocol::NextValidId>([&](auto& m) { m.order_id = next_order_id; }));
  }
  RecordedFile& end(const std::string& reason = "app fin in running") {
    writer_->end_session(session_, journal::EndStatus::Closed, reason, stamp());
    return *this;
  }
  /// Seals everything; nothing can be recorded after it.
  void close() {
    if (writer_) REQUIRE(writer_->close());
    writer_.reset();
  }
  /// The last session, or another.
  Recording load(std::optional<journal::SessionId> number = {}) {
    close();
    auto reader = journal::Reader::open(path());
    REQUIRE(reader);
    const auto session = number ? (*reader)->session(*number) : (*reader)->last_session();
    REQUIRE(session);
    auto recording = Recording::load(**reader, *session);
    REQUIRE_MESSAGE(recording, (recording ? "" : recording.error().text));
    return std::move(*recording);
  }

 private:
  std::string encoded(const Message& message) const {
    std::string payload;
    const auto done = protocol::encode(message, version_, payload);
    REQUIRE_MESSAGE(done, (done ? "" : done.error().to_string()));
    return payload;
  }
  journal::Stamp stamp() const { return {1'700'000'000'000'000'000 + now_ns_, now_ns_}; }

  std::string directory_;
  std::unique_ptr<journal::Writer> writer_;
  journal::SessionId session_ = 0;
  int version_ = 0;
  std::int64_t now_ns_ = 1'000'000'000;
};

/// "TickPrice{"req_id":9001,…}", or the payload's size where it cannot be decoded.
inline std::string described(int version, std::string_view payload) {
  const auto message = protocol::decode(Direction::In, version, payload);
  if (!message) return "raw " + std::to_string(payload.size());
  std::string text(message->name());
  protocol::append_fields_json(*message, text);
  return text;
}

/// An app that is served a recording. Time stands still unless it is moved.
class SimulatedApp {
 public:
  explicit SimulatedApp(const Recording& recording, double speed = kMaxSpeed, MatchOptions options = {})
      : recording_(recording),
        contents_(recording),
        matcher_(contents_, ids_, pseudonyms_, options),
        player_(recording, speed),
        answers_(recording, ids_) {}

  /// Asks, and fails the test when it matches nothing. Returns which one it is.
  Matched ask(const Message& live) {
    const Outcome outcome = asks(live);
    if (const auto* refused = std::get_if<Refused>(&outcome)) FAIL(refused->mismatch.report());
    REQUIRE(std::holds_alternative<Matched>(outcome));
    return std::get<Matched>(outcome);
  }
  /// Asks something that must be refused.
  Mismatch ask_in_vain(const Message& live) {
    const Outcome outcome = asks(live);
    REQUIRE(std::holds_alternative<Refused>(outcome));
    return std::get<Refused>(outcome).mismatch;
  }
  /// Asks, whatever comes of it.
  Outcome asks(const Message& live) { return asks(payload_of(live)); }
  Outcome asks(const std::string& payload) {
    Outcome outcome = matcher_.match(payload, kWallNs + now_ns_);
    if (const auto* matched = std::get_if<Matched>(&outcome)) player_.made(matched->request, now_ns_);
    if (const auto* accepted = std::get_if<Accepted>(&outcome)) player_.cancelled(accepted->cancelled);
    return outcome;
  }
  /// The payloads that are sent by now.
  std::vector<std::string> payloads() {
    std::string out;
    while (const auto frame = player_.next(now_ns_)) CHECK(answers_.append(*frame, out));
    wake_ = player_.wake();
    std::vector<std::string> frames;
    protocol::Framer framer;
    framer.feed(out, [&](std::string_view payload) { frames.emplace_back(payload); });
    return frames;
  }
  /// The same, described.
  std::vector<std::string> gets() {
    std::vector<std::string> texts;
    for (const std::string& payload : payloads()) texts.push_back(described(recording_.server_version(), payload));
    return texts;
  }
  void pass(int milliseconds) { now_ns_ += milliseconds * kMillisecond; }
  /// Lets time pass to when the player wants to be woken. False when it does not, or not that soon.
  bool pass_to_next(int within_milliseconds = 900) {
    if (!wake_ || *wake_ - now_ns_ > within_milliseconds * kMillisecond) return false;
    now_ns_ = std::max(now_ns_, *wake_);
    return true;
  }
  std::int64_t now_ms() const { return now_ns_ / kMillisecond; }
  Matcher& matcher() { return matcher_; }
  Player& player() { return player_; }

 private:
  std::string payload_of(const Message& live) const {
    std::string payload;
    REQUIRE(protocol::encode(live, recording_.server_version(), payload));
    return payload;
  }

  const Recording& recording_;
  Contents contents_;
  KnownIds known_ids_;
  Ids ids_{known_ids_, recording_.session().client_id.value_or(0)};
  protocol::Pseudonyms pseudonyms_;
  Matcher matcher_;
  Player player_;
  Answers answers_;
  std::int64_t now_ns_ = 0;
  std::optional<std::int64_t> wake_;
};

using Lines = std::vector<std::string>;

// The messages that sessions are made of.

inline Message start_api(int client_id) {
  return make<protocol::StartApiRequest>([&](auto& m) { m.client_id = client_id; });
}
inline protocol::Contract stock(const std::string& symbol) {
  protocol::Contract contract;
  contract.symbol = symbol;
  contract.sec_type = "STK";
  contract.exchange = "SMART";
  contract.currency = "USD";
  return contract;
}
inline Message market_data(int req_id, const std::string& symbol) {
  return make<protocol::MarketDataRequest>([&](auto& m) {
    m.req_id = req_id;
    m.contract = stock(symbol);
  });
}
inline Message cancel_market_data(int req_id) {
  return make<protocol::CancelMarketData>([&](auto& m) { m.req_id = req_id; });
}
inline Message tick(int req_id, double price) {
  return make<protocol::TickPrice>([&](auto& m) {
    m.req_id = req_id;
    m.tick_type = 1;
    m.price = price;
  });
}
inline Message place_order(int order_id, double limit, int parent_id = 0) {
  return make<protocol::PlaceOrderRequest>([&](auto& m) {
    m.order_id = order_id;
    m.contract = stock("AAPL");
    protocol::Order order;
    order.action = "BUY";
    order.order_type = "LMT";
    order.total_quantity = protocol::Decimal(10);
    order.lmt_price = limit;
    order.tif = "DAY";
    if (parent_id != 0) order.parent_id = parent_id;
    m.order = order;
  });
}
inline Message cancel_order(int order_id) {
  return make<protocol::CancelOrderRequest>([&](auto& m) { m.order_id = order_id; });
}
inline Message order_status(int order_id, const std::string& status, int client_id = 7) {
  return make<protocol::OrderStatus>([&](auto& m) {
    m.order_id = order_id;
    m.status = status;
    m.client_id = client_id;
    m.perm_id = 4711;
  });
}
inline Message execution(int req_id, int order_id, const std::string& exec_id) {
  return make<protocol::ExecutionDetails>([&](auto& m) {
    m.req_id = req_id;
    m.contract = stock("AAPL");
    protocol::Execution fill;
    fill.order_id = order_id;
    fill.exec_id = exec_id;
    fill.client_id = 7;
    m.execution = fill;
  });
}
inline Message commission(const std::string& exec_id) {
  return make<protocol::CommissionAndFeesReport>([&](auto& m) {
    m.exec_id = exec_id;
    m.commission_and_fees = 1.5;
    m.currency = "USD";
  });
}
inline Message error(int id, int code, const std::string& text) {
  return make<protocol::ErrorMessage>([&](auto& m) {
    m.id = id;
    m.error_code = code;
    m.error_msg = text;
  });
}
inline Message position(const std::string& symbol, int units) {
  return make<protocol::Position>([&](auto& m) {
    m.account = "DU111";
    m.contract = stock(symbol);
    m.position = protocol::Decimal(units);
  });
}

/// The message names of described frames.
inline Lines names(const Lines& described_frames) {
  Lines found;
  for (const std::string& text : described_frames) found.push_back(text.substr(0, text.find('{')));
  return found;
}
inline bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace ibkr::replay::test
