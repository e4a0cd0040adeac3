// The body of a text message while it is read: where the reader stands, what it keeps beside the values, and what is
// wrong. What the fields mean is for the layout to say (text_steps.h, text_decode.cpp).
//
//   6 │ 9001 │ 1 │ 150.25 │ …        fields, each ended by a NUL
//       ▲ at_, field index_ + 1
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.h"
#include "protocol/message.h"
#include "protocol/text_conditions.h"

namespace ibkr::protocol {

/// Not thread safe. The message and the body outlive it. What reads a field returns false, or null, after a failure,
/// which error() then tells.
class TextBody {
 public:
  /// `body_at` is the body's offset in the payload, for errors.
  TextBody(Message& message, int server_version, std::string_view body, std::size_t body_at)
      : message_(message),
        slots_(message.type().text->slots),
        begin_(body.data()),
        at_(begin_),
        end_(begin_ + body.size()),
        scope_(server_version, slots_.size(), message.body()),
        body_at_(body_at) {}

 protected:
  /// A count that is negative or empty, and where it ended.
  struct Doubtful {
    const TextOp* op;
    std::string_view text;
    std::uint32_t index;
    const char* at;
    std::int64_t element;
  };

  // ---- structs ----

  /// The struct of a slot; made in its parent when it is not there yet.
  void* object(std::uint8_t slot) {
    void* const made = scope_.objects[slot];
    return made != nullptr ? made : make_object(slot);
  }

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

  /// True, and a failure, where the body is at its end.
  bool at_end(const TextOp& op) { return at_ == end_ && ends_before(op); }

  std::int64_t fields_left() const;
  /// Takes all that is left as trailing texts.
  bool take_trailing();

  // ---- what is kept beside the values ----

  /// Keeps the text of the field last taken.
  void keep(std::string_view text, Kept kept) {
    message_.residue.verbatim.push_back({index_, 0, false, kept, std::string(text)});
  }
  /// The same for a field that lies behind, in its place among the kept ones; what is kept of it already stays.
  void keep_at(std::uint32_t index, Kept kept, std::string_view text);

  // ---- what is wrong ----

  /// Fails at the field last taken, or where the layout has it.
  void fail(const FieldInfo* field, std::uint8_t slot, std::string reason);
  /// Fails for a text that is no value of the op's field. Returns false.
  bool bad(const TextOp& op, std::string_view text);
  /// The body does not end with NUL. Names the field where the layout expected it to be the one that is cut.
  DecodeError cut_short();
  /// A count of none cannot stand where what follows does not fit the layout but for rows.
  DecodeError rows_shifted(const Doubtful& count);
  /// "order.combo_legs[1].ratio"
  std::string path(const FieldInfo& field, std::uint8_t slot) const;
  /// A text in quotes, cut where it is long.
  static std::string shown(std::string_view text);

  Message& message_;
  std::span<const TextSlot> slots_;
  const char* const begin_;
  const char* at_;
  const char* end_;
  std::uint32_t index_ = 0;   // of the field last taken; the id is 0
  std::int64_t element_ = 0;  // of the list that is being read
  TextScope<void> scope_;
  std::optional<DecodeError> error_;

 private:
  void* make_object(std::uint8_t slot);
  bool ends_before(const TextOp& op);

  std::size_t body_at_;
};

}  // namespace ibkr::protocol
