#include "protocol/text_body.h"

#include <algorithm>

#include "protocol/storage.h"

namespace ibkr::protocol {

void* TextBody::make_object(std::uint8_t slot) {
  const TextSlot& info = slots_[slot];
  return scope_.objects[slot] = make_part(*info.field, object(info.parent));
}

std::int64_t TextBody::fields_left() const {
  std::int64_t fields = 0;
  for (const char* at = at_; at != end_; ++at) fields += *at == '\0';
  return fields;
}

bool TextBody::take_trailing() {
  auto& trailing = message_.residue.trailing;
  while (at_ != end_) {
    if (trailing.size() == kMaxElements) {
      fail(nullptr, 0, "more than " + std::to_string(kMaxElements) + " fields after the last one that is known");
      return false;
    }
    trailing.emplace_back(take());
  }
  return true;
}

void TextBody::keep_at(std::uint32_t index, Kept kept, std::string_view text) {
  auto& verbatim = message_.residue.verbatim;
  auto where = verbatim.end();
  while (where != verbatim.begin() && (where - 1)->index >= index) --where;
  if (where == verbatim.end() || where->index != index) {
    verbatim.insert(where, {index, 0, false, kept, std::string(text)});
  } else {
    where->kept = kept;
  }
}

void TextBody::fail(const FieldInfo* field, std::uint8_t slot, std::string reason) {
  error_ = {std::string(message_.name()), "", index_, static_cast<std::int64_t>(body_at_) + (at_ - begin_),
            std::move(reason)};
  if (field != nullptr) error_->field = path(*field, slot);
}

bool TextBody::ends_before(const TextOp& op) {
  ++index_;
  fail(op.field, op.slot, "the payload ends before this field");
  return true;
}

bool TextBody::bad(const TextOp& op, std::string_view text) {
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
  fail(op.field, op.slot, "not " + std::string(kNames[static_cast<std::size_t>(op.field->kind)]) + ": " + shown(text));
  error_->byte_offset -= static_cast<std::int64_t>(text.size()) + 1;
  return false;
}

DecodeError TextBody::cut_short() {
  const auto cut = 1 + static_cast<std::uint32_t>(std::count(begin_, end_, '\0'));
  std::string field = error_ && error_->index == cut ? std::move(error_->field) : "";
  index_ = cut;
  at_ = end_;
  fail(nullptr, 0, "the last field is not ended by NUL: the payload is cut short");
  error_->field = std::move(field);
  return *std::move(error_);
}

DecodeError TextBody::rows_shifted(const Doubtful& count) {
  const std::string then =
      error_ ? error_->to_string() : std::to_string(message_.residue.trailing.size()) + " fields are left at the end";
  message_.residue.trailing.clear();
  index_ = count.index;
  at_ = count.at;
  element_ = count.element;
  fail(count.op->field, count.op->slot, "a count of " + shown(count.text) + ", but rows seem to follow: " + then);
  return *std::move(error_);
}

std::string TextBody::path(const FieldInfo& field, std::uint8_t slot) const {
  std::string text(field.name);
  for (std::uint8_t s = slot; s != 0; s = slots_[s].parent) {
    const FieldInfo& holder = *slots_[s].field;
    const bool element = holder.kind == Kind::StructList;
    text = std::string(holder.name) + (element ? "[" + std::to_string(element_) + "]." : ".") + text;
  }
  return text;
}

std::string TextBody::shown(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  return '"' + std::string(text.substr(0, kLongest)) + (text.size() > kLongest ? "...\"" : "\"");
}

}  // namespace ibkr::protocol
