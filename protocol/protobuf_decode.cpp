// The protobuf decoder: takes one field of the body after another and stores it where the table says.
//
// It is one class with internal linkage: with the values' reading in a class of another file, which other files could
// use, the compiler inlined less, and a tick took twice as long.
#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/decimal.h"
#include "protocol/decode_observer.h"
#include "protocol/numbers.h"
#include "protocol/protobuf.h"
#include "protocol/protobuf_wire.h"
#include "protocol/storage.h"
#include "protocol/unset.h"

namespace ibkr::protocol {
namespace {

/// Marks fields of a struct as set. Senders write them in order, so that a word of bits is gathered in a register.
class Marks {
 public:
  explicit Marks(void* object) : words_(presence(object)) {}
  Marks(const Marks&) = delete;
  Marks& operator=(const Marks&) = delete;
  ~Marks() { words_[word_] |= bits_; }

  /// Writes what was gathered, for whoever looks at the struct before the end.
  void flush() const { words_[word_] |= bits_; }

  void add(std::size_t bit) {
    if (bit / 64 != word_) [[unlikely]] {
      words_[word_] |= bits_;
      bits_ = 0;
      word_ = bit / 64;
    }
    bits_ |= std::uint64_t{1} << bit % 64;
  }
  void remove(std::size_t bit) {
    words_[bit / 64] &= ~(std::uint64_t{1} << bit % 64);
    if (bit / 64 == word_) bits_ &= ~(std::uint64_t{1} << bit % 64);
  }

 private:
  std::uint64_t* words_;
  std::size_t word_ = 0;
  std::uint64_t bits_ = 0;
};

// Every function that reads takes where to read from and returns where it ended, or null: then the outcome says why,
// or, when it does not, the value is a mark for unset or too large for its type. Watched: every piece is reported to an
// observer.
template <bool Watched>
class ProtobufDecoder : Watch<Watched> {
 public:
  ProtobufDecoder(Message& message, std::string_view body, std::size_t body_at, Expected<void, DecodeError>& outcome,
                  DecodeObserver* observer = nullptr)
      : Watch<Watched>(observer, body.data(), body_at),
        message_(message),
        begin_(body.data()),
        body_at_(body_at),
        outcome_(outcome) {}

  bool read_struct(const StructInfo& info, void* object, const char* at, const char* const end) {
    const ProtoField* const fields = info.proto.data();
    const std::size_t count = info.proto.size();
    Marks marks(object);
    const std::uint32_t part = parts_++;
    while (at != end) {
      const char* const start = at;
      std::uint64_t key = static_cast<unsigned char>(*at++);
      if (key >= 0x80) {
        if (at != end && static_cast<unsigned char>(*at) < 0x80) [[likely]] {
          key = (key & 0x7F) | static_cast<std::uint64_t>(static_cast<unsigned char>(*at++)) << 7;
        } else {
          std::uint64_t longer = 0;  // its address is taken, which would keep `key` out of registers
          at = long_varint(start, end, longer);
          if (at == nullptr) return false;
          key = longer;
        }
      }
      const std::uint64_t bit = (key >> 3) - 1;
      if (bit < count && fields[bit].key == key) [[likely]] {
        const char* const next = read_field(info, fields[bit], bit, marks, object, at, end);
        if (next != nullptr) [[likely]] {
          at = next;
          if constexpr (Watched) {
            marks.flush();
            report(&info.fields[fields[bit].index], object, at);
          }
          continue;
        }
        if (!outcome_) return false;
        const char* const value = at;
        at = skip(static_cast<std::uint32_t>(key & 7), at, end);
        if (is_too_large(fields[bit], value, end)) {
          unknown_fields(info, object).append(start, at);
        } else {
          marks.remove(bit);
          keep_mark(part, fields[bit], value, end);
        }
        if constexpr (Watched) {
          marks.flush();
          report(&info.fields[fields[bit].index], object, at);
        }
        continue;
      } else if (bit < count && (key & 7) == kBytes) {
        const char* const next = read_packed(fields[bit], object, at, end);
        if (next != nullptr) {
          at = next;
          if constexpr (Watched) report(&info.fields[fields[bit].index], object, at);
          continue;
        }
      }
      if (outcome_) at = skip(static_cast<std::uint32_t>(key & 7), at, end);
      if (!outcome_) return false;
      unknown_fields(info, object).append(start, at);
      if constexpr (Watched) report(nullptr, object, at);
    }
    return true;
  }

 private:
  // Inlined, as are text(), fixed() and read_field(): they are all that a field costs.
  [[gnu::always_inline]] const char* varint(const char* at, const char* end, std::uint64_t& value) {
    if (at != end && static_cast<unsigned char>(*at) < 0x80) [[likely]] {  // most keys, lengths and flags
      value = static_cast<unsigned char>(*at);
      return at + 1;
    }
    return long_varint(at, end, value);
  }

  [[gnu::noinline]] const char* long_varint(const char* at, const char* end, std::uint64_t& value) {
    constexpr std::ptrdiff_t kLongest = 10;
    const char* const start = at;
    const char* const limit = end - at > kLongest ? at + kLongest : end;
    value = 0;
    for (unsigned shift = 0; at != limit; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at++);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return at;
    }
    return fail(start, end - start < kLongest ? "the payload ends inside a number" : "a number of more than 10 bytes");
  }

  [[gnu::always_inline]] const char* text(const char* at, const char* end, std::string_view& value) {
    std::uint64_t length = 0;
    const char* const first = varint(at, end, length);
    if (first == nullptr) return nullptr;
    if (length > static_cast<std::size_t>(end - first)) return too_long(at, length, end - first);
    value = std::string_view(first, length);
    return first + length;
  }

  [[gnu::cold]] const char* too_long(const char* at, std::uint64_t length, std::ptrdiff_t left) {
    return fail(at, "a length of " + std::to_string(length) + ", but only " + std::to_string(left) + " bytes follow");
  }
  [[gnu::cold]] const char* too_many(const char* at) {
    return fail(at, "more than " + std::to_string(kMaxElements) + " elements");
  }
  [[gnu::cold]] const char* not_a_type(const char* at, std::uint32_t type) {
    return fail(at, "wire type " + std::to_string(type) + " is not used in this protocol");
  }

  [[gnu::always_inline]] const char* fixed(const char* at, const char* end, std::uint64_t& bits) {
    if (end - at < static_cast<std::ptrdiff_t>(sizeof bits)) return cut_number(at);
    std::memcpy(&bits, at, sizeof bits);
    if constexpr (std::endian::native == std::endian::big) bits = __builtin_bswap64(bits);
    return at + sizeof bits;
  }
  const char* fixed(const char* at, const char* end, double& value) {
    std::uint64_t bits = 0;
    at = fixed(at, end, bits);
    value = std::bit_cast<double>(bits);
    return at;
  }
  /// Null for a mark, too.
  [[gnu::always_inline]] const char* read_double(const char* at, const char* end, double& value) {
    std::uint64_t bits = 0;
    at = fixed(at, end, bits);
    constexpr auto kLeast = std::bit_cast<std::uint64_t>(kLeastUnsetDouble);
    constexpr auto kMost = std::bit_cast<std::uint64_t>(kUnsetDouble);  // doubles above 0 are in order of their bits
    if (at == nullptr || bits - kLeast <= kMost - kLeast) [[unlikely]]
      return nullptr;
    value = std::bit_cast<double>(bits);
    return at;
  }
  [[gnu::cold]] const char* cut_number(const char* at) { return fail(at, "the payload ends inside a number"); }

  /// A field of its own wire type. Its bit is set when it is read.
  [[gnu::always_inline]] const char* read_field(const StructInfo& info, const ProtoField& field, std::size_t bit,
                                                Marks& marks, void* object, const char* at, const char* end) {
    std::uint64_t number;
    std::string_view view;
    switch (field.kind) {
      case Kind::Int32:
        at = varint(at, end, number);
        if (at == nullptr || (is_odd_int32(number) && (number != kUnsetInt32 || is_mark(info, field)))) [[unlikely]]
          return nullptr;
        member<std::int32_t>(field, object) = static_cast<std::int32_t>(number);
        break;
      case Kind::Int64:
        at = varint(at, end, number);
        if (at == nullptr || (static_cast<std::int64_t>(number) == kUnsetInt64 && is_mark(info, field))) [[unlikely]]
          return nullptr;
        member<std::int64_t>(field, object) = static_cast<std::int64_t>(number);
        break;
      case Kind::Bool:
        at = varint(at, end, number);
        member<bool>(field, object) = number != 0;
        break;
      case Kind::Double:
        at = read_double(at, end, member<double>(field, object));
        if (at == nullptr) return nullptr;
        break;
      case Kind::Decimal:
        at = text(at, end, view);
        if (at == nullptr || !read_decimal(info, field, view, member<Decimal>(field, object))) return nullptr;
        break;
      case Kind::String:
        if (field.proto == ProtoType::Double) {
          at = read_number(at, end, member<std::string>(field, object));
          if (at == nullptr) return nullptr;
        } else {
          at = text(at, end, view);
          if (at) assign(member<std::string>(field, object), view);
        }
        break;
      case Kind::Struct:
      case Kind::StructList:
        return read_nested(info.fields[field.index], object, at, end);
      case Kind::StringList:
      case Kind::Int32List:
      case Kind::DoubleList:
        return read_element(field, object, at, end);
    }
    if (at) [[likely]]
      marks.add(bit);
    return at;
  }

  [[gnu::noinline]] const char* read_nested(const FieldInfo& holder, void* object, const char* at, const char* end) {
    std::string_view bytes;
    const char* const next = text(at, end, bytes);
    if (next == nullptr) return nullptr;
    void* inner = nullptr;
    if (holder.kind == Kind::Struct) {
      inner = make_part(holder, object);
    } else {
      void* const elements = &member<char>(holder, object);
      if (holder.type->ops->size(elements) < kMaxElements) inner = holder.type->ops->append(elements);
    }
    if (inner == nullptr) {
      (void)too_many(at);
    } else {
      if constexpr (Watched) enter(holder, object, bytes.data());
      const bool good = read_struct(*holder.type, inner, bytes.data(), bytes.data() + bytes.size());
      if constexpr (Watched) leave();
      if (good) return next;
    }
    std::string& path = outcome_.error().field;
    path = std::string(holder.name) + (path.empty() ? "" : ".") + path;
    return nullptr;
  }

  [[gnu::noinline]] const char* read_element(const ProtoField& field, void* object, const char* at, const char* end) {
    if (field.kind == Kind::StringList) {
      auto& texts = member<std::vector<std::string>>(field, object);
      if (texts.size() == kMaxElements) return too_many(at);
      std::string_view view;
      at = text(at, end, view);
      if (at) texts.emplace_back(view);
    } else if (field.kind == Kind::Int32List) {
      std::uint64_t number;
      at = varint(at, end, number);
      if (at == nullptr || (is_odd_int32(number) && number != kUnsetInt32)) return nullptr;
      member<std::vector<std::int32_t>>(field, object).push_back(static_cast<std::int32_t>(number));
    } else {
      double real = 0;
      at = fixed(at, end, real);
      if (at) member<std::vector<double>>(field, object).push_back(real);
    }
    return at;
  }

  /// A number on this wire, a text on the other: 100.0 is "100".
  [[gnu::noinline]] const char* read_number(const char* at, const char* end, std::string& number) {
    double value = 0;
    at = fixed(at, end, value);
    if (at == nullptr || means_unset(value)) return nullptr;
    number.clear();
    append_double(number, value);
    if (number.ends_with(".0")) number.resize(number.size() - 2);
    return at;
  }

  /// A list of numbers in one piece; null for any other field, and where a number is too large.
  [[gnu::noinline]] const char* read_packed(const ProtoField& field, void* object, const char* at, const char* end) {
    if (field.kind != Kind::Int32List && field.kind != Kind::DoubleList) return nullptr;
    std::string_view packed;
    at = text(at, end, packed);
    if (at == nullptr) return nullptr;
    const char* const last = packed.data() + packed.size();
    auto* const integers = field.kind == Kind::Int32List ? &member<std::vector<std::int32_t>>(field, object) : nullptr;
    const std::size_t before = integers ? integers->size() : 0;
    for (const char* element = packed.data(); element != last;) {
      element = read_element(field, object, element, last);
      if (element != nullptr) continue;
      if (integers) integers->resize(before);
      return nullptr;
    }
    return at;
  }

  /// Past a value that is kept as it came.
  const char* skip(std::uint32_t type, const char* at, const char* end) {
    std::uint64_t number;
    double real = 0;
    std::string_view view;
    switch (type) {
      case kVarint:
        return varint(at, end, number);
      case kFixed64:
        return fixed(at, end, real);
      case kFixed32:
        return end - at < 4 ? cut_number(at) : at + 4;
      case kBytes:
        return text(at, end, view);
      default:
        return not_a_type(at, type);
    }
  }

  /// False for a mark, and after fail() for what is no number.
  bool read_decimal(const StructInfo& info, const ProtoField& field, std::string_view text, Decimal& value) {
    std::int64_t whole = 0;
    if (read_digits(text, whole) && whole != kUnsetInt32) [[likely]] {
      value = whole;
      return true;
    }
    return read_any_decimal(info, field, text, value);
  }
  [[gnu::noinline]] bool read_any_decimal(const StructInfo& info, const ProtoField& field, std::string_view text,
                                          Decimal& value) {
    if (is_blank(text)) return false;
    auto decimal = Decimal::parse(text);
    if (!decimal) {
      (void)fail(text.data(), "not a decimal of at most " + std::to_string(Decimal::kMaxText) + " characters");
      outcome_.error().field = info.fields[field.index].name;
      return false;
    }
    if (means_unset(*decimal)) return false;
    value = *std::move(decimal);
    return true;
  }

  /// Tells the observer of what was read since the last report, if anything was.
  void report(const FieldInfo* field, const void* object, const char* to) {
    if (!this->has_news(to)) return;
    Watch<Watched>::report(to, field ? this->inside + std::string(field->name) : std::string(), field, object, nullptr);
  }

  /// Reports a struct's key and length; what is read then is inside it.
  void enter(const FieldInfo& holder, const void* object, const char* first) {
    report(&holder, object, first);
    std::string element;
    if (holder.kind == Kind::StructList) {
      element = '[' + std::to_string(holder.type->ops->size(&member<char>(holder, object)) - 1) + ']';
    }
    this->inside += std::string(holder.name) + element + '.';
  }
  void leave() {
    const auto dot = this->inside.rfind('.', this->inside.size() - 2);
    this->inside.resize(dot == std::string::npos ? 0 : dot + 1);
  }

  /// True for a mark, and for what an int32 does not hold.
  static bool is_odd_int32(std::uint64_t number) {
    constexpr std::uint64_t kLeast = std::uint64_t{1} << 31;  // minus this
    return number + kLeast >= kLeast + kUnsetInt32;
  }

  /// A number that TWS has widened: it is no value of the field, and is kept like a field that is not known.
  [[gnu::cold]] bool is_too_large(const ProtoField& field, const char* at, const char* end) {
    std::uint64_t number = 0;
    if (field.kind != Kind::Int32 && field.kind != Kind::Int32List) return false;
    return varint(at, end, number) != nullptr && number != kUnsetInt32;
  }

  [[gnu::noinline]] static bool is_mark(const StructInfo& info, const ProtoField& field) {
    return has_unset_mark(info.fields[field.index].role);
  }

  /// Keeps a mark for unset as it came, so that the encoder writes it again.
  [[gnu::cold]] void keep_mark(std::uint32_t part, const ProtoField& field, const char* at, const char* end) {
    Verbatim mark{part, static_cast<std::uint16_t>(field.key >> 3), false, Kept::Unset, {}};
    std::string_view digits;
    double value = 0;
    switch (field.kind) {
      case Kind::Int32:
        append_int64(mark.text, kUnsetInt32);
        break;
      case Kind::Int64:
        append_int64(mark.text, kUnsetInt64);
        break;
      case Kind::Double:
      case Kind::String:
        (void)fixed(at, end, value);
        append_double(mark.text, value);
        break;
      case Kind::Decimal:
        (void)text(at, end, digits);
        mark.text = digits;
        break;
      case Kind::Bool:
      case Kind::Struct:
      case Kind::Int32List:
      case Kind::DoubleList:
      case Kind::StringList:
      case Kind::StructList:
        break;
    }
    message_.residue.verbatim.push_back(std::move(mark));
  }

  [[gnu::cold]] const char* fail(const char* at, std::string reason) {
    outcome_ = Unexpected(DecodeError{std::string(message_.name()), "", -1,
                                      static_cast<std::int64_t>(body_at_) + (at - begin_), std::move(reason)});
    return nullptr;
  }

  Message& message_;
  const char* begin_;
  std::size_t body_at_;
  Expected<void, DecodeError>& outcome_;
  std::uint32_t parts_ = 0;  // structs begun so far
};

/// In order of their places, one each.
void sort_marks(std::vector<Verbatim>& marks) {
  const auto place = [](const Verbatim& mark) { return std::tuple(mark.index, mark.number); };
  std::ranges::stable_sort(marks, {}, place);
  const auto same = [&](const Verbatim& left, const Verbatim& right) { return place(left) == place(right); };
  marks.erase(std::unique(marks.begin(), marks.end(), same), marks.end());
}

template <bool Watched>
Expected<void, DecodeError> decode_body(Message& message, std::string_view body, std::size_t body_at,
                                        DecodeObserver* observer) {
  Expected<void, DecodeError> outcome;
  ProtobufDecoder<Watched> decoder(message, body, body_at, outcome, observer);
  (void)decoder.read_struct(*message.type().body, message.body(), body.data(), body.data() + body.size());
  if (!message.residue.verbatim.empty()) [[unlikely]]
    sort_marks(message.residue.verbatim);
  return outcome;
}

}  // namespace

Expected<void, DecodeError> decode_protobuf(Message& message, std::string_view body, std::size_t body_at) {
  return decode_body<false>(message, body, body_at, nullptr);
}

Expected<void, DecodeError> decode_protobuf(Message& message, std::string_view body, std::size_t body_at,
                                            DecodeObserver& observer) {
  return decode_body<true>(message, body, body_at, &observer);
}

}  // namespace ibkr::protocol
