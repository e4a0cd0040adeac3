// The steps of a text layout that take one field each, in whatever spelling it comes: what text_decode.cpp, which runs
// the layout and reads the usual spellings itself, leaves to others.
#pragma once

#include <optional>
#include <string_view>

#include "protocol/text_body.h"

namespace ibkr::protocol {

/// Each step takes its field, sets what it says, and keeps the text where the encoder would write another. Returns
/// false after a failure.
class TextSteps : public TextBody {
 public:
  using TextBody::TextBody;

 protected:
  /// A scalar in any spelling.
  bool scalar(const TextOp& op);
  /// The first value of a field that is sent again, and the second one, which counts where it is set.
  bool first(const TextOp& op);
  bool echo(const TextOp& op);
  /// The message's own version.
  bool version(const TextOp& op);
  bool constant(const TextOp& op);
  /// Takes nothing where the slot is not there.
  bool variant(const TextOp& op);
  bool tags(const TextOp& op);
  bool mask(const TextOp& op);
  /// The flag in front of a part.
  bool flag(const TextOp& op, bool& present);
  /// The count of a list; an error where the rest of the body cannot hold so many elements.
  bool count(const TextOp& op, std::int64_t& number);
  /// One element of a list of scalars.
  bool list_value(const TextOp& op);

  std::optional<Doubtful> doubtful_;  // the first such count

 private:
  /// The first value of a field that is sent again.
  struct First {
    std::string_view text;
    std::uint32_t index;
  };

  bool value(const TextOp& op, std::string_view text);
  bool any_version(const TextOp& op);
  bool any_count(const TextOp& op, std::int64_t& number);
  void keep_first(const TextOp& op, const void* object);
  bool means(const TextOp& op, std::string_view text, const void* object) const;
  void append_tag(const TextOp& op, std::string_view pair);
  bool append_to_list(const TextOp& op, std::string_view text);

  std::optional<First> first_;
};

}  // namespace ibkr::protocol
