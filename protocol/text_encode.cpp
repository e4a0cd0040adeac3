// The text encoder: walks a layout's ops, writing one field at each.
#include <algorithm>

#include "protocol/bytes.h"
#include "protocol/decimal.h"
#include "protocol/fields.h"
#include "protocol/kept_texts.h"
#include "protocol/kind.h"
#include "protocol/scalar.h"
#include "protocol/storage.h"
#include "protocol/text.h"
#include "protocol/text_conditions.h"

namespace ibkr::protocol {
namespace {

/// A tag list as we would write it: every pair with its '=' and ended by ';'.
std::string tidy_tags(std::string_view text) {
  std::string tidy;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    tidy += pair;
    tidy += pair.find('=') == std::string_view::npos ? "=;" : ";";
  }
  return tidy;
}

class TextEncoder {
 public:
  TextEncoder(const Message& message, int server_version, Output& out)
      : message_(message),
        slots_(message.type().text->slots),
        out_(out),
        kept_(message.residue.verbatim),
        scope_(server_version, slots_.size(), message.body()) {
    resolve_below(0);
  }

  Expected<void, EncodeError> encode() {
    run(message_.type().text->ops);
    for (const std::string& text : message_.residue.trailing) put(text);
    if (has_nul_) [[unlikely]]
      return Unexpected(
          EncodeError{std::string(message_.name()), path_of_nul(), "a text with NUL would be two fields"});
    return {};
  }

 private:
  void run(std::span<const TextOp> ops) { run(ops.data(), ops.data() + ops.size()); }

  // Fields without kept spellings, and the bodies of most conditions, are run here; the rest of the ops in step().
  void run(const TextOp* op, const TextOp* const end) {
    char* at = out_.at();
    while (op != end) {
      const TextOp* const body = op + 1;
      if (!applies(*op, scope_.server_version)) {
        op = body + op->body + op->otherwise;
      } else if (op->code == TextOpCode::Field && kept_.empty()) {
        at = write_field(*op, at);
        op = body;
      } else if (op->code == TextOpCode::If && op->otherwise == 0) {
        op = enters(*op, scope_) ? body : body + op->body;
      } else {
        const TextOp* const otherwise = body + op->body;
        const TextOp* const next = otherwise + op->otherwise;
        out_.wrote_to(at);
        step(*op, {body, otherwise}, {otherwise, next});
        at = out_.at();
        op = next;
      }
    }
    out_.wrote_to(at);
  }

  void step(const TextOp& op, std::span<const TextOp> body, std::span<const TextOp> otherwise) {
    switch (op.code) {
      case TextOpCode::Field:
      case TextOpCode::First:
        return scalar(op);
      case TextOpCode::Version:
        return version(op);
      case TextOpCode::Constant:
        return constant(op);
      case TextOpCode::Variant:
        return variant();
      case TextOpCode::Echo:
        return echo(op);
      case TextOpCode::Tags:
        return tags(op);
      case TextOpCode::Mask:
        return mask(op);
      case TextOpCode::If:
        return run(enters(op, scope_) ? body : otherwise);
      case TextOpCode::Repeat:
        return repeat(op, body);
      case TextOpCode::Again:
        return again(op, body);
      case TextOpCode::RepeatScalar:
        return scalars(op);
      case TextOpCode::With:
        return with(op, body);
    }
  }

  /// A field in our own spelling, from `at` on; returns where it ended.
  [[gnu::always_inline]] char* write_field(const TextOp& op, char* at) {
    const void* const object = scope_.objects[op.slot];
    if (object == nullptr || !is_set(op, object)) return write_unset(op, at);
    switch (op.kind) {
      case Kind::Int32:
        return write_number(member<std::int32_t>(op, object), at);
      case Kind::Int64:
        return write_number(member<std::int64_t>(op, object), at);
      case Kind::Double:
        if (op.spelling == Spelling::Whole) break;
        return end_field(write_double(out_.need(at, kMaxDoubleChars + 1), member<double>(op, object)));
      case Kind::Decimal:
        return write_decimal(member<Decimal>(op, object), at);
      case Kind::String:
        if (op.spelling != Spelling::Plain) break;
        return write_text(member<std::string>(op, object), at);
      case Kind::Bool:
        if (op.spelling != Spelling::Plain) break;
        return write_number(member<bool>(op, object) ? 1 : 0, at);
      case Kind::Struct:
      case Kind::Int32List:
      case Kind::DoubleList:
      case Kind::StringList:
      case Kind::StructList:
        break;
    }
    return write_spelled(op, object, at);
  }

  [[gnu::always_inline]] char* write_unset(const TextOp& op, char* at) {
    if (op.spelling > Spelling::Blank && op.kind != Kind::String) return write_spelled(op, nullptr, at);
    at = out_.need(at, 4);
    if (op.spelling == Spelling::Plain && op.kind != Kind::String) {
      *at++ = '0';
      if (op.kind == Kind::Double) {
        *at++ = '.';
        *at++ = '0';
      }
    }
    return end_field(at);
  }

  /// A value in any spelling.
  [[gnu::noinline]] char* write_spelled(const TextOp& op, const void* object, char* at) {
    scratch_.clear();
    append_scalar(scratch_, *op.field, op.spelling, scope_.server_version, object);
    return write_text(scratch_, at);
  }

  [[gnu::always_inline]] char* write_number(std::int64_t value, char* at) {
    at = out_.need(at, kMaxInt64Chars + 1);
    if (value >= 0 && value <= 9) {  // most counts and flags
      *at++ = static_cast<char>('0' + value);
    } else {
      at = write_int64(at, value);
    }
    return end_field(at);
  }

  [[gnu::always_inline]] char* write_decimal(const Decimal& value, char* at) {
    if (const std::string_view kept = value.kept_text(); !kept.empty()) [[unlikely]]
      return write_text(kept, at);
    return end_field(value.to_chars(out_.need(at, Decimal::kMaxChars + 1)));
  }

  [[gnu::always_inline]] char* write_text(std::string_view text, char* at) {
    at = out_.need(at, text.size() + 1);
    has_nul_ |= has_nul(text.data(), text.size());
    copy_bytes(at, text.data(), text.size());
    return end_field(at + text.size());
  }

  /// There is room: what wrote the field asked for one byte more.
  static char* end_field(char* at) {
    *at = '\0';
    return at + 1;
  }

  // The same for all but run(): they write to the output's own place, and count.
  [[gnu::noinline]] void field(const TextOp& op) { end_at(write_field(op, out_.at())); }
  void number(std::int64_t value) { end_at(write_number(value, out_.at())); }
  void put(std::string_view text) { end_at(write_text(text, out_.at())); }
  void end_at(char* at) {
    out_.wrote_to(at);
    kept_.pass();
  }

  void scalar(const TextOp& op) {
    const Verbatim* kept = kept_.next();
    const void* object = scope_.objects[op.slot];
    if (kept) {
      // What is sent first does not count while the field is sent again with a value.
      const bool passed_over = kept->kept == Kept::First && object != nullptr && is_set(op, object);
      if (passed_over || means(op, kept->text, object)) return put(kept->text);
    }
    field(op);
  }

  bool means(const TextOp& op, std::string_view text, const void* object) const {
    return means_the_same(*op.field, op.spelling, scope_.server_version, text, object);
  }

  void version(const TextOp& op) {
    std::int64_t number = op.number;
    const std::string* kept = kept_.next_text();
    const bool readable = kept && (is_blank(*kept) || read_int64(*kept, number) != Reading::Bad);
    scope_.set_message_version(readable ? number : op.number);
    if (readable) return put(*kept);
    this->number(op.number);
  }

  void constant(const TextOp& op) {
    const std::string* kept = kept_.next_text();
    put(kept ? std::string_view(*kept) : op.detail->literal);
  }

  void variant() {
    if (const std::string* kept = kept_.take_variant()) put(*kept);
  }

  void echo(const TextOp& op) {
    // An unset mark leaves the word to what came first.
    const std::string* kept = kept_.next_text();
    if (kept && (means(op, *kept, nullptr) || means(op, *kept, scope_.objects[op.slot]))) return put(*kept);
    field(op);
  }

  void tags(const TextOp& op) {
    const std::string* kept = kept_.next_text();
    scratch_.clear();
    for (std::size_t i = 0; i < size(op); ++i) {
      const auto fields = op.field->type->fields;
      append_scalar(scratch_, fields[0], Spelling::Plain, scope_.server_version, element(op, i));
      scratch_ += '=';
      append_scalar(scratch_, fields[1], Spelling::Plain, scope_.server_version, element(op, i));
      scratch_ += ';';
    }
    put(kept && tidy_tags(*kept) == scratch_ ? *kept : scratch_);
  }

  void mask(const TextOp& op) {
    std::int64_t bits = 0, all = 0;
    const void* object = scope_.objects[op.slot];
    for (std::size_t i = 0; i < op.detail->mask.size(); ++i) {
      const bool* value = value_of<bool>(*op.detail->mask[i], object);
      if (value != nullptr && *value) bits |= std::int64_t{1} << i;
      all |= std::int64_t{1} << i;
    }
    const std::string* kept = kept_.next_text();
    std::int64_t kept_bits = 0;
    if (kept && (is_blank(*kept) || read_int64(*kept, kept_bits) != Reading::Bad) && (kept_bits & all) == bits) {
      return put(*kept);
    }
    number(bits);
  }

  /// Writes a count: `least`, or the kept one where that is between the two. Returns what it wrote.
  std::size_t count(std::size_t least, std::size_t most) {
    const std::string* kept = kept_.next_text();
    std::int64_t number = 0;
    if (kept && (is_blank(*kept) || read_int64(*kept, number) != Reading::Bad)) {
      const auto elements = static_cast<std::size_t>(std::max<std::int64_t>(number, 0));
      if (elements >= least && elements <= most) {
        put(*kept);
        return elements;
      }
    }
    this->number(static_cast<std::int64_t>(least));
    return least;
  }
  void count(std::size_t elements) { (void)count(elements, elements); }

  void repeat(const TextOp& op, std::span<const TextOp> body) {
    const std::size_t all = size(op);
    elements(op, body, op.number == 1 ? count(said(op, body), all) : count(all, all));
  }

  void again(const TextOp& op, std::span<const TextOp> body) { elements(op, body, count(said(op, body), size(op))); }

  void elements(const TextOp& op, std::span<const TextOp> body, std::size_t number) {
    for (std::size_t i = 0; i < number; ++i) {
      enter(op.element_slot, element(op, i));
      run(body);
    }
    enter(op.element_slot, nullptr);
  }

  /// The elements up to the last one that a pass of several says something of.
  std::size_t said(const TextOp& op, std::span<const TextOp> body) const {
    std::size_t number = size(op);
    const auto says = [&](const TextOp& inner) {
      return inner.code == TextOpCode::Field && has_text(*inner.field, element(op, number - 1));
    };
    while (number > 0 && std::ranges::none_of(body, says)) --number;
    return number;
  }

  static bool has_text(const FieldInfo& field, const void* element) {
    std::string text;
    append_scalar(text, field, Spelling::Blank, 0, element);
    return !text.empty();
  }

  void scalars(const TextOp& op) {
    const void* object = scope_.objects[op.slot];
    const void* list = object ? static_cast<const char*>(object) + op.field->offset : nullptr;
    if (list == nullptr) return count(0);
    if (op.field->kind == Kind::StringList) {
      const auto& texts = *static_cast<const std::vector<std::string>*>(list);
      count(texts.size());
      for (const std::string& text : texts) put(text);
    } else if (op.field->kind == Kind::Int32List) {
      const auto& numbers = *static_cast<const std::vector<std::int32_t>*>(list);
      count(numbers.size());
      for (const std::int32_t element : numbers) {
        std::int64_t kept = 0;
        const std::string* text = kept_.next_text();
        if (text && read_int64(*text, kept) != Reading::Bad && kept == element) {
          put(*text);
        } else {
          number(element);
        }
      }
    } else {
      const auto& numbers = *static_cast<const std::vector<double>*>(list);
      count(numbers.size());
      for (const double element : numbers) {
        double kept = 0;
        const std::string* text = kept_.next_text();
        scratch_.clear();
        append_double(scratch_, element);
        put(text && read_double(*text, kept) != Reading::Bad && same_value(kept, element) ? *text : scratch_);
      }
    }
  }

  void with(const TextOp& op, std::span<const TextOp> body) {
    const bool present = scope_.objects[op.element_slot] != nullptr;
    const std::string* kept = kept_.next_text();
    bool flag = false;
    const bool readable = kept && read_presence(*kept, flag) != Reading::Bad;
    put(readable && flag == present ? std::string_view(*kept) : present ? "1" : "0");
    if (present) run(body);
  }

  /// Where the first text with NUL is: in a field, or kept.
  [[gnu::cold]] std::string path_of_nul() const {
    std::string found;
    for_each_field(message_, [&](const FieldView& field, std::string_view path) {
      const auto text = field.text();
      if (found.empty() && text && has_nul(text->data(), text->size())) found = path;
    });
    const auto& trailing = message_.residue.trailing;
    const auto in_trailing =
        std::ranges::find_if(trailing, [](const std::string& text) { return text.find('\0') != text.npos; });
    if (!found.empty() || in_trailing == trailing.end()) return found;
    return "trailing[" + std::to_string(in_trailing - trailing.begin()) + "]";
  }

  // ---- structs ----

  std::size_t size(const TextOp& op) const {
    const void* object = scope_.objects[op.slot];
    return object ? op.field->type->ops->size(static_cast<const char*>(object) + op.field->offset) : 0;
  }

  const void* element(const TextOp& op, std::size_t i) const {
    return op.field->type->ops->at(static_cast<const char*>(scope_.objects[op.slot]) + op.field->offset, i);
  }

  void enter(std::uint8_t slot, const void* element) {
    scope_.objects[slot] = element;
    resolve_below(slot);
  }

  /// Finds the structs that hang below a slot. Elements of repeats are entered one by one.
  void resolve_below(std::size_t slot) {
    for (std::size_t below = slot + 1; below < slots_.size(); ++below) {
      const TextSlot& info = slots_[below];
      if (info.field->kind != Kind::Struct || !descends(below, slot)) continue;
      const void* parent = scope_.objects[info.parent];
      scope_.objects[below] = part(*info.field, parent);
    }
  }

  bool descends(std::size_t slot, std::size_t from) const {
    for (std::size_t s = slot; s != 0; s = slots_[s].parent) {
      if (slots_[s].parent == from) return true;
      if (slots_[s].field->kind == Kind::StructList) return false;
    }
    return false;
  }

  const Message& message_;
  std::span<const TextSlot> slots_;
  Output& out_;
  std::string scratch_;
  KeptTexts kept_;
  bool has_nul_ = false;  // some text that was written has one
  TextScope<const void> scope_;
};

}  // namespace

Expected<void, EncodeError> encode_text(const Message& message, int server_version, Output& out) {
  return TextEncoder(message, server_version, out).encode();
}

}  // namespace ibkr::protocol
