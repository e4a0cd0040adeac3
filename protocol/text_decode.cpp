// The text decoder: runs a layout's steps, taking the fields of the body one after another.
//
//   text_body.*    where it stands in the body, what it keeps of it, what is wrong
//   text_steps.*   one step each, in any spelling
//   here           the order of the steps, the usual spellings, and the blocks: lists of structs, parts that may be
//   there
#include <algorithm>
#include <limits>

#include "protocol/bytes.h"
#include "protocol/decimal.h"
#include "protocol/decode_observer.h"
#include "protocol/numbers.h"
#include "protocol/storage.h"
#include "protocol/text.h"
#include "protocol/text_steps.h"

namespace ibkr::protocol {
namespace {

/// Watched: every piece is reported to an observer.
template <bool Watched>
class TextDecoder : Watch<Watched>, TextSteps {
 public:
  TextDecoder(Message& message, int server_version, std::string_view body, std::size_t body_at,
              DecodeObserver* observer = nullptr)
      : Watch<Watched>(observer, body.data(), body_at), TextSteps(message, server_version, body, body_at) {}

  Expected<void, DecodeError> decode() {
    const char* const end = end_;
    while (end_ != begin_ && end_[-1] != '\0') --end_;  // no further than the last NUL
    const bool whole = run(message_.type().text->ops) && take_trailing();
    if (end_ != end) return Unexpected(cut_short());
    if (doubtful_ && (!whole || !message_.residue.trailing.empty())) return Unexpected(rows_shifted(*doubtful_));
    if (!whole) return Unexpected(*std::move(error_));
    return {};
  }

 private:
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

  // ---- blocks ----

  bool repeat(const TextOp& op, std::span<const TextOp> body) {
    std::int64_t number = 0;
    if (!announced(op, number)) return false;
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
    if (!announced(op, number)) return false;
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
    if (!announced(op, number)) return false;
    for (std::int64_t i = 0; i < number; ++i) {
      if (!list_value(op)) return false;
    }
    return true;
  }

  /// The count of a list, reported before its elements.
  bool announced(const TextOp& op, std::int64_t& number) {
    if (!count(op, number)) return false;
    if constexpr (Watched) report(op, at_);
    return true;
  }

  bool with(const TextOp& op, std::span<const TextOp> body) {
    bool present = false;
    if (!flag(op, present)) return false;
    if constexpr (Watched) report(op, at_);
    if (!present) return true;
    (void)object(op.element_slot);
    return run(body);
  }

  void enter(std::uint8_t slot, void* element) { scope_.enter(slots_, slot, element); }

  /// Tells the observer of what was taken since the last report, if anything was.
  void report(const TextOp& op, const char* to) {
    if (!this->has_news(to)) return;
    Watch<Watched>::report(to, op.field ? path(*op.field, op.slot) : std::string(), op.field, scope_.objects[op.slot],
                           &op);
  }
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
