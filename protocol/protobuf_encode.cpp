// The protobuf encoder: walks a struct's table in order of the numbers and writes what is set.
#include <bit>
#include <cstring>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/decimal.h"
#include "protocol/protobuf.h"
#include "protocol/protobuf_wire.h"
#include "protocol/scalar.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

constexpr std::size_t kMaxVarint = 10;

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

class Writer {
 public:
  Writer(const Message& message, Output& out) : message_(message), out_(out) {}

  Expected<void, DecodeError> write() {
    (void)write_struct(*message_.type().body, message_.body());
    return std::move(outcome_);
  }

 private:
  /// False after a failure, which the outcome tells.
  /// The bits of the fields that protobuf has come first, in order of its numbers; no bit stands for none.
  bool write_struct(const StructInfo& info, const void* object) {
    const ProtoField* const fields = info.proto.data();
    const std::size_t count = info.proto.size();
    for (std::size_t base = 0; base < count; base += 64) {
      std::uint64_t bits = presence(object)[base / 64] | info.asked[base / 64];
      for (; bits != 0; bits &= bits - 1) {
        const std::size_t bit = base + static_cast<std::size_t>(std::countr_zero(bits));
        if (bit >= count) break;
        if (!write_field(info, fields[bit], object)) return false;
      }
    }
    const std::string& unknown = unknown_fields(info, object);
    out_.need(unknown.size());
    out_.bytes(unknown);
    return true;
  }

  /// Writes a key, with room for `bytes` after it, and returns where those go. The number of a field is below 2048.
  [[gnu::always_inline]] char* key(const ProtoField& field, std::size_t bytes) {
    out_.need(2 + bytes);
    char* at = out_.at();
    if (field.key < 0x80) {
      *at = static_cast<char>(field.key);
      return at + 1;
    }
    at[0] = static_cast<char>(field.key | 0x80);
    at[1] = static_cast<char>(field.key >> 7);
    return at + 2;
  }
  /// int32 is sign-extended: -1 takes ten bytes.
  [[gnu::always_inline]] void varint(const ProtoField& field, std::int64_t value) {
    out_.wrote_to(write_varint(key(field, kMaxVarint), static_cast<std::uint64_t>(value)));
  }
  [[gnu::always_inline]] void fixed64(const ProtoField& field, double value) {
    out_.wrote_to(write_fixed64(key(field, 8), value));
  }
  [[gnu::always_inline]] void bytes(const ProtoField& field, std::string_view text) {
    char* const at = write_varint(key(field, kMaxVarint + text.size()), text.size());
    copy_bytes(at, text.data(), text.size());
    out_.wrote_to(at + text.size());
  }

  /// A field that is set, a list, or one that is always written.
  [[gnu::always_inline]] bool write_field(const StructInfo& info, const ProtoField& field, const void* object) {
    switch (field.kind) {
      case Kind::Int32:
        varint(field, member<std::int32_t>(field, object));
        return true;
      case Kind::Int64:
        varint(field, member<std::int64_t>(field, object));
        return true;
      case Kind::Bool:
        varint(field, member<bool>(field, object) ? 1 : 0);
        return true;
      case Kind::Double:
        fixed64(field, member<double>(field, object));
        return true;
      case Kind::Decimal:
        write_decimal(field, member<Decimal>(field, object));
        return true;
      case Kind::String:
        return write_text(info, field, object);
      case Kind::Struct:
        return write_nested(info, field, &member<char>(field, object));
      case Kind::StructList:
        return write_structs(info, field, object);
      case Kind::StringList:
        for (const std::string& text : member<std::vector<std::string>>(field, object)) bytes(field, text);
        return true;
      case Kind::Int32List:
        write_integers(field, member<std::vector<std::int32_t>>(field, object));
        return true;
      case Kind::DoubleList:
        write_doubles(field, member<std::vector<double>>(field, object));
        return true;
    }
    return true;
  }

  [[gnu::always_inline]] bool write_text(const StructInfo& info, const ProtoField& field, const void* object) {
    if (field.proto == ProtoType::Double) return write_number(info, field, member<std::string>(field, object));
    bytes(field, is_set(field, object) ? std::string_view(member<std::string>(field, object)) : std::string_view());
    return true;
  }

  void write_decimal(const ProtoField& field, const Decimal& value) {
    char* const length = key(field, 1 + Decimal::kMaxChars);
    char* const end = value.to_chars(length + 1);
    *length = static_cast<char>(end - length - 1);
    out_.wrote_to(end);
  }

  bool write_structs(const StructInfo& info, const ProtoField& field, const void* object) {
    const StructOps& ops = *info.fields[field.index].type->ops;
    const void* list = &member<char>(field, object);
    for (std::size_t i = 0, size = ops.size(list); i < size; ++i) {
      if (!write_nested(info, field, ops.at(list, i))) return false;
    }
    return true;
  }

  bool write_nested(const StructInfo& info, const ProtoField& field, const void* inner) {
    out_.wrote_to(key(field, 1));
    const std::size_t opened = open();
    const FieldInfo& holder = info.fields[field.index];
    if (!write_struct(*holder.type, inner)) {
      std::string& path = outcome_.error().field;
      path = std::string(holder.name) + "." + path;
      return false;
    }
    close(opened);
    return true;
  }

  /// Leaves a byte, for which there is room, for the length of what follows; close() writes it, and widens it.
  std::size_t open() {
    out_.wrote_to(out_.at() + 1);
    return out_.size() - 1;
  }
  void close(std::size_t opened) {
    out_.need(kMaxVarint);
    char* const prefix = out_.at() - (out_.size() - opened);
    const std::size_t length = out_.size() - opened - 1;
    if (length >= 0x80) {
      char scratch[kMaxVarint];
      std::memmove(prefix + (write_varint(scratch, length) - scratch), prefix + 1, length);
    }
    out_.wrote_to(write_varint(prefix, length) + length);
  }

  char* packed_key(const ProtoField& field, std::size_t bytes) {
    out_.need(kMaxVarint + bytes);
    return write_varint(out_.at(), static_cast<std::uint64_t>(field.key >> 3) << 3 | kBytes);
  }

  void write_integers(const ProtoField& field, const std::vector<std::int32_t>& list) {
    if (list.empty()) return;
    out_.wrote_to(packed_key(field, 1 + list.size() * kMaxVarint));
    const std::size_t opened = open();
    char* at = out_.at();
    for (const std::int32_t value : list)
      at = write_varint(at, static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
    out_.wrote_to(at);
    close(opened);
  }

  void write_doubles(const ProtoField& field, const std::vector<double>& list) {
    if (list.empty()) return;
    char* at = write_varint(packed_key(field, kMaxVarint + list.size() * 8), list.size() * 8);
    for (const double value : list) at = write_fixed64(at, value);
    out_.wrote_to(at);
  }

  /// A text that is a number on this wire.
  bool write_number(const StructInfo& info, const ProtoField& field, const std::string& text) {
    double value = 0;
    if (read_double(text, value) == Reading::Bad) {
      outcome_ = Unexpected(DecodeError{std::string(message_.name()), std::string(info.fields[field.index].name), -1,
                                        -1, "protobuf carries a number here, not \"" + text + '"'});
      return false;
    }
    fixed64(field, value);
    return true;
  }

  const Message& message_;
  Output& out_;
  Expected<void, DecodeError> outcome_;
};

}  // namespace

Expected<void, DecodeError> encode_protobuf(const Message& message, Output& out) {
  return Writer(message, out).write();
}

}  // namespace ibkr::protocol
