#include "protocol/server_side.h"

#include "protocol/codec.h"
#include "protocol/messages.h"

namespace ibkr::protocol {

bool ServerSide::receive(std::string_view bytes) {
  if (phase_ == Phase::Over) return true;
  return stream_.feed(
      bytes, [this](const Hello& hello, std::string_view) { greet(hello); },
      [this](std::string_view payload) { take(payload); });
}

void ServerSide::greet(const Hello& hello) {
  const auto answer = server_.on_hello(hello);
  if (!answer) return stop();
  server_version_ = answer->server_version;
  phase_ = Phase::StartApi;
  std::string frame;
  append_frame(frame, answer->payload);
  server_.send_answer(frame);
}

void ServerSide::take(std::string_view payload) {
  switch (phase_) {
    case Phase::Hello:
    case Phase::Over:
      return;
    case Phase::Running:
      return server_.on_request(payload);
    case Phase::StartApi:
      break;
  }
  const auto request = decode(Direction::Out, server_version_, payload);
  if (!request || request->get_if<StartApiRequest>() == nullptr) {
    ++passed_over_;
    return server_.on_passed_over(payload);
  }
  phase_ = Phase::Running;
  server_.on_start(payload, *request);
}

}  // namespace ibkr::protocol
