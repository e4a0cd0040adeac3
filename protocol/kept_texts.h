// What is kept of a text payload beside the values, while the payload is written again: each text where it stood.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "protocol/message.h"

namespace ibkr::protocol {

/// Goes along with the fields that are written. The message outlives it, unchanged.
class KeptTexts {
 public:
  /// Of a message that came from protobuf nothing is kept for text.
  explicit KeptTexts(const std::vector<Verbatim>& verbatim) {
    if (!verbatim.empty() && verbatim.front().number == 0) left_ = verbatim;
  }

  /// True when nothing is kept of this field, nor of those behind it.
  bool empty() const { return left_.empty(); }
  /// To the field behind. Need not be called where nothing is left.
  void pass() { ++index_; }

  /// What is kept of the field about to be written, or null.
  const Verbatim* next() {
    drop_passed();
    if (left_.empty() || left_.front().index != index_ || left_.front().variant) return nullptr;
    return &left_.front();
  }
  const std::string* next_text() {
    const Verbatim* kept = next();
    return kept ? &kept->text : nullptr;
  }
  /// The text of a slot in front of that field which only some clients send, or null. Gives it once.
  const std::string* take_variant() {
    drop_passed();
    if (left_.empty() || left_.front().index != index_ || !left_.front().variant) return nullptr;
    const std::string& text = left_.front().text;
    left_ = left_.subspan(1);
    return &text;
  }

 private:
  void drop_passed() {
    while (!left_.empty() && left_.front().index < index_) left_ = left_.subspan(1);
  }

  std::span<const Verbatim> left_;  // those not passed yet
  std::uint32_t index_ = 1;         // of the field about to be written
};

}  // namespace ibkr::protocol
