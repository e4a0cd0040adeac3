#include "protocol/codec.h"

#include <charconv>

#include "protocol/catalogue.h"
#include "protocol/numbers.h"
#include "protocol/protobuf.h"
#include "protocol/text.h"

namespace ibkr::protocol {
namespace {

Unexpected<DecodeError> failure(std::string reason, std::int64_t byte_offset = 0) {
  return Unexpected(DecodeError{"", "", -1, byte_offset, std::move(reason)});
}

/// `observer` is one, or nothing.
template <class... Observer>
Expected<void, DecodeError> decode_body(Message& message, int server_version, const PayloadHead& head,
                                        std::string_view payload, Observer&... observer) {
  message.clear();
  message.expect(payload.size());
  const std::string_view body = payload.substr(head.body_at);
  if (head.wire == Wire::Protobuf) return decode_protobuf(message, body, head.body_at, observer...);
  if (message.type().text == nullptr) {
    auto error = failure("this message exists as protobuf only");
    error.error().message = message.name();
    return error;
  }
  return decode_text(message, server_version, body, head.body_at, observer...);
}

}  // namespace

Expected<PayloadHead, DecodeError> read_head(std::string_view payload, int server_version) {
  if (server_version >= kRawIdServerVersion) {
    if (payload.size() < 4) {
      return failure("a payload of " + std::to_string(payload.size()) + " bytes has no 4-byte message id");
    }
    std::uint32_t id = 0;
    for (const char c : payload.substr(0, 4)) id = id << 8 | static_cast<unsigned char>(c);
    const auto number = static_cast<std::int32_t>(id);
    const bool protobuf = number > kProtobufIdOffset;
    return PayloadHead{protobuf ? number - kProtobufIdOffset : number, protobuf ? Wire::Protobuf : Wire::Text, 4};
  }
  const std::size_t end = payload.find('\0');
  if (end == std::string_view::npos) return failure("the payload has no NUL after a message id");
  std::int32_t id = 0;
  const auto [stop, error] = std::from_chars(payload.data(), payload.data() + end, id);
  if (error != std::errc() || stop != payload.data() + end)
    return failure("the payload does not begin with a message id");
  return PayloadHead{id, Wire::Text, end + 1};
}

void write_head(Output& out, std::int32_t id, Wire wire, int server_version) {
  char* at = out.need(out.at(), kMaxInt64Chars + 1);
  if (server_version < kRawIdServerVersion) {
    at = write_int64(at, id);
    *at++ = '\0';
  } else {
    const auto raw = static_cast<std::uint32_t>(wire == Wire::Protobuf ? id + kProtobufIdOffset : id);
    for (int shift = 24; shift >= 0; shift -= 8) *at++ = static_cast<char>(raw >> shift);
  }
  out.wrote_to(at);
}

Expected<Message, DecodeError> decode(Direction direction, int server_version, std::string_view payload) {
  const auto head = read_head(payload, server_version);
  if (!head) return Unexpected(head.error());
  const MessageInfo* type = find_message(direction, head->id);
  if (type == nullptr) return failure("unknown message id " + std::to_string(head->id));
  Message message(*type);
  if (auto done = decode_into(message, server_version, *head, payload); !done)
    return Unexpected(std::move(done.error()));
  return message;
}

Expected<void, DecodeError> decode_into(Message& message, int server_version, const PayloadHead& head,
                                        std::string_view payload) {
  return decode_body(message, server_version, head, payload);
}

Expected<void, DecodeError> decode_into(Message& message, int server_version, const PayloadHead& head,
                                        std::string_view payload, DecodeObserver& observer) {
  return decode_body(message, server_version, head, payload, observer);
}

Expected<void, EncodeError> encode(const Message& message, int server_version, std::string& out) {
  return encode(message, server_version, wire_at(message.type(), server_version), out);
}

Expected<void, EncodeError> encode(const Message& message, int server_version, Wire wire, std::string& out) {
  const MessageInfo& type = message.type();
  const auto refuse = [&](std::string reason) {
    return Unexpected(EncodeError{std::string(type.name), "", std::move(reason)});
  };
  if (server_version < type.since) {
    return refuse("exists from server version " + std::to_string(type.since) + " on, not at " +
                  std::to_string(server_version));
  }
  if (wire == Wire::Protobuf && server_version < kRawIdServerVersion) {
    return refuse("protobuf begins at server version 201, not at " + std::to_string(server_version));
  }
  if (wire == Wire::Text && type.text == nullptr) return refuse("exists as protobuf only");
  Output output(out);
  write_head(output, type.id, wire, server_version);
  Expected<void, EncodeError> done;
  if (wire == Wire::Text) {
    done = encode_text(message, server_version, output);
  } else {
    done = encode_protobuf(message, output);
  }
  if (done) {
    output.finish();
  } else {
    output.abandon();
  }
  return done;
}

}  // namespace ibkr::protocol
