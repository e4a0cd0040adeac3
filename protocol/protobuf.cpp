#include "protocol/protobuf.h"

#include <bit>
#include <cstring>
#include <limits>

#include "protocol/decimal.h"
#include "protocol/scalar.h"

namespace ibkr::protocol {
namespace {

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

WireType wire_type(const FieldInfo& field) {
  switch (field.proto) {
    case ProtoType::Varint: return kVarint;
    case ProtoType::Double: return kFixed64;
    case ProtoType::String: case ProtoType::Message: case ProtoType::None: break;
  }
  return kBytes;
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
      const FieldInfo* field = number < info.by_number.size() && info.by_number[number] != 0xFFFF
                                   ? &info.fields[info.by_number[number]] : nullptr;
      Value value;
      if (!take(bytes, static_cast<std::uint32_t>(key & 7), value, start)) return false;
      if (field == nullptr || !store(*field, object, static_cast<std::uint32_t>(key & 7), value)) {
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

  bool varint(std::string_view& bytes, std::uint64_t& value) {
    if (!bytes.empty() && static_cast<unsigned char>(bytes[0]) < 0x80) {  // most keys, lengths and flags
      value = static_cast<unsigned char>(bytes[0]);
      bytes.remove_prefix(1);
      return true;
    }
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

  bool take(std::string_view& bytes, std::uint32_t type, Value& value, const char* start) {
    switch (type) {
      case kVarint: return varint(bytes, value.number);
      case kFixed64: return fixed(bytes, 8, value);
      case kFixed32: return fixed(bytes, 4, value);
      case kBytes: {
        std::uint64_t length = 0;
        if (!varint(bytes, length)) return false;
        if (length > bytes.size()) {
          return fail(start, "a length of " + std::to_string(length) + ", but only " +
                                          std::to_string(bytes.size()) + " bytes follow");
        }
        value.bytes = bytes.substr(0, length);
        bytes.remove_prefix(length);
        return true;
      }
      default: return fail(start, "wire type " + std::to_string(type) + " is not used in this protocol");
    }
  }

  bool fixed(std::string_view& bytes, std::size_t size, Value& value) {
    if (bytes.size() < size) return fail(bytes.data(), "the payload ends inside a number");
    std::memcpy(&value.number, bytes.data(), size);
    if constexpr (std::endian::native == std::endian::big) value.number = __builtin_bswap64(value.number);
    bytes.remove_prefix(size);
    return true;
  }

  /// False when the wire type is not the field's (then it is kept as unknown), or after fail().
  bool store(const FieldInfo& field, void* object, std::uint32_t type, const Value& value) {
    const bool packed = type == kBytes && (field.kind == Kind::Int32List || field.kind == Kind::DoubleList);
    if (!packed && type != wire_type(field)) return false;
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
        void* inner = field.type->ops->engage(static_cast<char*>(object) + field.offset);
        return read_struct(*field.type, inner, value.bytes) || nested(field);
      }
      case Kind::StructList: {
        void* inner = field.type->ops->append(static_cast<char*>(object) + field.offset);
        return read_struct(*field.type, inner, value.bytes) || nested(field);
      }
      case Kind::StringList: member<std::vector<std::string>>(field, object).emplace_back(value.bytes); return true;
      case Kind::Int32List: return store_integers(member<std::vector<std::int32_t>>(field, object), packed, value);
      case Kind::DoubleList: return store_doubles(member<std::vector<double>>(field, object), packed, value);
    }
    return false;
  }

  bool store_decimal(const FieldInfo& field, void* object, std::string_view text) {
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

  static bool store_text(const FieldInfo& field, void* object, const Value& value) {
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

  bool fail(const char* at, std::string reason) {
    error = {std::string(message_.name()), "", -1, static_cast<std::int64_t>(body_at_) + (at - begin_), std::move(reason)};
    return false;
  }

  Message& message_;
  const char* begin_;
  std::size_t body_at_;
};

// ---- encode ----

class Writer {
 public:
  Writer(const Message& message, std::string& out) : message_(message), out_(out) {}

  bool write_struct(const StructInfo& info, const void* object) {
    for (const std::uint16_t index : info.by_number) {
      if (index != 0xFFFF && !write_field(info.fields[index], object)) return false;
    }
    out_ += *reinterpret_cast<const std::string*>(static_cast<const char*>(object) + info.unknown_offset);
    return true;
  }

  DecodeError error;

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }
  void key(const FieldInfo& field, WireType type) { varint(static_cast<std::uint64_t>(field.number) << 3 | type); }
  void fixed64(double value) {
    auto bits = std::bit_cast<std::uint64_t>(value);
    if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
    char bytes[8];
    std::memcpy(bytes, &bits, 8);
    out_.append(bytes, 8);
  }
  void bytes(const FieldInfo& field, std::string_view text) {
    key(field, kBytes);
    varint(text.size());
    out_ += text;
  }
  /// int32 is sign-extended: -1 takes ten bytes.
  void number(const FieldInfo& field, std::int64_t value) {
    key(field, kVarint);
    varint(static_cast<std::uint64_t>(value));
  }

  /// Writes a length in front of what was appended since `start`.
  void close(std::size_t start) {
    const std::size_t length = out_.size() - start;
    char prefix[10];
    std::size_t used = 0;
    for (std::size_t rest = length;; rest >>= 7) {
      prefix[used++] = static_cast<char>(rest >= 0x80 ? rest | 0x80 : rest);
      if (rest < 0x80) break;
    }
    out_.insert(start, prefix, used);
  }

  bool write_field(const FieldInfo& field, const void* object) {
    switch (field.kind) {
      case Kind::Int32:
        if (const auto& value = member<std::optional<std::int32_t>>(field, object)) number(field, *value);
        return true;
      case Kind::Int64:
        if (const auto& value = member<std::optional<std::int64_t>>(field, object)) number(field, *value);
        return true;
      case Kind::Bool:
        if (const auto& value = member<std::optional<bool>>(field, object)) number(field, *value ? 1 : 0);
        return true;
      case Kind::Double:
        if (const auto& value = member<std::optional<double>>(field, object)) {
          key(field, kFixed64);
          fixed64(*value);
        }
        return true;
      case Kind::Decimal:
        if (const auto& value = member<std::optional<Decimal>>(field, object)) bytes(field, value->to_string());
        return true;
      case Kind::String: return write_text(field, member<std::optional<std::string>>(field, object));
      case Kind::Struct: {
        const void* inner = field.type->ops->engaged(static_cast<const char*>(object) + field.offset);
        return inner == nullptr || write_nested(field, inner);
      }
      case Kind::StructList: {
        const void* list = static_cast<const char*>(object) + field.offset;
        for (std::size_t i = 0; i < field.type->ops->size(list); ++i) {
          if (!write_nested(field, field.type->ops->at(list, i))) return false;
        }
        return true;
      }
      case Kind::StringList:
        for (const std::string& text : member<std::vector<std::string>>(field, object)) bytes(field, text);
        return true;
      case Kind::Int32List: {
        const auto& list = member<std::vector<std::int32_t>>(field, object);
        if (list.empty()) return true;
        key(field, kBytes);
        const std::size_t start = out_.size();
        for (const std::int32_t value : list) varint(static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
        close(start);
        return true;
      }
      case Kind::DoubleList: {
        const auto& list = member<std::vector<double>>(field, object);
        if (list.empty()) return true;
        key(field, kBytes);
        varint(list.size() * 8);
        for (const double value : list) fixed64(value);
        return true;
      }
    }
    return true;
  }

  bool write_nested(const FieldInfo& field, const void* inner) {
    key(field, kBytes);
    const std::size_t start = out_.size();
    if (!write_struct(*field.type, inner)) {
      error.field = std::string(field.name) + "." + error.field;
      return false;
    }
    close(start);
    return true;
  }

  bool write_text(const FieldInfo& field, const std::optional<std::string>& text) {
    if (!text) {
      if (field.always) bytes(field, "");
      return true;
    }
    if (field.proto != ProtoType::Double) {
      bytes(field, *text);
      return true;
    }
    double value = 0;
    if (read_double(*text, value) == Reading::Bad) {
      error = {std::string(message_.name()), std::string(field.name), -1, -1,
               "protobuf carries a number here, not \"" + *text + '"'};
      return false;
    }
    key(field, kFixed64);
    fixed64(value);
    return true;
  }

  const Message& message_;
  std::string& out_;
};

}  // namespace

Expected<void, DecodeError> decode_protobuf(Message& message, std::string_view body, std::size_t body_at) {
  Reader reader(message, body, body_at);
  if (!reader.read_struct(*message.type().body, message.body(), body)) return Unexpected(*std::move(reader.error));
  return {};
}

Expected<void, DecodeError> encode_protobuf(const Message& message, std::string& out) {
  Writer writer(message, out);
  const std::size_t start = out.size();
  if (!writer.write_struct(*message.type().body, message.body())) {
    out.resize(start);
    return Unexpected(std::move(writer.error));
  }
  return {};
}

}  // namespace ibkr::protocol
