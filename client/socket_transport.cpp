#include "client/socket_transport.h"

#include <utility>

#include "net/tcp.h"

namespace ibkr::client {
namespace {

class SocketTransport final : public Transport {
 public:
  SocketTransport(net::Loop& loop, net::Address address) : loop_(loop), address_(std::move(address)) {}

  void open(Owner& owner) override {
    owner_ = &owner;
    dial_ = net::connect(loop_, address_, [this](net::Dial::Result result) {
      if (!result) return owner_->on_gone(std::string(result.error()));
      connection_ = std::move(*result);
      connection_->start({
          .on_data = [this](std::string_view bytes) { owner_->on_bytes(bytes); },
          .on_end = [this] { owner_->on_gone("TWS has closed the connection"); },
          .on_drain = [this] { owner_->on_drain(); },
          .on_close = [this](const net::CloseReason& reason) { owner_->on_gone(std::string(reason.message)); },
      });
      owner_->on_open();
    });
  }
  void write(std::string_view bytes) override { connection_->write(bytes); }
  std::size_t queued_bytes() const override { return connection_->queued_bytes(); }

 private:
  net::Loop& loop_;
  net::Address address_;
  Owner* owner_ = nullptr;
  std::unique_ptr<net::Dial> dial_;
  std::unique_ptr<net::Connection> connection_;
};

}  // namespace

std::unique_ptr<Transport> make_socket_transport(net::Loop& loop, net::Address address) {
  return std::make_unique<SocketTransport>(loop, std::move(address));
}

}  // namespace ibkr::client
