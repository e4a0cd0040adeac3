// The protobuf encoder: walks a struct's table in order of the numbers and writes what is set.
#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/decimal.h"
#include "protocol/numbers.h"
#include "protocol/protobuf.h"
#include "protocol/protobuf_wire.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

constexpr std::size_t kMaxVarint = 10;
constexpr std::size_t kMaxKey = 2;  // the number of a field is below 2048

[[gnu::always_inline]] inline char* write_varint(char* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at = static_cast<char>(value);
  return at + 1;
}

[[gnu::always_inline]] inline char* write_fixed64(char* at, double value) {
  auto bits = std::bit_cast<std::uint64_t>(value);
  if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
  std::memcpy(at, &bits, sizeof bits);
  return at + sizeof bits;
}

// Every function that writes takes where to write and returns where it ended, or null after a failure, which the
// outcome tells.
class ProtobufEncoder {
 public:
  ProtobufEncoder(const Message& message, Output& out)
      : message_(message), out_(out), marks_(kept_of_protobuf(message.residue.verbatim)) {}

  Expected<void, EncodeError> write() {
    if (char* const end = write_struct(*message_.type().body, message_.body(), out_.at())) out_.wrote_to(end);
    return std::move(outcome_);
  }

 private:
  /// The bits of the fields that protobuf has come first, in order of its numbers; no bit stands for none.
  char* write_struct(const StructInfo& info, const void* object, char* at) {
    const ProtoField* const fields = info.proto.data();
    const std::size_t count = info.proto.size();
    if (!marks_.empty()) [[unlikely]]
      return write_marked_struct(info, object, at);
    for (std::size_t base = 0; base < count; base += 64) {
      std::uint64_t bits = presence(object)[base / 64] | info.asked[base / 64];
      if (count - base < 64) bits &= (std::uint64_t{1} << (count - base)) - 1;
      for (; bits != 0; bits &= bits - 1) {
        const std::size_t bit = base + static_cast<std::size_t>(std::countr_zero(bits));
        at = write_field(info, fields[bit], bit, object, at);
        if (at == nullptr) return nullptr;
      }
    }
    return write_unknown(info, object, at);
  }

  [[gnu::always_inline]] char* write_unknown(const StructInfo& info, const void* object, char* at) {
    const std::string& unknown = unknown_fields(info, object);
    if (unknown.empty()) [[likely]]
      return at;
    return std::ranges::copy(unknown, out_.need(at, unknown.size())).out;
  }

  /// The same for a payload that had marks for unset: they stand where they stood while their fields are unset.
  [[gnu::noinline]] char* write_marked_struct(const StructInfo& info, const void* object, char* at) {
    const std::uint32_t part = parts_++;
    auto mark = std::ranges::lower_bound(marks_, part, {}, &Verbatim::index);
    for (std::size_t bit = 0; bit < info.proto.size(); ++bit) {
      const ProtoField& field = info.proto[bit];
      const bool marked = mark != marks_.end() && mark->index == part && mark->number == bit + 1;
      const std::uint64_t word = presence(object)[bit / 64], asked = info.asked[bit / 64];
      const bool set = (word >> bit % 64 & 1) != 0;
      if (set || (!marked && (asked >> bit % 64 & 1) != 0)) {
        at = write_field(info, field, bit, object, at);
        if (at == nullptr) return nullptr;
      } else if (marked) {
        at = write_mark(field, mark->text, at);
      }
      if (marked) ++mark;
    }
    return write_unknown(info, object, at);
  }

  char* write_mark(const ProtoField& field, const std::string& text, char* at) {
    std::int64_t number = 0;
    double value = 0;
    switch (field.proto) {
      case ProtoType::Varint:
        (void)read_int64(text, number);
        return write_varint(write_key(field, need(at, kMaxVarint)), static_cast<std::uint64_t>(number));
      case ProtoType::Double:
        (void)read_double(text, value);
        return write_fixed64(write_key(field, need(at, 8)), value);
      case ProtoType::String:
        return write_bytes(field, text, at);
      case ProtoType::Message:
      case ProtoType::None:
        break;
    }
    return at;
  }

  /// What is kept of a protobuf payload; none where the message came from text.
  static std::span<const Verbatim> kept_of_protobuf(std::span<const Verbatim> verbatim) {
    return verbatim.empty() || verbatim.front().number == 0 ? std::span<const Verbatim>() : verbatim;
  }

  /// Room for a field's key and `bytes` more.
  [[gnu::always_inline]] char* need(char* at, std::size_t bytes) { return out_.need(at, kMaxKey + bytes); }

  [[gnu::always_inline]] static char* write_key(const ProtoField& field, char* at) {
    if (field.key < 0x80) {
      *at = static_cast<char>(field.key);
      return at + 1;
    }
    at[0] = static_cast<char>(field.key | 0x80);
    at[1] = static_cast<char>(field.key >> 7);
    return at + 2;
  }
  [[gnu::always_inline]] char* write_bytes(const ProtoField& field, std::string_view text, char* at) {
    at = write_varint(write_key(field, need(at, kMaxVarint + text.size())), text.size());
    copy_bytes(at, text.data(), text.size());
    return at + text.size();
  }

  /// A field that is set, a list, or one that is always written. int32 is sign-extended: -1 takes ten bytes.
  [[gnu::always_inline]] char* write_field(const StructInfo& info, const ProtoField& field, std::size_t bit,
                                           const void* object, char* at) {
    switch (field.kind) {
      case Kind::Int32:
        at = write_key(field, need(at, kMaxVarint));
        return write_varint(at, static_cast<std::uint64_t>(std::int64_t{member<std::int32_t>(field, object)}));
      case Kind::Int64:
        at = write_key(field, need(at, kMaxVarint));
        return write_varint(at, static_cast<std::uint64_t>(member<std::int64_t>(field, object)));
      case Kind::Bool:
        at = write_key(field, need(at, 1));
        *at = static_cast<char>(member<bool>(field, object));
        return at + 1;
      case Kind::Double:
        return write_fixed64(write_key(field, need(at, 8)), member<double>(field, object));
      case Kind::Decimal:
        return write_decimal(field, member<Decimal>(field, object), at);
      case Kind::String: {
        const std::string& text = member<std::string>(field, object);
        if (field.proto == ProtoType::Double) return write_number(info, field, text, at);
        const bool set = (presence(object)[bit / 64] >> bit % 64 & 1) != 0;
        return write_bytes(field, set ? std::string_view(text) : std::string_view(), at);
      }
      case Kind::Struct:
        return write_nested(info, field, &member<char>(field, object), at);
      case Kind::StructList:
        return write_structs(info, field, object, at);
      case Kind::StringList:
        for (const std::string& text : member<std::vector<std::string>>(field, object))
          at = write_bytes(field, text, at);
        return at;
      case Kind::Int32List:
        return write_integers(field, member<std::vector<std::int32_t>>(field, object), at);
      case Kind::DoubleList:
        return write_doubles(field, member<std::vector<double>>(field, object), at);
    }
    return at;
  }

  char* write_decimal(const ProtoField& field, const Decimal& value, char* at) {
    if (const std::string_view kept = value.kept_text(); !kept.empty()) [[unlikely]]
      return write_bytes(field, kept, at);
    char* const length = write_key(field, need(at, 1 + Decimal::kMaxChars));
    char* const end = value.to_chars(length + 1);
    *length = static_cast<char>(end - length - 1);
    return end;
  }

  char* write_structs(const StructInfo& info, const ProtoField& field, const void* object, char* at) {
    const StructOps& ops = *info.fields[field.index].type->ops;
    const void* list = &member<char>(field, object);
    for (std::size_t i = 0, size = ops.size(list); at != nullptr && i < size; ++i)
      at = write_nested(info, field, ops.at(list, i), at);
    return at;
  }

  [[gnu::noinline]] char* write_nested(const StructInfo& info, const ProtoField& field, const void* inner, char* at) {
    at = write_key(field, need(at, 1));
    const std::size_t length = out_.offset(at);
    const FieldInfo& holder = info.fields[field.index];
    at = write_struct(*holder.type, inner, at + 1);
    if (at != nullptr) [[likely]]
      return write_length(length, at);
    std::string& path = outcome_.error().field;
    path = std::string(holder.name) + "." + path;
    return nullptr;
  }

  /// Writes how long what follows a byte is into that byte, and makes room there where a byte is not enough.
  char* write_length(std::size_t place, char* end) {
    end = out_.need(end, kMaxVarint);
    char* const at = out_.at(place);
    const auto length = static_cast<std::size_t>(end - at) - 1;
    if (length >= 0x80) {
      char scratch[kMaxVarint];
      std::memmove(at + (write_varint(scratch, length) - scratch), at + 1, length);
    }
    return write_varint(at, length) + length;
  }

  [[gnu::always_inline]] static char* write_packed_key(const ProtoField& field, char* at) {
    return write_varint(at, static_cast<std::uint64_t>(field.key >> 3) << 3 | kBytes);
  }

  char* write_integers(const ProtoField& field, const std::vector<std::int32_t>& list, char* at) {
    if (list.empty()) return at;
    at = write_packed_key(field, need(at, 1 + list.size() * kMaxVarint));
    const std::size_t length = out_.offset(at++);
    for (const std::int32_t value : list) at = write_varint(at, static_cast<std::uint64_t>(std::int64_t{value}));
    return write_length(length, at);
  }

  char* write_doubles(const ProtoField& field, const std::vector<double>& list, char* at) {
    if (list.empty()) return at;
    at = write_packed_key(field, need(at, kMaxVarint + list.size() * 8));
    at = write_varint(at, list.size() * 8);
    for (const double value : list) at = write_fixed64(at, value);
    return at;
  }

  /// A text that is a number on this wire.
  [[gnu::noinline]] char* write_number(const StructInfo& info, const ProtoField& field, const std::string& text,
                                       char* at) {
    double value = 0;
    if (read_double(text, value) == Reading::Bad) {
      outcome_ = Unexpected(EncodeError{std::string(message_.name()), std::string(info.fields[field.index].name),
                                        "protobuf carries a number here, not \"" + text + '"'});
      return nullptr;
    }
    return write_fixed64(write_key(field, need(at, 8)), value);
  }

  const Message& message_;
  Output& out_;
  Expected<void, EncodeError> outcome_;
  std::span<const Verbatim> marks_;
  std::uint32_t parts_ = 0;  // structs begun so far, while there are marks
};

}  // namespace

Expected<void, EncodeError> encode_protobuf(const Message& message, Output& out) {
  return ProtobufEncoder(message, out).write();
}

}  // namespace ibkr::protocol
