// The text decoder: walks a layout's ops, taking one field of the body at each.
#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "protocol/bytes.h"
#include "protocol/decimal.h"
#include "protocol/decode_observer.h"
#include "protocol/numbers.h"
#include "protocol/scalar.h"
#include "protocol/storage.h"
#include "protocol/text.h"
#include "protocol/text_conditions.h"

namespace ibkr::protocol {
namespace {

/// Watched: every piece is reported to an observer.
template <bool Watched>
class TextDecoder : Watch<Watched> {
 public:
  TextDecoder(Message& message, int server_version, std::string_view body, std::size_t body_at,
              DecodeObserver* observer = nullptr)
      : Watch<Watched>(observer, body.data(), body_at),
        message_(message),
        slots_(message.type().text->slots),
        begin_(body.data()),
        at_(begin_),
        end_(begin_ + body.size()),
        body_at_(body_at),
        scope_(server_version, slots_.size(), message.body()) {}

  Expected<void, DecodeError> decode() {
    const char* const end = end_;
    while (end_ != begin_ && end_[-1] != '\0') --end_;  // no further than the last NUL
    const bool whole = run(message_.type().text->ops);
    while (whole && at_ != end_) {
      message_.residue.trailing.emplace_back(take());
    }
    if (end_ != end) return Unexpected(cut_short());
    if (doubtful_ && (!whole || !message_.residue.trailing.empty())) return Unexpected(rows_shifted());
    if (!whole) return Unexpected(*std::move(error_));
    return {};
  }

 private:
  /// The first value of a field that is sent twice.
  struct First {
    std::string_view text;
    std::uint32_t index;
  };
  /// The first count that is negative or empty, and where it ended.
  struct Doubtful {
    const TextOp* op;
    std::string_view text;
    std::uint32_t index;
    const char* at;
    std::int64_t element;
  };

  bool run(std::span<const TextOp> ops) { return run(ops.data(), ops.data() + ops.size()); }

  // Ops that the server version admits are run in order; returns false after fail(). Fields, and the bodies of most
  // conditions, are run here; the rest of the ops in step().
  bool run(const TextOp* op, const TextOp* const end) {
    const char* at = at_;
    while (op != end) {
      const TextOp* const body = op + 1;
      if (!applies(*op, scope_.server_version)) {
        op = body + op->body + op->otherwise;
      } else if (op->code == TextOpCode::Field) {
        at = read_field(*op, at);
        if (at == nullptr) return false;
        if constexpr (Watched) report(*op, at);
        op = body;
      } else if (op->code == TextOpCode::If && op->otherwise == 0) {
        op = enters(*op, scope_) ? body : body + op->body;
      } else {
        const TextOp* const otherwise = body + op->body;
        const TextOp* const next = otherwise + op->otherwise;
        at_ = at;
        if (!step(*op, {body, otherwise}, {otherwise, next})) return false;
        if constexpr (Watched) report(*op, at_);
        at = at_;
        op = next;
      }
    }
    at_ = at;
    return true;
  }

  bool step(const TextOp& op, std::span<const TextOp> body, std::span<const TextOp> otherwise) {
    switch (op.code) {
      case TextOpCode::Field:
        return scalar(op);
      case TextOpCode::First:
        return first(op);
      case TextOpCode::Version:
        return version(op);
      case TextOpCode::Constant:
        return constant(op);
      case TextOpCode::Variant:
        return variant(op);
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
    return false;
  }

  // Nearly every field of real traffic is empty, a short text or a number that we would write the same: those are read
  // here, in one pass. What is not goes to scalar(). Returns where the next field begins, or null after fail().
  [[gnu::always_inline]] const char* read_field(const TextOp& op, const char* at) {
    if (at == end_ || op.spelling > Spelling::EscapedAlways) return other(op, at);
    if (*at == '\0') return empty(op, at);
    switch (op.kind) {
      case Kind::Int32: {
        std::int64_t value = 0;
        const char* const end = digits_before_nul(at, value);
        if (end == nullptr || value >= std::numeric_limits<std::int32_t>::max()) break;
        set<std::int32_t>(op, object(op.slot)) = static_cast<std::int32_t>(value);
        return after(end);
      }
      case Kind::Decimal: {
        std::int64_t value = 0;
        const char* const end = digits_before_nul(at, value);
        if (end == nullptr || end - at > 9) break;  // longer ones may stand for unset
        set<Decimal>(op, object(op.slot)) = value;
        return after(end);
      }
      case Kind::Double: {
        double value = 0;
        const char* const end = decimal_before_nul(at, value);
        if (end == nullptr) break;
        set<double>(op, object(op.slot)) = value;
        return after(end);
      }
      case Kind::Bool:
        if ((*at | 1) != '1' || at[1] != '\0') break;
        set<bool>(op, object(op.slot)) = *at == '1';
        return after(at + 1);
      case Kind::String: {
        if (op.spelling != Spelling::Plain) break;
        const char* const end = end_of_field(at);
        assign(set<std::string>(op, object(op.slot)), {at, static_cast<std::size_t>(end - at)});
        return after(end);
      }
      case Kind::Int64:
      case Kind::Struct:
      case Kind::Int32List:
      case Kind::DoubleList:
      case Kind::StringList:
      case Kind::StructList:
        break;
    }
    return other(op, at);
  }

  [[gnu::noinline]] const char* other(const TextOp& op, const char* at) {
    at_ = at;
    return scalar(op) ? at_ : nullptr;
  }

  /// The message came in empty, so there is nothing to unset, and no struct is made for it.
  [[gnu::always_inline]] const char* empty(const TextOp& op, const char* at) {
    at = after(at);
    if (op.spelling != Spelling::Blank && op.kind != Kind::String) keep({}, Kept::Unset);
    return at;
  }

  /// Any spelling.
  bool scalar(const TextOp& op) {
    if (at_end(op)) return false;
    const std::string_view text = take();
    if (text.empty() && op.spelling == Spelling::Whole) return true;  // no struct is made for it
    return value(op, text);
  }

  bool value(const TextOp& op, std::string_view text) {
    void* const holder = object(op.slot);
    const Reading reading = read_scalar(*op.field, op.spelling, scope_.server_version, text, holder);
    if (reading == Reading::Exact) return true;
    if (reading == Reading::Bad) return bad(op, text);
    const bool connective = op.spelling == Spelling::AndOr && !text.empty();
    keep(text, is_set(op, holder) ? Kept::Spelling : connective ? Kept::Content : Kept::Unset);
    return true;
  }

  bool version(const TextOp& op) {
    if (at_end(op)) return false;
    if (std::int64_t number = 0; const char* const end = digits_before_nul(at_, number)) {
      if (number == op.number) {
        scope_.message_version = static_cast<int>(number);
        at_ = after(end);
        return true;
      }
    }
    const std::string_view text = take();
    std::int64_t number = op.number;
    const Reading reading = is_blank(text) ? Reading::Other : read_int64(text, number);
    if (reading == Reading::Bad) {
      fail(nullptr, 0, "the message's version is not a number: " + shown(text));
      return false;
    }
    scope_.set_message_version(number);
    if (reading != Reading::Exact || number != op.number) keep(text, is_blank(text) ? Kept::Unset : Kept::Spelling);
    return true;
  }

  bool constant(const TextOp& op) {
    if (at_end(op)) return false;
    const std::string_view text = take();
    if (text != op.detail->literal) keep(text, says_nothing(text) ? Kept::Unset : Kept::Content);
    return true;
  }

  bool variant(const TextOp& op) {
    if (fields_left() != op.number) return true;
    const std::string_view text = take();
    const bool usual = text == op.detail->literal || says_nothing(text);
    message_.residue.verbatim.push_back({index_, 0, true, usual ? Kept::Unset : Kept::Content, std::string(text)});
    return true;
  }

  bool first(const TextOp& op) {
    if (at_end(op)) return false;
    const char* const start = at_;
    first_ = {{start, static_cast<std::size_t>(end_of_field(start) - start)}, index_ + 1};
    return scalar(op);
  }

  bool echo(const TextOp& op) {
    if (at_end(op)) return false;
    const std::string_view text = take();
    std::string ours;
    append_scalar(ours, *op.field, op.spelling, scope_.server_version, scope_.objects[op.slot]);
    if (text == ours) return true;
    if (means(op, text, nullptr)) {  // unset: what came first counts
      keep(text, Kept::Unset);
      return true;
    }
    if (!value(op, text)) return false;
    if (first_) keep_first(op, object(op.slot));
    return true;
  }

  /// Keeps what came first where the encoder would write something else there, now that the field has another value.
  void keep_first(const TextOp& op, const void* object) {
    std::string ours;
    append_scalar(ours, *op.field, op.spelling, scope_.server_version, object);
    if (first_->text == ours) return;
    keep_at(first_->index, means(op, first_->text, object) ? Kept::Spelling : Kept::First, first_->text);
  }

  bool means(const TextOp& op, std::string_view text, const void* object) const {
    return means_the_same(*op.field, op.spelling, scope_.server_version, text, object);
  }

  bool tags(const TextOp& op) {
    if (at_end(op)) return false;
    const std::string_view text = take();
    std::string canonical;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view pair = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
      const auto equals = pair.find('=');
      const std::string_view tag = pair.substr(0, equals);
      const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
      append_tag(op, tag, value);
      canonical.append(tag).append(1, '=').append(value).append(1, ';');
    }
    if (text != canonical) keep(text, Kept::Spelling);
    return true;
  }

  void append_tag(const TextOp& op, std::string_view tag, std::string_view value) {
    const StructInfo& pair = *op.field->type;
    void* element = pair.ops->append(static_cast<char*>(object(op.slot)) + op.field->offset);
    (void)read_scalar(pair.fields[0], Spelling::Plain, scope_.server_version, tag, element);
    (void)read_scalar(pair.fields[1], Spelling::Plain, scope_.server_version, value, element);
  }

  bool mask(const TextOp& op) {
    if (at_end(op)) return false;
    const std::string_view text = take();
    std::int64_t bits = 0;
    if (!is_blank(text) && read_int64(text, bits) == Reading::Bad) {
      fail(op.detail->mask[0], op.slot, "a mask is a number, not " + shown(text));
      return false;
    }
    std::int64_t known = 0;
    for (std::size_t i = 0; i < op.detail->mask.size(); ++i) {
      const auto bit = std::int64_t{1} << i;
      set<bool>(*op.detail->mask[i], object(op.slot)) = (bits & bit) != 0;
      known |= bits & bit;
    }
    std::string canonical;
    append_int64(canonical, known);
    if (text != canonical) {
      keep(text, known != bits ? Kept::Content : is_blank(text) ? Kept::Unset : Kept::Spelling);
    }
    return true;
  }

  /// The count of a repeat; an error when the rest of the body cannot hold so many elements.
  bool count(const TextOp& op, std::int64_t& number) {
    if (at_end(op)) return false;
    const std::string_view text = take();
    number = 0;
    const Reading reading = is_blank(text) ? Reading::Other : read_int64(text, number);
    if (reading == Reading::Bad) return bad(op, text);
    if (number < 0 || is_blank(text)) {
      if (!doubtful_) doubtful_ = {&op, text, index_, at_, element_};
      number = 0;
      keep(text, Kept::Unset);
    } else if (reading == Reading::Other) {
      keep(text, Kept::Spelling);
    }
    if (number > static_cast<std::int64_t>(kMaxElements)) {
      fail(op.field, op.slot,
           "a count of " + std::string(text) + " is over the limit of " + std::to_string(kMaxElements));
      return false;
    }
    if (number > end_ - at_) {
      fail(op.field, op.slot,
           "a count of " + std::string(text) + ", but only " + std::to_string(fields_left()) + " fields follow");
      return false;
    }
    if constexpr (Watched) report(op, at_);
    return true;
  }

  bool repeat(const TextOp& op, std::span<const TextOp> body) {
    std::int64_t number = 0;
    if (!count(op, number)) return false;
    const std::uint32_t counted = index_;
    for (std::int64_t i = 0; i < number; ++i) {
      if (!element(op, body, i)) return false;
    }
    // Where more may follow in a second pass, the encoder stops at the last element that says something.
    if (op.number == 1 && number > 0 && !says(body, scope_.objects[op.element_slot])) keep_count(counted, number);
    enter(op.element_slot, nullptr);
    return true;
  }

  /// There may be fewer elements than in the first pass, or more: those have just what the second one says.
  bool again(const TextOp& op, std::span<const TextOp> body) {
    std::int64_t number = 0;
    if (!count(op, number)) return false;
    const std::uint32_t counted = index_;
    for (std::int64_t i = 0; i < number; ++i) {
      if (!element(op, body, i)) return false;
    }
    if (number > 0 && !says(body, scope_.objects[op.element_slot])) keep_count(counted, number);
    enter(op.element_slot, nullptr);
    return true;
  }

  /// Reads one element of a pass; makes it when there are not so many yet.
  bool element(const TextOp& op, std::span<const TextOp> body, std::int64_t i) {
    const StructOps& ops = *op.field->type->ops;
    void* const list = static_cast<char*>(object(op.slot)) + op.field->offset;
    const bool there = op.code == TextOpCode::Again && static_cast<std::size_t>(i) < ops.size(list);
    enter(op.element_slot, there ? ops.element(list, static_cast<std::size_t>(i)) : ops.append(list));
    element_ = i;
    return run(body);
  }

  /// True when one of the body's own fields is set.
  static bool says(std::span<const TextOp> body, const void* element) {
    return std::ranges::any_of(
        body, [&](const TextOp& op) { return op.code == TextOpCode::Field && is_set(*op.field, element); });
  }

  void keep_count(std::uint32_t index, std::int64_t number) { keep_at(index, Kept::Spelling, std::to_string(number)); }

  bool scalars(const TextOp& op) {
    std::int64_t number = 0;
    if (!count(op, number)) return false;
    for (std::int64_t i = 0; i < number; ++i) {
      if (at_end(op)) return false;
      const std::string_view text = take();
      if (!append_to_list(op, text)) return bad(op, text);
    }
    return true;
  }

  bool append_to_list(const TextOp& op, std::string_view text) {
    void* list = static_cast<char*>(object(op.slot)) + op.field->offset;
    if (op.field->kind == Kind::StringList) {
      static_cast<std::vector<std::string>*>(list)->emplace_back(text);
      return true;
    }
    if (op.field->kind == Kind::Int32List) {
      std::int64_t value = 0;
      const Reading reading = read_int64(text, value);
      if (reading == Reading::Bad || value != static_cast<std::int32_t>(value)) return false;
      if (reading == Reading::Other) keep(text, Kept::Spelling);
      static_cast<std::vector<std::int32_t>*>(list)->push_back(static_cast<std::int32_t>(value));
      return true;
    }
    double value = 0;
    const Reading reading = read_double(text, value);
    if (reading == Reading::Bad) return false;
    if (reading == Reading::Other) keep(text, Kept::Spelling);
    static_cast<std::vector<double>*>(list)->push_back(value);
    return true;
  }

  bool with(const TextOp& op, std::span<const TextOp> body) {
    if (at_end(op)) return false;
    const std::string_view text = take();
    bool present = false;
    if (read_presence(text, present) == Reading::Bad) return bad(op, text);
    if (text != (present ? "1" : "0")) {
      keep(text, is_blank(text) ? Kept::Unset : present || says_nothing(text) ? Kept::Spelling : Kept::Content);
    }
    if constexpr (Watched) report(op, at_);
    if (!present) return true;
    (void)object(op.element_slot);
    return run(body);
  }

  // ---- structs ----

  /// The struct of a slot; made in its parent when it is not there yet.
  void* object(std::uint8_t slot) {
    void* const made = scope_.objects[slot];
    return made != nullptr ? made : make_object(slot);
  }
  [[gnu::noinline]] void* make_object(std::uint8_t slot) {
    const TextSlot& info = slots_[slot];
    return scope_.objects[slot] = make_part(*info.field, object(info.parent));
  }

  void enter(std::uint8_t slot, void* element) { scope_.enter(slots_, slot, element); }

  // ---- fields ----

  /// The NUL of a field; the body ends with one and is not at its end.
  const char* end_of_field(const char* at) const {
    constexpr int kShort = 16;
    for (int i = 0; i < kShort; ++i, ++at) {
      if (*at == '\0') return at;
    }
    return static_cast<const char*>(std::memchr(at, '\0', static_cast<std::size_t>(end_ - at)));
  }

  /// Behind a field that ends with this NUL.
  const char* after(const char* nul) {
    ++index_;
    return nul + 1;
  }

  /// The next field.
  std::string_view take() {
    const char* const start = at_;
    const char* const nul = end_of_field(start);
    at_ = after(nul);
    return {start, static_cast<std::size_t>(nul - start)};
  }

  std::int64_t fields_left() const {
    std::int64_t fields = 0;
    for (const char* at = at_; at != end_; ++at) fields += *at == '\0';
    return fields;
  }

  void keep(std::string_view text, Kept kept) {
    message_.residue.verbatim.push_back({index_, 0, false, kept, std::string(text)});
  }

  /// The same for a field that lies behind, in its place among the kept ones; what is kept of it already stays.
  void keep_at(std::uint32_t index, Kept kept, std::string_view text) {
    auto& verbatim = message_.residue.verbatim;
    auto where = verbatim.end();
    while (where != verbatim.begin() && (where - 1)->index >= index) --where;
    if (where == verbatim.end() || where->index != index) {
      verbatim.insert(where, {index, 0, false, kept, std::string(text)});
    } else {
      where->kept = kept;
    }
  }

  // ---- errors ----

  /// Names the field where the layout expected it to be the one that is cut.
  DecodeError cut_short() {
    const auto cut = 1 + static_cast<std::uint32_t>(std::count(begin_, end_, '\0'));
    std::string field = error_ && error_->index == cut ? std::move(error_->field) : "";
    index_ = cut;
    at_ = end_;
    fail(nullptr, 0, "the last field is not ended by NUL: the payload is cut short");
    error_->field = std::move(field);
    return *std::move(error_);
  }

  /// A count of none cannot stand where what follows does not fit the layout but for rows.
  DecodeError rows_shifted() {
    const std::string then =
        error_ ? error_->to_string() : std::to_string(message_.residue.trailing.size()) + " fields are left at the end";
    message_.residue.trailing.clear();
    index_ = doubtful_->index;
    at_ = doubtful_->at;
    element_ = doubtful_->element;
    const TextOp& op = *doubtful_->op;
    fail(op.field, op.slot, "a count of " + shown(doubtful_->text) + ", but rows seem to follow: " + then);
    return *std::move(error_);
  }

  bool at_end(const TextOp& op) {
    if (at_ != end_) return false;
    ++index_;
    fail(op.field, op.slot, "the payload ends before this field");
    return true;
  }

  bool bad(const TextOp& op, std::string_view text) {
    static constexpr std::string_view kNames[] = {"a 32-bit number",
                                                  "a 64-bit number",
                                                  "a number",
                                                  "a flag",
                                                  "a decimal of at most 1000 characters",
                                                  "a text",
                                                  "a flag",
                                                  "a count or number",
                                                  "a count or number",
                                                  "a count",
                                                  "a count"};
    fail(op.field, op.slot,
         "not " + std::string(kNames[static_cast<std::size_t>(op.field->kind)]) + ": " + shown(text));
    error_->byte_offset -= static_cast<std::int64_t>(text.size()) + 1;
    return false;
  }

  static std::string shown(std::string_view text) {
    constexpr std::size_t kLongest = 40;
    return '"' + std::string(text.substr(0, kLongest)) + (text.size() > kLongest ? "...\"" : "\"");
  }

  void fail(const FieldInfo* field, std::uint8_t slot, std::string reason) {
    error_ = {std::string(message_.name()), "", index_, static_cast<std::int64_t>(body_at_) + (at_ - begin_),
              std::move(reason)};
    if (field != nullptr) error_->field = path(*field, slot);
  }

  std::string path(const FieldInfo& field, std::uint8_t slot) const {
    std::string text(field.name);
    for (std::uint8_t s = slot; s != 0; s = slots_[s].parent) {
      const FieldInfo& holder = *slots_[s].field;
      const bool element = holder.kind == Kind::StructList;
      text = std::string(holder.name) + (element ? "[" + std::to_string(element_) + "]." : ".") + text;
    }
    return text;
  }

  /// Tells the observer of what was taken since the last report, if anything was.
  void report(const TextOp& op, const char* to) {
    if (!this->has_news(to)) return;
    Watch<Watched>::report(to, op.field ? path(*op.field, op.slot) : std::string(), op.field, scope_.objects[op.slot],
                           &op);
  }

  Message& message_;
  std::span<const TextSlot> slots_;
  const char* const begin_;
  const char* at_;
  const char* end_;
  std::size_t body_at_;
  std::uint32_t index_ = 0;  // of the field last taken; the id is 0
  std::int64_t element_ = 0;
  TextScope<void> scope_;
  std::optional<DecodeError> error_;

  std::optional<First> first_;
  std::optional<Doubtful> doubtful_;
};

}  // namespace

Expected<void, DecodeError> decode_text(Message& message, int server_version, std::string_view body,
                                        std::size_t body_at) {
  return TextDecoder<false>(message, server_version, body, body_at).decode();
}

Expected<void, DecodeError> decode_text(Message& message, int server_version, std::string_view body,
                                        std::size_t body_at, DecodeObserver& observer) {
  return TextDecoder<true>(message, server_version, body, body_at, &observer).decode();
}

}  // namespace ibkr::protocol
