// The tap: framing, the handshake, and what to record of bytes that are not the TWS API.
#include "proxy/tap.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "protocol/unicode.h"

namespace ibkr::proxy {
namespace {

using journal::Stamp;
using protocol::Direction;

std::string_view arrow(Direction direction) { return direction == Direction::Out ? "app to TWS" : "TWS to app"; }

}  // namespace

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::Connect:
      return "connect";
    case Phase::Handshake:
      return "handshake";
    case Phase::StartApi:
      return "start_api";
    case Phase::Running:
      return "running";
  }
  return {};
}

Tap::Tap(journal::Writer& journal, const journal::SessionStart& start)
    : journal_(journal), session_(journal.begin_session(start)) {}

void Tap::upstream_connected() { phase_ = Phase::Handshake; }

void Tap::saw(Direction direction, std::string_view bytes, Stamp at) {
  if (direction == Direction::Out) {
    saw_from_app(bytes, at);
  } else {
    saw_from_tws(bytes, at);
  }
}

void Tap::saw_from_app(std::string_view bytes, Stamp at) {
  if (from_app_.failed()) return saw_unframed(Direction::Out, bytes, at);
  const bool framed = from_app_.feed(
      bytes, [&](const protocol::Hello& hello, std::string_view raw) { journal_.hello(session_, hello, raw, at); },
      [&](std::string_view payload) { saw_payload(Direction::Out, payload, at); });
  if (!framed) lost_framing(Direction::Out, from_app_.error(), from_app_.unread(), at);
}

void Tap::saw_from_tws(std::string_view bytes, Stamp at) {
  if (from_tws_.failed()) return saw_unframed(Direction::In, bytes, at);
  const bool framed = from_tws_.feed(
      bytes, [&](std::string_view payload) { saw_answer(payload, at); },
      [&](std::string_view payload) { saw_payload(Direction::In, payload, at); });
  if (!framed) lost_framing(Direction::In, from_tws_.error(), from_tws_.unread(), at);
}

void Tap::saw_unframed(Direction direction, std::string_view bytes, Stamp at) {
  if (!bytes.empty()) journal_.event(session_, "unframed", arrow(direction), bytes, at);
}

void Tap::saw_payload(Direction direction, std::string_view payload, Stamp at) {
  if (direction == Direction::Out) phase_ = Phase::Running;
  journal_.frame(session_, direction, payload, at);
}

void Tap::saw_answer(std::string_view payload, Stamp at) {
  const auto answer = protocol::read_hello_answer(payload);
  if (answer && answer->redirect) {
    const std::string text = "TWS does not serve the app but sends it on to " + protocol::printable(*answer->redirect) +
                             "; it may go there past the proxy: give that address as --upstream";
    spdlog::error("session {}: {}", session_, text);
    journal_.event(session_, "redirect", text, {}, at);
  }
  if (answer) {
    if (phase_ == Phase::Handshake) phase_ = Phase::StartApi;
    journal_.hello_answer(session_, *answer, payload, at);
    return;
  }
  spdlog::warn("session {}: {}; forwarded, and recorded without being decoded", session_, answer.error());
  journal_.event(session_, "error", answer.error(), {}, at);
  journal_.frame(session_, Direction::In, payload, at);
}

void Tap::lost_framing(Direction direction, const std::string& why, std::string_view bytes, Stamp at) {
  spdlog::warn("session {}: {}: {}; forwarded, and recorded as raw bytes from here on", session_, arrow(direction),
               why);
  journal_.event(session_, "error", why, {}, at);
  journal_.event(session_, "unframed", arrow(direction), bytes, at);
}

void Tap::saw_end(Direction direction, Stamp at) {
  const bool by_app = direction == Direction::Out;
  if (std::exchange(by_app ? app_ended_ : tws_ended_, true)) return;
  if (by_app ? from_app_.failed() : from_tws_.failed()) return;
  const std::string_view begun = by_app ? from_app_.pending_bytes() : from_tws_.pending_bytes();
  if (begun.empty()) return;
  const std::string text = std::string(arrow(direction)) + " ended " + std::to_string(begun.size()) + " bytes into a " +
                           (by_app && !from_app_.greeted() ? "hello" : "frame");
  spdlog::warn("session {}: {}", session_, text);
  journal_.event(session_, "truncated", text, begun, at);
}

void Tap::end(journal::EndStatus status, std::string_view reason, Stamp at) {
  saw_end(Direction::Out, at);
  saw_end(Direction::In, at);
  journal_.end_session(session_, status, reason, at);
}

}  // namespace ibkr::proxy
