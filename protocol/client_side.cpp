#include "protocol/client_side.h"

#include <algorithm>

#include "protocol/codec.h"
#include "protocol/error_codes.h"
#include "protocol/messages.h"

namespace ibkr::protocol {
namespace {

bool refuses_start(const ErrorMessage& error) {
  const ErrorCodeInfo* code = find_error_code(error.error_code.value_or(0));
  return code != nullptr && code->effect == ErrorEffect::Ends &&
         std::ranges::find(code->concerns, &StartApiRequest::info) != code->concerns.end();
}

}  // namespace

void ClientSide::begin() {
  client_.send_bytes(hello_bytes({offer_.min_version, offer_.max_version, offer_.connect_options}));
}

bool ClientSide::receive(std::string_view bytes) {
  if (phase_ == Phase::Over) return failure_ == Failure::None;
  const bool framed = stream_.feed(
      bytes, [this](std::string_view payload) { greeted(payload); },
      [this](std::string_view payload) { take(payload); });
  if (!framed && phase_ != Phase::Over) fail(Failure::NotTws, stream_.error());
  return failure_ == Failure::None;
}

void ClientSide::fail(Failure failure, std::string error) {
  failure_ = failure;
  error_ = std::move(error);
  phase_ = Phase::Over;
}

void ClientSide::greeted(std::string_view payload) {
  if (phase_ == Phase::Over) return;
  const auto answer = read_hello_answer(payload);
  if (!answer) return fail(Failure::NotTws, answer.error());
  if (answer->redirect) {
    redirect_ = *answer->redirect;
    return fail(Failure::Redirected, "the server sends apps to " + redirect_);
  }
  if (answer->server_version < offer_.min_version || answer->server_version > offer_.max_version) {
    return fail(Failure::Version, "the server speaks version " + std::to_string(answer->server_version) + ", and " +
                                      std::to_string(offer_.min_version) + " to " + std::to_string(offer_.max_version) +
                                      " were offered");
  }
  start_.server_version = answer->server_version;
  start_.connection_time = answer->connection_time;
  StartApiRequest request;
  request.client_id = offer_.client_id;
  request.optional_capabilities = offer_.capabilities;
  std::string body, frame;
  if (const auto written = encode(Message(std::move(request)), start_.server_version, body); !written) {
    return fail(Failure::Version, written.error().to_string());
  }
  append_frame(frame, body);
  phase_ = Phase::Starting;
  client_.send_bytes(frame);
  client_.on_greeted();
}

void ClientSide::take(std::string_view payload) {
  if (phase_ == Phase::Over) return;
  auto message = decode(Direction::In, start_.server_version, payload);
  if (!message) return client_.on_unreadable(payload, message.error());
  if (phase_ == Phase::Starting) note_start(*message);
  client_.on_message(std::move(*message));
}

void ClientSide::note_start(const Message& message) {
  if (const auto* accounts = message.get_if<ManagedAccounts>()) start_.accounts = accounts->accounts_list.value_or("");
  if (const auto* id = message.get_if<NextValidId>()) start_.next_order_id = id->order_id.value_or(0);
  if (const auto* error = message.get_if<ErrorMessage>(); error != nullptr && refuses_start(*error)) {
    return fail(Failure::Refused, error->error_msg.value_or("the client id is in use"));
  }
  if (start_.accounts && start_.next_order_id) phase_ = Phase::Running;
}

}  // namespace ibkr::protocol
