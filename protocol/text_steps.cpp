#include "protocol/text_steps.h"

#include <algorithm>

#include "protocol/numbers.h"
#include "protocol/scalar.h"
#include "protocol/storage.h"

namespace ibkr::protocol {

bool TextSteps::scalar(const TextOp& op) {
  if (at_end(op)) return false;
  const std::string_view text = take();
  if (text.empty() && op.spelling == Spelling::Whole) return true;  // no struct is made for it
  return value(op, text);
}

bool TextSteps::value(const TextOp& op, std::string_view text) {
  void* const holder = object(op.slot);
  const Reading reading = read_scalar(*op.field, op.spelling, scope_.server_version, text, holder);
  if (reading == Reading::Exact) return true;
  if (reading == Reading::Bad) return bad(op, text);
  const bool connective = op.spelling == Spelling::AndOr && !text.empty();
  keep(text, is_set(op, holder) ? Kept::Spelling : connective ? Kept::Content : Kept::Unset);
  return true;
}

bool TextSteps::version(const TextOp& op) {
  if (at_end(op)) return false;
  std::int64_t number = 0;
  const char* const end = digits_before_nul(at_, number);
  if (end == nullptr || number != op.number) return any_version(op);
  scope_.message_version = op.number;
  at_ = after(end);
  return true;
}

bool TextSteps::any_version(const TextOp& op) {
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

bool TextSteps::constant(const TextOp& op) {
  if (at_end(op)) return false;
  const std::string_view text = take();
  if (text != op.detail->literal) keep(text, says_nothing(text) ? Kept::Unset : Kept::Content);
  return true;
}

bool TextSteps::variant(const TextOp& op) {
  if (fields_left() != op.number) return true;
  const std::string_view text = take();
  const bool usual = text == op.detail->literal || says_nothing(text);
  message_.residue.verbatim.push_back({index_, 0, true, usual ? Kept::Unset : Kept::Content, std::string(text)});
  return true;
}

bool TextSteps::first(const TextOp& op) {
  if (at_end(op)) return false;
  const char* const start = at_;
  first_ = {{start, static_cast<std::size_t>(end_of_field(start) - start)}, index_ + 1};
  return scalar(op);
}

bool TextSteps::echo(const TextOp& op) {
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
void TextSteps::keep_first(const TextOp& op, const void* object) {
  std::string ours;
  append_scalar(ours, *op.field, op.spelling, scope_.server_version, object);
  if (first_->text == ours) return;
  keep_at(first_->index, means(op, first_->text, object) ? Kept::Spelling : Kept::First, first_->text);
}

bool TextSteps::means(const TextOp& op, std::string_view text, const void* object) const {
  return means_the_same(*op.field, op.spelling, scope_.server_version, text, object);
}

bool TextSteps::tags(const TextOp& op) {
  if (at_end(op)) return false;
  const std::string_view text = take();
  if (static_cast<std::size_t>(std::ranges::count(text, ';')) >= kMaxElements) {
    fail(op.field, op.slot, "more than " + std::to_string(kMaxElements) + " tags");
    return false;
  }
  std::string canonical;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    append_tag(op, pair);
    canonical += pair;
    canonical += pair.find('=') == pair.npos ? "=;" : ";";
  }
  if (text != canonical) keep(text, Kept::Spelling);
  return true;
}

void TextSteps::append_tag(const TextOp& op, std::string_view pair) {
  const StructInfo& info = *op.field->type;
  void* const element = info.ops->append(static_cast<char*>(object(op.slot)) + op.field->offset);
  const auto equals = std::min(pair.find('='), pair.size());
  const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
  (void)read_scalar(info.fields[0], Spelling::Plain, scope_.server_version, pair.substr(0, equals), element);
  (void)read_scalar(info.fields[1], Spelling::Plain, scope_.server_version, value, element);
}

bool TextSteps::mask(const TextOp& op) {
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

bool TextSteps::flag(const TextOp& op, bool& present) {
  if (at_end(op)) return false;
  const std::string_view text = take();
  if (read_presence(text, present) == Reading::Bad) return bad(op, text);
  if (text != (present ? "1" : "0")) {
    keep(text, is_blank(text) ? Kept::Unset : present || says_nothing(text) ? Kept::Spelling : Kept::Content);
  }
  return true;
}

bool TextSteps::count(const TextOp& op, std::int64_t& number) {
  if (at_end(op)) return false;
  const char* const end = *at_ == '\0' ? nullptr : digits_before_nul(at_, number);
  if (end != nullptr) {
    at_ = after(end);
  } else if (!any_count(op, number)) {
    return false;
  }
  if (number == 0) return true;
  if (number > static_cast<std::int64_t>(kMaxElements)) {
    fail(op.field, op.slot,
         "a count of " + std::to_string(number) + " is over the limit of " + std::to_string(kMaxElements));
    return false;
  }
  if (number > end_ - at_) {
    fail(op.field, op.slot,
         "a count of " + std::to_string(number) + ", but only " + std::to_string(fields_left()) + " fields follow");
    return false;
  }
  return true;
}

bool TextSteps::any_count(const TextOp& op, std::int64_t& number) {
  const std::string_view text = take();
  number = 0;
  const bool blank = is_blank(text);
  if (!blank && read_int64(text, number) == Reading::Bad) return bad(op, text);
  if (blank || number < 0) {
    if (!doubtful_) doubtful_ = {&op, text, index_, at_, element_};
    number = 0;
    keep(text, Kept::Unset);
  } else {
    std::string ours;
    append_int64(ours, number);
    if (text != ours) keep(text, Kept::Spelling);
  }
  return true;
}

bool TextSteps::list_value(const TextOp& op) {
  if (at_end(op)) return false;
  const std::string_view text = take();
  return append_to_list(op, text) || bad(op, text);
}

bool TextSteps::append_to_list(const TextOp& op, std::string_view text) {
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

}  // namespace ibkr::protocol
