#include "protocol/protobuf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "protocol/decimal.h"
#include "protocol/scalar.h"

namespace ibkr::protocol {
namespace {

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

WireType wire_type(ProtoType proto) {
  switch (proto) {
    case ProtoType::Varint: return kVarint;
    case ProtoType::Double: return kFixed64;
    case ProtoType::String: case ProtoType::Message: case ProtoType::None: break;
  }
  return kBytes;
}

template <class Member>
Member& member(const ProtoField& field, void* object) {
  return *reinterpret_cast<Member*>(static_cast<char*>(object) + field.offset);
}
template <class Member>
const Member& member(const ProtoField& field, const void* object) {
  return *reinterpret_cast<const Member*>(static_cast<const char*>(object) + field.offset);
}

// ---- decode ----

class Reader {
 public:
  Reader(Message& message, std::string_view body, std::size_t body_at)
      : message_(message), begin_(body.data()), body_at_(body_at) {}

  bool read_struct(const StructInfo& info, void* object, std::string_view bytes) {
    while (!bytes.empty()) {
      const char* const start = bytes.data();
      std::uint64_t key = 0;
      if (!varint(bytes, key)) return false;
      const std::uint64_t number = key >> 3;
      const auto type = static_cast<std::uint32_t>(key & 7);
      Value value;
      if (!take(bytes, type, value, start)) return false;
      const bool known = number < info.by_number.size() && info.by_number[number].proto != ProtoType::None;
      if (!known || !store(info, info.by_number[number], object, type, value)) {
        if (error) return false;
        auto& unknown = *reinterpret_cast<std::string*>(static_cast<char*>(object) + info.unknown_offset);
        unknown.append(start, static_cast<std::size_t>(bytes.data() - start));
      }
    }
    return true;
  }

  std::optional<DecodeError> error;  // after read_struct() has returned false

 private:
  struct Value {
    std::uint64_t number = 0;
    std::string_view bytes;
  };

  // Inlined, as are take() and store(): they are all that a field costs.
  [[gnu::always_inline]] bool varint(std::string_view& bytes, std::uint64_t& value) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    if (!bytes.empty() && byte(0) < 0x80) {  // most keys, lengths and flags
      value = byte(0);
      bytes.remove_prefix(1);
      return true;
    }
    if (bytes.size() >= 2 && byte(1) < 0x80) {  // keys of large structs
      value = (byte(0) & 0x7FU) | static_cast<std::uint64_t>(byte(1)) << 7;
      bytes.remove_prefix(2);
      return true;
    }
    return long_varint(bytes, value);
  }

  [[gnu::noinline]] bool long_varint(std::string_view& bytes, std::uint64_t& value) {
    value = 0;
    for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
      if (byte < 0x80) {
        bytes.remove_prefix(i + 1);
        return true;
      }
    }
    return fail(bytes.data(), bytes.size() < 10 ? "the payload ends inside a number" : "a number of more than 10 bytes");
  }

  [[gnu::always_inline]] bool take(std::string_view& bytes, std::uint32_t type, Value& value, const char* start) {
    switch (type) {
      case kVarint: return varint(bytes, value.number);
      case kFixed64: return fixed(bytes, 8, value);
      case kFixed32: return fixed(bytes, 4, value);
      case kBytes: {
        std::uint64_t length = 0;
        if (!varint(bytes, length)) return false;
        if (length > bytes.size()) return too_long(start, length, bytes.size());
        value.bytes = bytes.substr(0, length);
        bytes.remove_prefix(length);
        return true;
      }
      default: return not_a_type(start, type);
    }
  }

  [[gnu::cold]] bool too_long(const char* at, std::uint64_t length, std::size_t left) {
    return fail(at, "a length of " + std::to_string(length) + ", but only " + std::to_string(left) + " bytes follow");
  }
  [[gnu::cold]] bool not_a_type(const char* at, std::uint32_t type) {
    return fail(at, "wire type " + std::to_string(type) + " is not used in this protocol");
  }

  [[gnu::always_inline]] bool fixed(std::string_view& bytes, std::size_t size, Value& value) {
    if (bytes.size() < size) return fail(bytes.data(), "the payload ends inside a number");
    std::memcpy(&value.number, bytes.data(), size);
    if constexpr (std::endian::native == std::endian::big) value.number = __builtin_bswap64(value.number);
    bytes.remove_prefix(size);
    return true;
  }

  /// False when the wire type is not the field's (then it is kept as unknown), or after fail().
  [[gnu::always_inline]] bool store(const StructInfo& info, const ProtoField& field, void* object, std::uint32_t type, const Value& value) {
    const bool packed = type == kBytes && (field.kind == Kind::Int32List || field.kind == Kind::DoubleList);
    if (!packed && type != wire_type(field.proto)) return false;
    switch (field.kind) {
      case Kind::Int32:
        member<std::optional<std::int32_t>>(field, object) = static_cast<std::int32_t>(value.number);
        return true;
      case Kind::Int64:
        member<std::optional<std::int64_t>>(field, object) = static_cast<std::int64_t>(value.number);
        return true;
      case Kind::Bool: member<std::optional<bool>>(field, object) = value.number != 0; return true;
      case Kind::Double: member<std::optional<double>>(field, object) = std::bit_cast<double>(value.number); return true;
      case Kind::Decimal: return store_decimal(field, object, value.bytes);
      case Kind::String: return store_text(field, object, value);
      case Kind::Struct: {
        const FieldInfo& part = info.fields[field.index];
        void* inner = part.type->ops->engage(static_cast<char*>(object) + field.offset);
        return read_struct(*part.type, inner, value.bytes) || nested(part);
      }
      case Kind::StructList: {
        const FieldInfo& list = info.fields[field.index];
        void* inner = list.type->ops->append(static_cast<char*>(object) + field.offset);
        return read_struct(*list.type, inner, value.bytes) || nested(list);
      }
      case Kind::StringList: member<std::vector<std::string>>(field, object).emplace_back(value.bytes); return true;
      case Kind::Int32List: return store_integers(member<std::vector<std::int32_t>>(field, object), packed, value);
      case Kind::DoubleList: return store_doubles(member<std::vector<double>>(field, object), packed, value);
    }
    return false;
  }

  bool store_decimal(const ProtoField& field, void* object, std::string_view text) {
    std::int64_t whole = 0;
    if (read_digits(text, whole)) {
      member<std::optional<Decimal>>(field, object) = Decimal(whole);
      return true;
    }
    const auto decimal = Decimal::parse(text);
    // A number that we would spell another way, or none at all, is kept as it came.
    if (!decimal || decimal->to_string() != text) return false;
    member<std::optional<Decimal>>(field, object) = decimal;
    return true;
  }

  static bool store_text(const ProtoField& field, void* object, const Value& value) {
    auto& text = member<std::optional<std::string>>(field, object);
    if (field.proto != ProtoType::Double) {
      text.emplace(value.bytes);
      return true;
    }
    std::string number;  // a number on this wire, a text on the other: 100.0 is "100"
    append_double(number, std::bit_cast<double>(value.number));
    if (number.ends_with(".0")) number.resize(number.size() - 2);
    text = std::move(number);
    return true;
  }

  bool store_integers(std::vector<std::int32_t>& list, bool packed, const Value& value) {
    if (!packed) {
      list.push_back(static_cast<std::int32_t>(value.number));
      return true;
    }
    for (std::string_view rest = value.bytes; !rest.empty();) {
      std::uint64_t number = 0;
      if (!varint(rest, number)) return false;
      list.push_back(static_cast<std::int32_t>(number));
    }
    return true;
  }

  bool store_doubles(std::vector<double>& list, bool packed, const Value& value) {
    if (!packed) {
      list.push_back(std::bit_cast<double>(value.number));
      return true;
    }
    for (std::string_view rest = value.bytes; !rest.empty();) {
      Value number;
      if (!fixed(rest, 8, number)) return false;
      list.push_back(std::bit_cast<double>(number.number));
    }
    return true;
  }

  bool nested(const FieldInfo& field) {
    if (error) error->field = std::string(field.name) + (error->field.empty() ? "" : ".") + error->field;
    return false;
  }

  [[gnu::cold]] bool fail(const char* at, std::string reason) {
    error = {std::string(message_.name()), "", -1, static_cast<std::int64_t>(body_at_) + (at - begin_), std::move(reason)};
    return false;
  }

  Message& message_;
  const char* begin_;
  std::size_t body_at_;
};

// ---- encode ----

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
      case Kind::StructList: return write_structs(info.fields[field.index], object);
      case Kind::StringList:
        for (const std::string& text : member<std::vector<std::string>>(field, object)) bytes(number, text);
        return true;
      case Kind::Int32List: return write_integers(number, member<std::vector<std::int32_t>>(field, object));
      case Kind::DoubleList: return write_doubles(number, member<std::vector<double>>(field, object));
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

Expected<void, DecodeError> decode_protobuf(Message& message, std::string_view body, std::size_t body_at) {
  Reader reader(message, body, body_at);
  if (!reader.read_struct(*message.type().body, message.body(), body)) return Unexpected(*std::move(reader.error));
  return {};
}

Expected<void, DecodeError> encode_protobuf(const Message& message, std::string& out) {
  Writer writer(message, out);
  if (!writer.write()) return Unexpected(*std::move(writer.error));
  return {};
}

}  // namespace ibkr::protocol
