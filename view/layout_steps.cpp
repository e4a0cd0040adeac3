#include "view/layout_steps.h"

#include "protocol/catalogue.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace ibkr::view {
namespace {

using protocol::Compare;
using protocol::Condition;
using protocol::ConditionCode;
using protocol::FieldInfo;
using protocol::Kind;
using protocol::Spelling;
using protocol::TextOp;
using protocol::TextOpCode;

std::string_view symbol(Compare compare) {
  switch (compare) {
    case Compare::Equal:
      return "==";
    case Compare::NotEqual:
      return "!=";
    case Compare::Less:
      return "<";
    case Compare::LessEqual:
      return "<=";
    case Compare::Greater:
      return ">";
    case Compare::GreaterEqual:
      return ">=";
  }
  return "";
}

bool compared(int left, Compare compare, int right) {
  switch (compare) {
    case Compare::Equal:
      return left == right;
    case Compare::NotEqual:
      return left != right;
    case Compare::Less:
      return left < right;
    case Compare::LessEqual:
      return left <= right;
    case Compare::Greater:
      return left > right;
    case Compare::GreaterEqual:
      return left >= right;
  }
  return false;
}

bool is_number(Kind kind) {
  return kind == Kind::Int32 || kind == Kind::Int64 || kind == Kind::Double || kind == Kind::Decimal;
}

std::string spelling_note(const TextOp& op, int server_version) {
  constexpr int kAsciiServerVersion = 153;
  switch (op.spelling) {
    case Spelling::Plain:
      if (op.kind == Kind::Bool) return "1 or 0";
      return is_number(op.kind) ? "unset is 0" : "";
    case Spelling::Blank:
      return "unset is empty";
    case Spelling::Sentinel:
      return "unset is the type's largest number";
    case Spelling::Escaped:
      return server_version < kAsciiServerVersion ? "" : "outside ASCII as \\uXXXX";
    case Spelling::EscapedAlways:
      return "outside ASCII as \\uXXXX";
    case Spelling::TrueFalse:
      return "true or false";
    case Spelling::AndOr:
      return "a (and) or o (or)";
    case Spelling::Whole:
      return "without .0 when whole, unset is empty";
  }
  return "";
}

/// A repeat's block is about one element, so a path begins anew there.
std::string path_text(std::span<const protocol::TextSlot> slots, std::uint8_t slot, const FieldInfo& field) {
  std::string text(field.name);
  for (std::uint8_t s = slot; s != 0 && slots[s].field->kind == Kind::Struct; s = slots[s].parent) {
    text.insert(0, 1, '.').insert(0, slots[s].field->name);
  }
  return text;
}

/// Where the next field stands: so many behind the payload's beginning, or behind a place whose index values decide.
struct Place {
  int letter = -1;  ///< number of the place, -1 for the payload's beginning
  int offset = 0;

  bool fixed() const { return letter < 0; }
  std::string to_string() const {
    if (fixed()) return std::to_string(offset);
    constexpr int kLetters = 26;
    std::string name;
    for (int rest = letter; rest >= 0; rest = rest / kLetters - 1)
      name.insert(0, 1, static_cast<char>('a' + rest % kLetters));
    return offset == 0 ? name : fmt::format("{}+{}", name, offset);
  }
  friend bool operator==(const Place&, const Place&) = default;
};

/// Numbers the steps of a layout that a server version has, in order.
class StepNumbering {
 public:
  StepNumbering(const protocol::MessageInfo& type, int server_version)
      : slots_(type.text->slots), server_version_(server_version) {
    add(nullptr, fmt::format("{}", type.id),
        server_version < protocol::kRawIdServerVersion ? "the message id" : "the message id, as 4 raw bytes");
    run(type.text->ops);
  }

  std::vector<LayoutStep> steps;

 private:
  void run(std::span<const TextOp> ops) {
    for (std::size_t i = 0; i < ops.size();) {
      const TextOp& op = ops[i];
      const bool there = server_version_ >= op.since && (op.until == 0 || server_version_ < op.until);
      if (there) step(op, ops.subspan(i + 1, op.body), ops.subspan(i + 1U + op.body, op.otherwise));
      i += 1U + op.body + op.otherwise;
    }
  }

  void step(const TextOp& op, std::span<const TextOp> body, std::span<const TextOp> otherwise) {
    switch (op.code) {
      case TextOpCode::Field:
      case TextOpCode::First:
        return add(op.field, path(op.slot, *op.field), spelling_note(op, server_version_));
      case TextOpCode::Version:
        has_version_ = true;
        return add(nullptr, fmt::format("{}", op.number), "the message's own version");
      case TextOpCode::Constant:
        return add(nullptr, '"' + std::string(op.detail->literal) + '"', "a dead slot");
      case TextOpCode::Variant:
        return may_be_longer(add_block(nullptr, '"' + std::string(op.detail->literal) + '"',
                                       fmt::format("sent by some clients: there when {} fields are left", op.number)));
      case TextOpCode::Tags:
        return add(op.field, path(op.slot, *op.field), "tag=value;tag=value;");
      case TextOpCode::Mask:
        return add(nullptr, mask(op), "one number of bits, the first name lowest");
      case TextOpCode::Echo:
        return add(op.field, path(op.slot, *op.field), "sent once more; the last one that is set counts");
      case TextOpCode::If:
        return branch(op, body, otherwise);
      case TextOpCode::Repeat:
        return repeat(op, "repeat ", "a count, then for each", body);
      case TextOpCode::Again:
        return repeat(op, "repeat again ", "a count, then for each of the same", body);
      case TextOpCode::RepeatScalar:
        return may_be_longer(add_block(op.field, "list " + path(op.slot, *op.field), "a count, then that many"));
      case TextOpCode::With:
        return with(op, body);
    }
  }

  // What a block is followed by depends on values: its end is a place with a letter, which the block's line tells.

  void repeat(const TextOp& op, std::string_view word, std::string note, std::span<const TextOp> body) {
    const std::size_t line = add_block(op.field, std::string(word) + path(op.slot, *op.field), std::move(note));
    next_ = {letters_++, 0};  // where an element begins
    steps[line].note += " from " + next_.to_string() + " on";
    inside(body);
    may_be_longer(line);
  }

  void with(const TextOp& op, std::span<const TextOp> body) {
    const std::size_t line = add_block(op.field, "with " + path(op.slot, *op.field), "1 or 0, and after a 1");
    const Place absent = next_;
    inside(body);
    if (next_ != absent) may_be_longer(line);
  }

  void branch(const TextOp& op, std::span<const TextOp> body, std::span<const TextOp> otherwise) {
    std::string open;  // conditions that values decide
    for (const Condition& c : op.detail->conditions) {
      const auto decided = decide(c);
      if (!decided) {
        open += (open.empty() ? "" : " and ") + condition_text(c, slots_);
      } else if (!*decided) {
        return run(otherwise);
      }
    }
    if (open.empty()) return run(body);
    std::size_t line = steps.size();
    steps.push_back({depth_, -1, "", "if " + open, "", nullptr});
    const Place before = next_;
    inside(body);
    const Place after = std::exchange(next_, before);
    if (!otherwise.empty()) {
      line = steps.size();
      steps.push_back({depth_, -1, "", "else", "", nullptr});
      inside(otherwise);
    }
    if (next_ != after) may_be_longer(line);
  }

  /// What the server version alone decides; none for what values decide. A message without a version of its own counts
  /// as the newest.
  std::optional<bool> decide(const Condition& c) const {
    if (c.code == ConditionCode::ServerVersion) return compared(server_version_, c.compare, static_cast<int>(c.number));
    if (c.code == ConditionCode::MessageVersion && !has_version_) {
      return compared(std::numeric_limits<int>::max(), c.compare, static_cast<int>(c.number));
    }
    return std::nullopt;
  }

  void inside(std::span<const TextOp> body) {
    ++depth_;
    run(body);
    --depth_;
  }

  /// What follows the block of this line has a letter of its own from here on.
  void may_be_longer(std::size_t line) {
    next_ = {letters_++, 0};
    std::string& note = steps[line].note;
    note += (note.empty() ? "" : "; ") + next_.to_string() + " is behind it";
  }

  std::string mask(const TextOp& op) const {
    std::vector<std::string> names;
    for (const FieldInfo* bit : op.detail->mask) names.push_back(path(op.slot, *bit));
    return fmt::format("mask ({})", fmt::join(names, " "));
  }

  std::string path(std::uint8_t slot, const FieldInfo& field) const { return path_text(slots_, slot, field); }

  void add(const FieldInfo* field, std::string what, std::string note) {
    (void)add_block(field, std::move(what), std::move(note));
  }
  /// The same; returns the line's place among the steps.
  std::size_t add_block(const FieldInfo* field, std::string what, std::string note) {
    steps.push_back(
        {depth_, next_.fixed() ? next_.offset : -1, next_.to_string(), std::move(what), std::move(note), field});
    ++next_.offset;
    return steps.size() - 1;
  }

  std::span<const protocol::TextSlot> slots_;
  int server_version_;
  int depth_ = 0;
  bool has_version_ = false;
  Place next_;
  int letters_ = 0;
};

}  // namespace

std::string condition_text(const Condition& c, std::span<const protocol::TextSlot> slots) {
  if (c.code == ConditionCode::ServerVersion) return fmt::format("server {} {}", symbol(c.compare), c.number);
  if (c.code == ConditionCode::MessageVersion) return fmt::format("version {} {}", symbol(c.compare), c.number);
  const std::string name = path_text(slots, c.slot, *c.field);
  if (c.code == ConditionCode::NotEmptyList) return name + " not empty";
  if (c.code == ConditionCode::Number) {
    return fmt::format("{} {} {}", name, symbol(c.compare),
                       std::isinf(c.number) ? "infinity" : fmt::format("{}", c.number));
  }
  std::vector<std::string> values;
  for (const std::string_view text : c.texts) values.push_back('"' + std::string(text) + '"');
  for (const std::int32_t integer : c.integers) values.push_back(std::to_string(integer));
  if (values.size() == 1) return fmt::format("{} {} {}", name, symbol(c.compare), values.front());
  return fmt::format("{} in ({})", name, fmt::join(values, ", "));
}

std::vector<LayoutStep> layout_steps(const protocol::MessageInfo& type, int server_version) {
  return std::move(StepNumbering(type, server_version).steps);
}

}  // namespace ibkr::view
