#include "client/client.h"

#include "client/socket_transport.h"

namespace ibkr::client {
namespace {

Options with_address(Options options, std::string host, std::uint16_t port, std::int32_t client_id) {
  options.host = std::move(host);
  options.port = port;
  options.client_id = client_id;
  return options;
}

MakeTransport over_socket(const Options& options) {
  return [address = net::Address{options.host, options.port}](net::Loop& loop) {
    return make_socket_transport(loop, address);
  };
}

}  // namespace

IBKRClient::IBKRClient(std::string host, std::uint16_t port, std::int32_t client_id, Options options)
    : IBKRClient(with_address(std::move(options), std::move(host), port, client_id)) {}

IBKRClient::IBKRClient(Options options) : IBKRClient(options, over_socket(options)) {}

IBKRClient::IBKRClient(Options options, MakeTransport make_transport)
    : engine_(std::make_shared<Engine>(std::move(options), std::move(make_transport))) {}

IBKRClient::~IBKRClient() {
  if (!engine_->process().is_current()) {  // its threads do not exist here, and its locks may be held for ever
    static auto* const kept = new std::vector<std::shared_ptr<Engine>>;
    kept->push_back(std::move(engine_));
    return;
  }
  engine_->stop();
  engine_->thread()->finish();
}

Call<std::vector<protocol::Message>> IBKRClient::send(protocol::Message request, CallOptions options) {
  using protocol::Message;
  return call<ListSink<Message>, std::vector<Message>>(std::move(request), Want::Answers, options);
}

Stream<protocol::Message> IBKRClient::subscribe(protocol::Message request) {
  return stream<protocol::Message>(std::move(request));
}

Call<std::vector<protocol::Message>> IBKRClient::collect(protocol::Message request, CallOptions options) {
  using protocol::Message;
  return call<ListSink<Message>, std::vector<Message>>(std::move(request), Want::FirstBatch, options);
}

ObserverId IBKRClient::on_notice(std::function<void(const Error&)> observer) {
  return engine_->observers().add_notice(std::move(observer));
}

ObserverId IBKRClient::on_state(std::function<void(const StateChange&)> observer) {
  return engine_->observers().add_state(std::move(observer));
}

ObserverId IBKRClient::on_message(const protocol::MessageInfo& type,
                                  std::function<void(const protocol::Message&)> observer) {
  return engine_->observers().add_message(type, std::move(observer));
}

bool IBKRClient::remove(ObserverId id) { return engine_->observers().remove(id); }

std::function<void()> IBKRClient::canceller(Ticket ticket) const {
  return [engine = std::weak_ptr(engine_), ticket] {
    const auto alive = engine.lock();
    if (alive == nullptr) return;
    alive->give_up(ticket,
                   Error(Reason::Cancelled, Concern::Request, Severity::Reject, "it was cancelled by the program"));
  };
}

void IBKRClient::submit(Ticket ticket, protocol::Message request, Want want, std::unique_ptr<AnswerSink> sink,
                        CallOptions options) {
  const auto limit = options.limit.count() < 0 ? engine_->options().call_limit : options.limit;
  engine_->submit({ticket, std::move(request), want, std::move(sink),
                   std::chrono::duration_cast<std::chrono::nanoseconds>(limit).count()});
}

}  // namespace ibkr::client
