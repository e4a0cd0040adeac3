#include "view/readable_versions.h"

#include <spdlog/fmt/fmt.h>

#include <memory>
#include <utility>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/fields.h"
#include "view/described.h"

namespace ibkr::view {
namespace {

using protocol::Direction;
using protocol::MessageInfo;

/// Decodes at one version after another, into one message per type.
class Trials {
 public:
  Trials(Direction direction, std::string_view payload) : direction_(direction), payload_(payload) {}

  std::vector<ReadableVersions> run(bool whole) {
    std::vector<ReadableVersions> found;
    for (int version = protocol::kMinServerVersion; version <= protocol::kMaxServerVersion; ++version) {
      const auto [type, wire] = read(version, whole);
      if (type == nullptr) continue;
      const bool goes_on =
          !found.empty() && found.back().last == version - 1 && found.back().type == type && found.back().wire == wire;
      if (goes_on) {
        found.back().last = version;
      } else {
        found.push_back({version, version, type, wire});
      }
    }
    return found;
  }

 private:
  std::pair<const MessageInfo*, protocol::Wire> read(int version, bool whole) {
    const auto head = protocol::read_head(payload_, version);
    if (!head) return {nullptr, protocol::Wire::Text};
    const MessageInfo* type = protocol::find_message(direction_, head->id);
    if (type == nullptr || version < type->since) return {nullptr, head->wire};
    if (message_ == nullptr || &message_->type() != type) message_ = std::make_unique<protocol::Message>(*type);
    const bool good = protocol::decode_into(*message_, version, *head, payload_).has_value();
    const bool fits = protocol::wire_at(*type, version) == head->wire && !protocol::has_unknown(*message_);
    return {good && (fits || !whole) ? type : nullptr, head->wire};
  }

  Direction direction_;
  std::string_view payload_;
  std::unique_ptr<protocol::Message> message_;
};

/// Of the payload's direction, else of the other one.
std::vector<ReadableVersions> either_way(Direction direction, std::string_view payload) {
  auto found = readable_versions(direction, payload);
  if (!found.empty()) return found;
  return readable_versions(direction == Direction::In ? Direction::Out : Direction::In, payload);
}

std::string range(const ReadableVersions& versions) {
  return versions.first == versions.last ? std::to_string(versions.first)
                                         : fmt::format("{}..{}", versions.first, versions.last);
}

std::string_view wire_name(protocol::Wire wire) { return wire == protocol::Wire::Text ? "text" : "protobuf"; }

}  // namespace

std::vector<ReadableVersions> readable_versions(Direction direction, std::string_view payload) {
  Trials trials(direction, payload);
  auto found = trials.run(true);
  return found.empty() ? trials.run(false) : found;
}

void append_readable_json(Direction direction, std::string_view payload, std::string& out) {
  const auto found = either_way(direction, payload);
  if (found.empty()) return;
  out += ",\"readable_at\":[";
  for (const ReadableVersions& versions : found) {
    if (out.back() != '[') out += ',';
    out += fmt::format(R"({{"versions":"{}","name":"{}","direction":"{}","wire":"{}"}})", range(versions),
                       versions.type->name, direction_name(versions.type->direction), wire_name(versions.wire));
  }
  out += ']';
}

std::string readable_text(Direction direction, std::string_view payload) {
  std::string text;
  for (const ReadableVersions& versions : either_way(direction, payload)) {
    text += fmt::format("{}{} {} TWS at {} ({})", text.empty() ? "it reads as " : ", ", versions.type->name,
                        versions.type->direction == Direction::In ? "from" : "to", range(versions),
                        wire_name(versions.wire));
  }
  return text;
}

}  // namespace ibkr::view
