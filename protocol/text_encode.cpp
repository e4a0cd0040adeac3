// The text encoder: walks a layout's ops, writing one field at each.
#include <algorithm>

#include "protocol/decimal.h"
#include "protocol/scalar.h"
#include "protocol/text.h"
#include "protocol/text_conditions.h"

namespace ibkr::protocol {
namespace {

class TextEncoder {
 public:
  TextEncoder(const Message& message, int server_version, std::string& out)
      : message_(message),
        slots_(message.type().text->slots),
        out_(out),
        verbatim_(message.residue.verbatim),
        scope_(server_version, slots_.size(), const_cast<void*>(message.body())) {
    resolve_below(0);
  }

  void encode() {
    run(message_.type().text->ops);
    for (const std::string& text : message_.residue.trailing) put(text);
  }

 private:
  void run(std::span<const TextOp> ops) {
    for (std::size_t i = 0; i < ops.size();) {
      const TextOp& op = ops[i];
      if (applies(op, scope_.server_version)) {
        step(op, ops.subspan(i + 1, op.body), ops.subspan(i + 1 + op.body, op.otherwise));
      }
      i += 1U + op.body + op.otherwise;
    }
  }

  void step(const TextOp& op, std::span<const TextOp> body, std::span<const TextOp> otherwise) {
    switch (op.code) {
      case TextOpCode::Field:
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
        return run(hold(op.detail->conditions, scope_) ? body : otherwise);
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

  void scalar(const TextOp& op) {
    const void* object = scope_.objects[op.slot];
    if (verbatim_.empty() && op.kind == Kind::String && op.spelling == Spelling::Plain) {
      if (object != nullptr) {
        const auto& text = member<std::optional<std::string>>(*op.field, object);
        if (text) out_ += *text;
      }
      return end_field();
    }
    const std::string* kept = next_verbatim();
    if (kept && means_the_same(*op.field, op.spelling, scope_.server_version, *kept, object)) return put(*kept);
    append_scalar(out_, *op.field, op.spelling, scope_.server_version, object);
    end_field();
  }

  void version(const TextOp& op) {
    std::int64_t number = op.number;
    const std::string* kept = next_verbatim();
    if (kept && !kept->empty()) (void)read_int64(*kept, number);
    scope_.message_version = static_cast<int>(number);
    if (kept) return put(*kept);
    append_int64(out_, number);
    end_field();
  }

  void constant(const TextOp& op) {
    const std::string* kept = next_verbatim();
    put(kept ? std::string_view(*kept) : op.detail->literal);
  }

  void variant() {
    drop_passed();
    if (verbatim_.empty() || verbatim_.front().index != index_ || !verbatim_.front().variant) return;
    const std::string& text = verbatim_.front().text;
    verbatim_ = verbatim_.subspan(1);
    put(text);
  }

  void echo(const TextOp& op) {
    if (const std::string* kept = next_verbatim()) return put(*kept);
    append_scalar(out_, *op.field, op.spelling, scope_.server_version, scope_.objects[op.slot]);
    end_field();
  }

  void tags(const TextOp& op) {
    const std::string* kept = next_verbatim();
    const std::size_t start = out_.size();
    each_element(op, [&](const void* element) {
      const auto fields = op.field->type->fields;
      append_scalar(out_, fields[0], Spelling::Plain, scope_.server_version, element);
      out_ += '=';
      append_scalar(out_, fields[1], Spelling::Plain, scope_.server_version, element);
      out_ += ';';
    });
    if (kept && tidy_tags(*kept) == std::string_view(out_).substr(start)) {
      out_.resize(start);
      out_ += *kept;
    }
    end_field();
  }

  /// A tag list as we would write it: every pair with its '=' and ended by ';'.
  static std::string tidy_tags(std::string_view text) {
    std::string tidy;
    while (!text.empty()) {
      const std::string_view pair = text.substr(0, text.find(';'));
      text.remove_prefix(std::min(pair.size() + 1, text.size()));
      tidy += pair;
      tidy += pair.find('=') == std::string_view::npos ? "=;" : ";";
    }
    return tidy;
  }

  void mask(const TextOp& op) {
    std::int64_t bits = 0, all = 0;
    const void* object = scope_.objects[op.slot];
    for (std::size_t i = 0; i < op.detail->mask.size(); ++i) {
      const bool set = object && member<std::optional<bool>>(*op.detail->mask[i], object).value_or(false);
      if (set) bits |= std::int64_t{1} << i;
      all |= std::int64_t{1} << i;
    }
    const std::string* kept = next_verbatim();
    std::int64_t kept_bits = 0;
    if (kept && (kept->empty() || read_int64(*kept, kept_bits) != Reading::Bad) && (kept_bits & all) == bits) {
      return put(*kept);
    }
    append_int64(out_, bits);
    end_field();
  }

  /// Writes a count, in the kept spelling where that means the same number.
  void count(std::int64_t number) {
    const std::string* kept = next_verbatim();
    std::int64_t kept_number = 0;
    const bool readable = kept && (kept->empty() || read_int64(*kept, kept_number) != Reading::Bad);
    if (readable && std::max<std::int64_t>(kept_number, 0) == number) return put(*kept);
    append_int64(out_, number);
    end_field();
  }

  void repeat(const TextOp& op, std::span<const TextOp> body) {
    count(static_cast<std::int64_t>(size(op)));
    each_element(op, [&](const void* element) {
      enter(op.element_slot, element);
      run(body);
    });
    enter(op.element_slot, nullptr);
  }

  /// Up to the last element with a value, or as far as the decoded payload went.
  void again(const TextOp& op, std::span<const TextOp> body) {
    std::int64_t number = 0, seen = 0;
    each_element(op, [&](const void* element) {
      ++seen;
      for (const TextOp& inner : body) {
        if (is_set(*inner.field, element)) number = seen;
      }
    });
    if (const std::string* text = next_verbatim()) {
      std::int64_t kept = 0;
      const bool readable = read_int64(*text, kept) != Reading::Bad;
      const auto more = kept > seen ? static_cast<std::size_t>(kept - seen) * body.size() : 0;
      if (readable && kept > number && (more == 0 || more <= variants())) number = kept;
    }
    count(number);
    std::int64_t left = number;
    each_element(op, [&](const void* element) {
      if (left-- <= 0) return;
      enter(op.element_slot, element);
      run(body);
    });
    enter(op.element_slot, nullptr);
    for (auto fields = left * static_cast<std::int64_t>(body.size()); fields > 0; --fields) variant();
  }

  /// How many fields without a place in the message are still to be written.
  std::size_t variants() const {
    return static_cast<std::size_t>(std::ranges::count_if(verbatim_, [](const Verbatim& v) { return v.variant; }));
  }

  static bool is_set(const FieldInfo& field, const void* element) {
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
      count(static_cast<std::int64_t>(texts.size()));
      for (const std::string& text : texts) put(text);
    } else if (op.field->kind == Kind::Int32List) {
      const auto& numbers = *static_cast<const std::vector<std::int32_t>*>(list);
      count(static_cast<std::int64_t>(numbers.size()));
      for (const std::int32_t number : numbers) {
        number_element(
            number, [](std::string_view text, std::int64_t& value) { return read_int64(text, value); },
            [this](std::int64_t value) { append_int64(out_, value); });
      }
    } else {
      const auto& numbers = *static_cast<const std::vector<double>*>(list);
      count(static_cast<std::int64_t>(numbers.size()));
      for (const double number : numbers) {
        number_element(
            number, [](std::string_view text, double& value) { return read_double(text, value); },
            [this](double value) { append_double(out_, value); });
      }
    }
  }

  template <class T, class Read, class Append,
            class Wide = std::conditional_t<std::is_same_v<T, double>, double, std::int64_t>>
  void number_element(T number, Read read, Append append) {
    const std::string* kept = next_verbatim();
    Wide kept_number{};
    if (kept && read(*kept, kept_number) != Reading::Bad && kept_number == static_cast<Wide>(number)) return put(*kept);
    append(static_cast<Wide>(number));
    end_field();
  }

  void with(const TextOp& op, std::span<const TextOp> body) {
    const bool present = scope_.objects[op.element_slot] != nullptr;
    const std::string* kept = next_verbatim();
    std::int64_t flag = 0;
    const bool readable = kept && (kept->empty() || read_int64(*kept, flag) != Reading::Bad);
    put(readable && (flag == 1) == present ? std::string_view(*kept) : present ? "1" : "0");
    if (present) run(body);
  }

  // ---- structs ----

  std::size_t size(const TextOp& op) const {
    const void* object = scope_.objects[op.slot];
    return object ? op.field->type->ops->size(static_cast<const char*>(object) + op.field->offset) : 0;
  }

  template <class Visit>
  void each_element(const TextOp& op, Visit&& visit) {
    const std::size_t elements = size(op);
    for (std::size_t i = 0; i < elements; ++i) {
      const void* list = static_cast<const char*>(scope_.objects[op.slot]) + op.field->offset;
      visit(op.field->type->ops->at(list, i));
    }
  }

  void enter(std::uint8_t slot, const void* element) {
    scope_.objects[slot] = const_cast<void*>(element);
    resolve_below(slot);
  }

  /// Finds the structs that hang below a slot. Elements of repeats are entered one by one.
  void resolve_below(std::uint8_t slot) {
    for (auto below = static_cast<std::uint8_t>(slot + 1); below < slots_.size(); ++below) {
      const TextSlot& info = slots_[below];
      if (info.field->kind != Kind::Struct || !descends(below, slot)) continue;
      const void* parent = scope_.objects[info.parent];
      scope_.objects[below] =
          parent
              ? const_cast<void*>(info.field->type->ops->engaged(static_cast<const char*>(parent) + info.field->offset))
              : nullptr;
    }
  }

  bool descends(std::uint8_t slot, std::uint8_t from) const {
    for (std::uint8_t s = slot; s != 0; s = slots_[s].parent) {
      if (slots_[s].parent == from) return true;
      if (slots_[s].field->kind == Kind::StructList) return false;
    }
    return false;
  }

  // ---- fields ----

  void put(std::string_view text) {
    out_ += text;
    end_field();
  }
  void end_field() {
    out_ += '\0';
    ++index_;
  }

  /// The kept text of the field about to be written, or null.
  const std::string* next_verbatim() {
    drop_passed();
    if (verbatim_.empty() || verbatim_.front().index != index_ || verbatim_.front().variant) return nullptr;
    return &verbatim_.front().text;
  }

  void drop_passed() {
    while (!verbatim_.empty() && verbatim_.front().index < index_) verbatim_ = verbatim_.subspan(1);
  }

  const Message& message_;
  std::span<const TextSlot> slots_;
  std::string& out_;
  std::span<const Verbatim> verbatim_;  // those not passed yet
  std::uint32_t index_ = 1;             // of the field about to be written
  TextScope scope_;
};

}  // namespace

void encode_text(const Message& message, int server_version, std::string& out) {
  TextEncoder(message, server_version, out).encode();
}

}  // namespace ibkr::protocol
