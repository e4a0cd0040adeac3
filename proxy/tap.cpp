// The tap: framing, the handshake, and what to record of bytes that are not the TWS API.
#include "proxy/tap.h"

#include <spdlog/spdlog.h>

#include "protocol/unicode.h"

namespace ibkr::proxy {
namespace {

using journal::Stamp;
using protocol::Direction;

constexpr std::size_t kPrefixBytes = 4;

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
    : journal_(journal), session_(journal.begin_session(start)), hello_(std::make_unique<protocol::HelloReader>()) {}

void Tap::upstream_connected() { phase_ = Phase::Handshake; }

Tap::Stream& Tap::stream(Direction direction) { return direction == Direction::Out ? from_app_ : from_tws_; }

void Tap::saw(Direction direction, std::string_view bytes, Stamp at) {
  if (direction == Direction::Out && hello_) {
    saw_hello(bytes, at);
  } else {
    saw_frames(direction, bytes, at);
  }
}

void Tap::saw_hello(std::string_view bytes, Stamp at) {
  using State = protocol::HelloReader::State;
  const State state = hello_->feed(bytes);
  if (state == State::NeedMore) return;
  const auto reader = std::move(hello_);
  if (state == State::Failed) {
    stop_framing(Direction::Out, reader->error(), reader->rest(), at);
    return;
  }
  journal_.hello(session_, reader->hello(), reader->raw(), at);
  saw_frames(Direction::Out, reader->rest(), at);
}

void Tap::saw_frames(Direction direction, std::string_view bytes, Stamp at) {
  auto& [framer, framed, ended] = stream(direction);
  if (!framed) {
    if (!bytes.empty()) journal_.event(session_, "unframed", arrow(direction), bytes, at);
    return;
  }
  const std::size_t begun_before = framer.pending();
  std::size_t framed_bytes = 0;
  const bool ok = framer.feed(bytes, [&](std::string_view payload) {
    framed_bytes += kPrefixBytes + payload.size();
    saw_payload(direction, payload, at);
  });
  if (ok) return;
  // The bad length lies behind the whole frames; its first bytes may have come with an earlier read.
  const bool began_earlier = framed_bytes == 0 && begun_before > 0;
  const std::string begun(began_earlier ? framer.pending_bytes() : std::string_view());
  const std::size_t behind =
      began_earlier ? begun.size() - begun_before : framed_bytes - std::min(framed_bytes, begun_before);
  stop_framing(direction, framer.error(), begun + std::string(bytes.substr(behind)), at);
}

void Tap::saw_payload(Direction direction, std::string_view payload, Stamp at) {
  if (direction == Direction::In && !answered_) {
    saw_answer(payload, at);
    return;
  }
  if (direction == Direction::Out) phase_ = Phase::Running;
  journal_.frame(session_, direction, payload, at);
}

void Tap::saw_answer(std::string_view payload, Stamp at) {
  answered_ = true;
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

void Tap::stop_framing(Direction direction, const std::string& why, std::string_view bytes, Stamp at) {
  stream(direction).framed = false;
  spdlog::warn("session {}: {}: {}; forwarded, and recorded as raw bytes from here on", session_, arrow(direction),
               why);
  journal_.event(session_, "error", why, {}, at);
  journal_.event(session_, "unframed", arrow(direction), bytes, at);
}

void Tap::saw_end(Direction direction, Stamp at) {
  auto& [framer, framed, ended] = stream(direction);
  if (ended) return;
  ended = true;
  const bool in_hello = direction == Direction::Out && hello_;
  const std::string_view begun = in_hello ? hello_->rest() : framer.pending_bytes();
  if (!framed || begun.empty()) return;
  const std::string text = std::string(arrow(direction)) + " ended " + std::to_string(begun.size()) + " bytes into a " +
                           (in_hello ? "hello" : "frame");
  spdlog::warn("session {}: {}", session_, text);
  journal_.event(session_, "truncated", text, begun, at);
}

void Tap::end(journal::EndStatus status, std::string_view reason, Stamp at) {
  saw_end(Direction::Out, at);
  saw_end(Direction::In, at);
  journal_.end_session(session_, status, reason, at);
}

}  // namespace ibkr::proxy
