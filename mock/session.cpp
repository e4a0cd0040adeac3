#include "mock/session.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "mock/unsimulated.h"
#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/identity.h"

namespace ibkr::mock {
namespace {

using protocol::Message;

constexpr std::size_t kMostUnread = 16 << 20;

struct Notice {
  std::int32_t code;
  const char* text;
};
constexpr Notice kFarms[] = {
    {2104, "Market data farm connection is OK:usfarm"},
    {2106, "HMDS data farm connection is OK:ushmds"},
    {2158, "Sec-def data farm connection is OK:secdefnj"},
};

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

Session::Session(SessionOwner& owner, World& world, int server_version_cap, std::unique_ptr<net::Connection> connection)
    : owner_(owner),
      version_cap_(server_version_cap),
      connection_(std::move(connection)),
      side_(*this),
      reference_(Counter{world, out_, client_id_}, handlers_),
      data_(Counter{world, out_, client_id_}, handlers_),
      history_(Counter{world, out_, client_id_}, handlers_),
      accounts_(Counter{world, out_, client_id_}, handlers_),
      orders_(Counter{world, out_, client_id_}, handlers_) {
  connection_->start({
      .on_data = [this](std::string_view bytes) { on_data(bytes); },
      .on_end = [this] { end("the client has closed the connection"); },
      .on_close = [this](const net::CloseReason& reason) { end(reason.message); },
  });
}

void Session::end(const std::string& why) {
  spdlog::info("mock: client {} at {} has gone: {}", client_id_, connection_->peer_address().to_string(), why);
  is_over_ = true;
  owner_.ended(*this);
}

void Session::on_data(std::string_view bytes) {
  if (is_refused_) return;
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

void Session::send_answer(std::string_view frame) { connection_->write(frame); }

void Session::on_request(std::string_view payload) {
  if (is_refused_) return;
  const auto request = protocol::decode(protocol::Direction::Out, out_.server_version(), payload);
  if (!request) {
    spdlog::warn("mock: client {} sent what cannot be read: {}", client_id_, request.error().to_string());
    return refuse_unreadable(payload, request.error().to_string());
  }
  const auto handler = handlers_.find(&request->type());
  if (handler != handlers_.end()) return handler->second(*request);
  answer_unsimulated(*request, out_);
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
  if (!owner_.claim(client_id_, *this)) {
    is_refused_ = true;
    out_.error(-1, 326, "Unable to connect as the client id is already in use. Retry with a unique client id.");
    connection_->write(out_.take());
    connection_->shutdown_write();
    return;
  }
  spdlog::info("mock: client {} is connected at server version {}", client_id_, out_.server_version());
  greet();
}

void Session::greet() {
  for (const Notice& farm : kFarms) out_.error(-1, farm.code, farm.text);
  accounts_.send_accounts();
  orders_.answer(protocol::IdsRequest{});
  orders_.greet();
}

void Session::account_changed(const Account& account, const Instrument& instrument) {
  accounts_.changed(account, instrument);
}

void Session::push() {
  data_.push();
  history_.push();
  accounts_.push();
}

void Session::flush() {
  if (is_over_ || is_refused_ || out_.empty()) return;
  connection_->write(out_.take());
  if (connection_->queued_bytes() > kMostUnread) end("it has left 16 MiB unread");
}

}  // namespace ibkr::mock
