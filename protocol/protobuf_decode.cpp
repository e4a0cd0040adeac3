// The protobuf decoder: takes one field of the body after another and stores it where the table says.
#include <bit>
#include <cstring>

#include "protocol/decimal.h"
#include "protocol/protobuf.h"
#include "protocol/protobuf_wire.h"
#include "protocol/scalar.h"

namespace ibkr::protocol {
namespace {

WireType wire_type(ProtoType proto) {
  switch (proto) {
    case ProtoType::Varint:
      return kVarint;
    case ProtoType::Double:
      return kFixed64;
    case ProtoType::String:
    case ProtoType::Message:
    case ProtoType::None:
      break;
  }
  return kBytes;
}

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
      const ProtoField* field = number < info.by_number.size() ? &info.by_number[number] : nullptr;
      const bool usual = field != nullptr && field->proto != ProtoType::None && type == wire_type(field->proto);
      if (!(usual ? read_field(info, *field, object, bytes, start)
                  : read_otherwise(field, object, type, bytes, start))) {
        if (error) return false;
        auto& unknown = *reinterpret_cast<std::string*>(static_cast<char*>(object) + info.unknown_offset);
        unknown.append(start, static_cast<std::size_t>(bytes.data() - start));
      }
    }
    return true;
  }

  std::optional<DecodeError> error;  // after read_struct() has returned false

 private:
  // Inlined, as are text(), fixed() and read_field(): they are all that a field costs.
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
    return fail(bytes.data(),
                bytes.size() < 10 ? "the payload ends inside a number" : "a number of more than 10 bytes");
  }

  [[gnu::always_inline]] bool text(std::string_view& bytes, std::string_view& value, const char* start) {
    std::uint64_t length = 0;
    if (!varint(bytes, length)) return false;
    if (length > bytes.size()) return too_long(start, length, bytes.size());
    value = bytes.substr(0, length);
    bytes.remove_prefix(length);
    return true;
  }

  [[gnu::cold]] bool too_long(const char* at, std::uint64_t length, std::size_t left) {
    return fail(at, "a length of " + std::to_string(length) + ", but only " + std::to_string(left) + " bytes follow");
  }
  [[gnu::cold]] bool not_a_type(const char* at, std::uint32_t type) {
    return fail(at, "wire type " + std::to_string(type) + " is not used in this protocol");
  }

  [[gnu::always_inline]] bool fixed(std::string_view& bytes, double& value) {
    std::uint64_t bits = 0;
    if (bytes.size() < sizeof bits) return fail(bytes.data(), "the payload ends inside a number");
    std::memcpy(&bits, bytes.data(), sizeof bits);
    if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
    value = std::bit_cast<double>(bits);
    bytes.remove_prefix(sizeof bits);
    return true;
  }

  /// A field of its own wire type. False when its value is kept as unknown, or after fail().
  [[gnu::always_inline]] bool read_field(const StructInfo& info, const ProtoField& field, void* object,
                                         std::string_view& bytes, const char* start) {
    std::uint64_t number = 0;
    double real = 0;
    std::string_view view;
    switch (field.kind) {
      case Kind::Int32:
        if (!varint(bytes, number)) return false;
        member<std::optional<std::int32_t>>(field, object) = static_cast<std::int32_t>(number);
        return true;
      case Kind::Int64:
        if (!varint(bytes, number)) return false;
        member<std::optional<std::int64_t>>(field, object) = static_cast<std::int64_t>(number);
        return true;
      case Kind::Bool:
        if (!varint(bytes, number)) return false;
        member<std::optional<bool>>(field, object) = number != 0;
        return true;
      case Kind::Double:
        if (!fixed(bytes, real)) return false;
        member<std::optional<double>>(field, object) = real;
        return true;
      case Kind::Decimal:
        return text(bytes, view, start) && store_decimal(field, object, view);
      case Kind::String:
        if (field.proto == ProtoType::Double) return fixed(bytes, real) && store_number(field, object, real);
        if (!text(bytes, view, start)) return false;
        member<std::optional<std::string>>(field, object).emplace(view);
        return true;
      case Kind::Struct: {
        if (!text(bytes, view, start)) return false;
        const FieldInfo& part = info.fields[field.index];
        void* inner = part.type->ops->engage(static_cast<char*>(object) + field.offset);
        return read_struct(*part.type, inner, view) || nested(part);
      }
      case Kind::StructList: {
        if (!text(bytes, view, start)) return false;
        const FieldInfo& list = info.fields[field.index];
        void* elements = static_cast<char*>(object) + field.offset;
        if (list.type->ops->size(elements) >= kMaxElements) {
          return fail(start, "more than " + std::to_string(kMaxElements) + " elements") || nested(list);
        }
        void* inner = list.type->ops->append(elements);
        return read_struct(*list.type, inner, view) || nested(list);
      }
      case Kind::StringList:
        if (!text(bytes, view, start)) return false;
        member<std::vector<std::string>>(field, object).emplace_back(view);
        return true;
      case Kind::Int32List:
        if (!varint(bytes, number)) return false;
        member<std::vector<std::int32_t>>(field, object).push_back(static_cast<std::int32_t>(number));
        return true;
      case Kind::DoubleList:
        if (!fixed(bytes, real)) return false;
        member<std::vector<double>>(field, object).push_back(real);
        return true;
    }
    return false;
  }

  /// A packed list, or what the description does not know. `field` may be null. False as read_field() says.
  [[gnu::noinline]] bool read_otherwise(const ProtoField* field, void* object, std::uint32_t type,
                                        std::string_view& bytes, const char* start) {
    std::uint64_t number = 0;
    double real = 0;
    std::string_view view;
    switch (type) {
      case kVarint:
        return varint(bytes, number) && false;
      case kFixed64:
        return fixed(bytes, real) && false;
      case kFixed32:
        if (bytes.size() < 4) return fail(bytes.data(), "the payload ends inside a number");
        bytes.remove_prefix(4);
        return false;
      case kBytes:
        if (!text(bytes, view, start) || field == nullptr || field->proto == ProtoType::None) return false;
        if (field->kind == Kind::Int32List)
          return store_integers(member<std::vector<std::int32_t>>(*field, object), view);
        return field->kind == Kind::DoubleList && store_doubles(member<std::vector<double>>(*field, object), view);
      default:
        return not_a_type(start, type);
    }
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

  /// A number on this wire, a text on the other: 100.0 is "100".
  static bool store_number(const ProtoField& field, void* object, double value) {
    std::string number;
    append_double(number, value);
    if (number.ends_with(".0")) number.resize(number.size() - 2);
    member<std::optional<std::string>>(field, object) = std::move(number);
    return true;
  }

  bool store_integers(std::vector<std::int32_t>& list, std::string_view packed) {
    while (!packed.empty()) {
      std::uint64_t number = 0;
      if (!varint(packed, number)) return false;
      list.push_back(static_cast<std::int32_t>(number));
    }
    return true;
  }

  bool store_doubles(std::vector<double>& list, std::string_view packed) {
    while (!packed.empty()) {
      double number = 0;
      if (!fixed(packed, number)) return false;
      list.push_back(number);
    }
    return true;
  }

  bool nested(const FieldInfo& field) {
    if (error) error->field = std::string(field.name) + (error->field.empty() ? "" : ".") + error->field;
    return false;
  }

  [[gnu::cold]] bool fail(const char* at, std::string reason) {
    error = {std::string(message_.name()), "", -1, static_cast<std::int64_t>(body_at_) + (at - begin_),
             std::move(reason)};
    return false;
  }

  Message& message_;
  const char* begin_;
  std::size_t body_at_;
};

}  // namespace

Expected<void, DecodeError> decode_protobuf(Message& message, std::string_view body, std::size_t body_at) {
  Reader reader(message, body, body_at);
  if (!reader.read_struct(*message.type().body, message.body(), body)) return Unexpected(*std::move(reader.error));
  return {};
}

}  // namespace ibkr::protocol
