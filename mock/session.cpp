#include "mock/session.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "mock/notices.h"
#include "mock/unsimulated.h"
#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/identity.h"

namespace ibkr::mock {
namespace {

using protocol::Message;

constexpr std::size_t kMostUnread = 16 << 20;

constexpr std::size_t kPrefix = 4;

/// Bytes of the frame that these begin with.
std::size_t frame_bytes(std::string_view frames) {
  std::size_t payload = 0;
  for (const char byte : frames.substr(0, kPrefix)) payload = payload << 8 | static_cast<unsigned char>(byte);
  return kPrefix + payload;
}

/// The request that a payload meant to be, as far as it could be read, for its id; none when its type is not known.
std::optional<Message> read_in_part(int server_version, std::string_view payload) {
  const auto head = protocol::read_head(payload, server_version);
  if (!head) return std::nullopt;
  const auto* type = protocol::find_message(protocol::Direction::Out, head->id);
  if (type == nullptr) return std::nullopt;
  Message message(*type);
  (void)protocol::decode_into(message, server_version, *head, payload);
  return message;
}

}  // namespace

Session::Session(SessionOwner& owner, World& world, int server_version_cap, ConnectionId number,
                 std::unique_ptr<net::Connection> connection)
    : owner_(owner),
      world_(world),
      version_cap_(server_version_cap),
      number_(number),
      connection_(std::move(connection)),
      side_(*this),
      gate_(world.faults, out_),
      reference_(Counter{world, out_, client_id_}, handlers_),
      data_(Counter{world, out_, client_id_}, handlers_),
      history_(Counter{world, out_, client_id_}, handlers_),
      accounts_(Counter{world, out_, client_id_}, handlers_),
      orders_(Counter{world, out_, client_id_}, handlers_) {
  out_.set_reword([this](const Message& message) { return gate_.reworded(message); });
  connection_->start({
      .on_data = [this](std::string_view bytes) { on_data(bytes); },
      .on_end = [this] { end("the client has closed the connection"); },
      .on_close = [this](const net::CloseReason& reason) { end(reason.message); },
  });
}

Session::~Session() { world_.faults.gone(number_); }

void Session::end(const std::string& why) {
  spdlog::info("mock: client {} at {} has gone: {}", client_id_, connection_->peer_address().to_string(), why);
  is_over_ = true;
  owner_.ended(*this);
}

void Session::on_data(std::string_view bytes) {
  if (ending_) return;
  if (!side_.receive(bytes)) return end(side_.error());
  if (!refusal_.empty()) return end(refusal_);
  flush();
}

std::optional<protocol::ServerSide::Answer> Session::on_hello(const protocol::Hello& hello) {
  if (hello.min_version > version_cap_) {
    refusal_ = "it needs server version " + std::to_string(hello.min_version) + " at least, and the mock speaks " +
               std::to_string(version_cap_) + " at most: raise --server-version";
    return std::nullopt;
  }
  const int version = std::min(version_cap_, hello.max_version);
  out_.set_server_version(version);
  return protocol::ServerSide::Answer{
      version, protocol::hello_answer_payload({version, connection_time(net::wall_ns() / 1000000000)})};
}

void Session::send_answer(std::string_view frame) {
  if (const Fault* slow = world_.faults.use(FaultKind::SlowHandshake))
    answer_due_ns_ = world_.faults.now_ns() + slow->by_ns;
  waiting_ += frame;
  write_waiting();
}

void Session::on_request(std::string_view payload) {
  if (ending_) return;
  const auto request = protocol::decode(protocol::Direction::Out, out_.server_version(), payload);
  if (!request) {
    spdlog::warn("mock: client {} sent what cannot be read: {}", client_id_, request.error().to_string());
    return refuse_unreadable(payload, request.error().to_string());
  }
  world_.faults.requested(number_, request->type());
  if (!gate_.admits(*request)) {
    if (gate_.closes()) begin_ending(Ending::Said);
    return;
  }
  answer(*request);
}

void Session::answer(const Message& request) {
  const auto handler = handlers_.find(&request.type());
  if (handler != handlers_.end()) return handler->second(request);
  answer_unsimulated(request, out_);
}

void Session::refuse_unreadable(std::string_view payload, const std::string& why) {
  const auto read = read_in_part(out_.server_version(), payload);
  out_.error(read ? protocol::error_id(*read) : -1, 320, "Error reading request. " + why);
}

void Session::on_start(std::string_view, const Message& request) {
  if (side_.passed_over() > 0) {
    spdlog::warn("mock: {} frames came before START_API and were ignored, as TWS does", side_.passed_over());
  }
  client_id_ = request.get_if<protocol::StartApiRequest>()->client_id.value_or(0);
  world_.faults.requested(number_, request.type());
  if (ending_) return;
  if (!owner_.claim(client_id_, *this)) {
    out_.error(-1, 326, "Unable to connect as the client id is already in use. Retry with a unique client id.");
    begin_ending(Ending::Said);
    return;
  }
  spdlog::info("mock: client {} is connected at server version {}", client_id_, out_.server_version());
  greet();
}

void Session::greet() {
  const auto& faults = world_.faults;
  if (faults.is_under_way(FaultKind::LinkLost)) {
    notice(kNoLink);
  } else {
    notice(faults.is_under_way(FaultKind::DataFarmBroken) ? kDataFarmBroken : kDataFarm);
    notice(faults.is_under_way(FaultKind::HistoryFarmBroken) ? kHistoryFarmBroken : kHistoryFarm);
    notice(kDefinitionFarm);
  }
  accounts_.send_accounts();
  orders_.answer(protocol::IdsRequest{});
  orders_.greet();
}

void Session::account_changed(const Account& account, const Instrument& instrument) {
  accounts_.changed(account, instrument);
}

void Session::push() {
  const auto& faults = world_.faults;
  // What a stalled client will see then is the market of then, as TWS sends no past quotes either.
  if (faults.is_under_way(FaultKind::LinkLost) || faults.is_under_way(FaultKind::Stall, number_)) return;
  if (!faults.is_under_way(FaultKind::DataFarmBroken)) {
    for (const Message& request : gate_.take_waiting()) answer(request);
    data_.push();
  }
  if (!faults.is_under_way(FaultKind::HistoryFarmBroken)) history_.push();
  accounts_.push();
}

void Session::lose_market_data() {
  gate_.take_waiting();
  data_.lose_all();
  history_.lose_live();
}

bool Session::begin_ending(Ending how) {
  if (ending_) return false;
  ending_ = how;
  return true;
}

void Session::flush() {
  if (is_over_ || is_closed_) return;
  waiting_ += out_.take();
  write_waiting();
  if (ending_) return carry_out_ending();
  if (connection_->queued_bytes() + waiting_.size() > kMostUnread) end("it has left 16 MiB unread");
}

/// Where a fault counts frames it begins between two of them.
void Session::write_waiting() {
  while (!waiting_.empty() && !is_held() && (!ending_ || ending_ == Ending::Said)) {
    const auto limit = world_.faults.frames_to_go(number_);
    if (!limit) {
      connection_->write(std::exchange(waiting_, {}));
      return;
    }
    std::size_t bytes = 0;
    std::uint64_t frames = 0;
    for (; frames < *limit && bytes < waiting_.size(); ++frames)
      bytes += frame_bytes(std::string_view(waiting_).substr(bytes));
    connection_->write(std::string_view(waiting_).substr(0, bytes));
    waiting_.erase(0, bytes);
    world_.faults.sent(number_, frames);
  }
}

bool Session::is_held() {
  return world_.faults.now_ns() < answer_due_ns_ || world_.faults.use(FaultKind::Stall, number_) != nullptr;
}

void Session::carry_out_ending() {
  switch (*ending_) {
    case Ending::Said:
      if (!waiting_.empty()) return;
      break;
    case Ending::Fin:
      break;
    case Ending::Torn:
      if (waiting_.empty()) waiting_.assign({0, 0, 0, 16});  // nothing is to be said: the length of what never comes
      connection_->write(std::string_view(waiting_).substr(0, frame_bytes(waiting_) / 2));
      break;
    case Ending::Reset:
      connection_->reset();
      return end("a fault has reset it");
  }
  waiting_.clear();
  is_closed_ = true;
  connection_->shutdown_write();
}

}  // namespace ibkr::mock
