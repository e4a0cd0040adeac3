// The protobuf encoder: walks a struct's table in order of the numbers and writes what is set.
#include <algorithm>
#include <bit>
#include <cstring>

#include "protocol/decimal.h"
#include "protocol/protobuf.h"
#include "protocol/protobuf_wire.h"
#include "protocol/scalar.h"

namespace ibkr::protocol {
namespace {

/// Appends to a string through plain pointers; a string's own append checks and terminates at every byte.
class Output {
 public:
  explicit Output(std::string& out) : out_(out), start_(out.size()) { grow(kFirst); }

  /// Room for `bytes` more; what follows may write so many.
  void need(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) grow(bytes);
  }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at_++ = static_cast<char>(value | 0x80);
    *at_++ = static_cast<char>(value);
  }
  void fixed64(double value) {
    auto bits = std::bit_cast<std::uint64_t>(value);
    if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
    std::memcpy(at_, &bits, 8);
    at_ += 8;
  }
  void bytes(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  /// Leaves a byte for the length of what follows; close() widens it where needed.
  std::size_t open() {
    need(1);
    return static_cast<std::size_t>(at_++ - out_.data());
  }
  void close(std::size_t opened) {
    need(kMaxVarint);
    char* const prefix = out_.data() + opened;
    const auto length = static_cast<std::size_t>(at_ - prefix - 1);
    char* const end = at_;
    at_ = prefix;
    if (length >= 0x80) {
      std::size_t extra = 0;
      for (std::size_t rest = length >> 7; rest != 0; rest >>= 7) ++extra;
      std::memmove(prefix + 1 + extra, prefix + 1, length);
      varint(length);
      at_ = end + extra;
    } else {
      varint(length);
      at_ = end;
    }
  }

  void finish() { out_.resize(static_cast<std::size_t>(at_ - out_.data())); }
  void abandon() { out_.resize(start_); }

  static constexpr std::size_t kMaxVarint = 10;

 private:
  static constexpr std::size_t kFirst = 64;

  [[gnu::noinline]] void grow(std::size_t bytes) {
    const std::size_t used = at_ == nullptr ? start_ : static_cast<std::size_t>(at_ - out_.data());
    out_.resize(used + std::max(bytes, used - start_));
    at_ = out_.data() + used;
    end_ = out_.data() + out_.size();
  }

  std::string& out_;
  std::size_t start_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

class Writer {
 public:
  Writer(const Message& message, std::string& out) : message_(message), out_(out) {}

  bool write() {
    if (!write_struct(*message_.type().body, message_.body())) {
      out_.abandon();
      return false;
    }
    out_.finish();
    return true;
  }

  std::optional<DecodeError> error;  // after write() has returned false

 private:
  bool write_struct(const StructInfo& info, const void* object) {
    for (std::size_t number = 1; number < info.by_number.size(); ++number) {
      const ProtoField& field = info.by_number[number];
      if (field.proto != ProtoType::None && !write_field(info, field, number, object)) return false;
    }
    const auto& unknown = *reinterpret_cast<const std::string*>(static_cast<const char*>(object) + info.unknown_offset);
    out_.need(unknown.size());
    out_.bytes(unknown);
    return true;
  }

  /// A key, and room for a number after it.
  void key(std::size_t number, WireType type) {
    out_.need(2 * Output::kMaxVarint);
    out_.varint(number << 3 | type);
  }
  /// int32 is sign-extended: -1 takes ten bytes.
  void varint(std::size_t number, std::int64_t value) {
    key(number, kVarint);
    out_.varint(static_cast<std::uint64_t>(value));
  }
  void fixed64(std::size_t number, double value) {
    key(number, kFixed64);
    out_.fixed64(value);
  }
  void bytes(std::size_t number, std::string_view text) {
    key(number, kBytes);
    out_.varint(text.size());
    out_.need(text.size());
    out_.bytes(text);
  }

  [[gnu::always_inline]] bool write_field(const StructInfo& info, const ProtoField& field, std::size_t number,
                                          const void* object) {
    switch (field.kind) {
      case Kind::Int32:
        if (const auto& value = member<std::optional<std::int32_t>>(field, object)) varint(number, *value);
        return true;
      case Kind::Int64:
        if (const auto& value = member<std::optional<std::int64_t>>(field, object)) varint(number, *value);
        return true;
      case Kind::Bool:
        if (const auto& value = member<std::optional<bool>>(field, object)) varint(number, *value ? 1 : 0);
        return true;
      case Kind::Double:
        if (const auto& value = member<std::optional<double>>(field, object)) fixed64(number, *value);
        return true;
      case Kind::Decimal:
        if (const auto& value = member<std::optional<Decimal>>(field, object)) bytes(number, value->to_string());
        return true;
      case Kind::String: {
        const auto& text = member<std::optional<std::string>>(field, object);
        if (!text) {
          if (field.always) bytes(number, "");
          return true;
        }
        if (field.proto == ProtoType::Double) return write_number(info.fields[field.index], *text);
        bytes(number, *text);
        return true;
      }
      case Kind::Struct: {
        const FieldInfo& part = info.fields[field.index];
        const void* inner = part.type->ops->engaged(static_cast<const char*>(object) + field.offset);
        return inner == nullptr || write_nested(part, inner);
      }
      case Kind::StructList:
        return write_structs(info.fields[field.index], object);
      case Kind::StringList:
        for (const std::string& text : member<std::vector<std::string>>(field, object)) bytes(number, text);
        return true;
      case Kind::Int32List:
        return write_integers(number, member<std::vector<std::int32_t>>(field, object));
      case Kind::DoubleList:
        return write_doubles(number, member<std::vector<double>>(field, object));
    }
    return true;
  }

  bool write_structs(const FieldInfo& field, const void* object) {
    const void* list = static_cast<const char*>(object) + field.offset;
    for (std::size_t i = 0; i < field.type->ops->size(list); ++i) {
      if (!write_nested(field, field.type->ops->at(list, i))) return false;
    }
    return true;
  }

  bool write_nested(const FieldInfo& field, const void* inner) {
    key(field.number, kBytes);
    const std::size_t opened = out_.open();
    if (!write_struct(*field.type, inner)) {
      error->field = std::string(field.name) + "." + error->field;
      return false;
    }
    out_.close(opened);
    return true;
  }

  bool write_integers(std::size_t number, const std::vector<std::int32_t>& list) {
    if (list.empty()) return true;
    key(number, kBytes);
    const std::size_t opened = out_.open();
    out_.need(list.size() * Output::kMaxVarint);
    for (const std::int32_t value : list) out_.varint(static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
    out_.close(opened);
    return true;
  }

  bool write_doubles(std::size_t number, const std::vector<double>& list) {
    if (list.empty()) return true;
    key(number, kBytes);
    out_.varint(list.size() * 8);
    out_.need(list.size() * 8);
    for (const double value : list) out_.fixed64(value);
    return true;
  }

  /// A text that is a number on this wire.
  bool write_number(const FieldInfo& field, const std::string& text) {
    double value = 0;
    if (read_double(text, value) == Reading::Bad) {
      error = {std::string(message_.name()), std::string(field.name), -1, -1,
               "protobuf carries a number here, not \"" + text + '"'};
      return false;
    }
    fixed64(field.number, value);
    return true;
  }

  const Message& message_;
  Output out_;
};

}  // namespace

Expected<void, DecodeError> encode_protobuf(const Message& message, std::string& out) {
  Writer writer(message, out);
  if (!writer.write()) return Unexpected(*std::move(writer.error));
  return {};
}

}  // namespace ibkr::protocol
