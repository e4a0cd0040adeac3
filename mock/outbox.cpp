#include "mock/outbox.h"

#include <spdlog/spdlog.h>

#include <optional>

#include "mock/clock.h"
#include "net/loop.h"
#include "protocol/codec.h"
#include "protocol/frame.h"

namespace ibkr::mock {
namespace {

using protocol::Message;

constexpr int kTimesHaveZones = 174;

/// The message as an older server words it, where that differs in more than the layout.
std::optional<Message> older_wording(const Message& message, int version) {
  const auto* details = message.get_if<protocol::ExecutionDetails>();
  if (version >= kTimesHaveZones || details == nullptr || !details->execution) return std::nullopt;
  const auto when = parse_time(details->execution->time.value_or(""));
  if (!when) return std::nullopt;
  protocol::ExecutionDetails older = *details;
  older.execution->time = eastern_time_without_zone(*when);
  return Message(std::move(older));
}

std::optional<Message> with_time(const Message& message) {
  const auto* error = message.get_if<protocol::ErrorMessage>();
  if (error == nullptr || error->error_time) return std::nullopt;
  protocol::ErrorMessage timed = *error;
  timed.error_time = net::wall_ns() / 1000000;
  return Message(std::move(timed));
}

}  // namespace

void Outbox::send(const Message& message) {
  if (message.type().since > version_) return;
  if (const auto timed = with_time(message)) return send(*timed);
  auto other = reword_ ? reword_(message) : std::nullopt;
  if (!other) other = older_wording(message, version_);
  payload_.clear();
  if (auto done = protocol::encode(other ? *other : message, version_, payload_); !done) {
    spdlog::error("mock: {} was not sent: {}", message.name(), done.error().to_string());
    return;
  }
  protocol::append_frame(frames_, payload_);
}

void Outbox::error(std::int32_t id, std::int32_t code, std::string text) {
  protocol::ErrorMessage error;
  error.id = id;
  error.error_code = code;
  error.error_msg = std::move(text);
  send(std::move(error));
}

}  // namespace ibkr::mock
