// One scalar ⇄ its text field: numbers.h, and the rules for unset.
#pragma once

#include <string>
#include <string_view>

#include "protocol/numbers.h"
#include "protocol/schema.h"

namespace ibkr::protocol {

/// Reads a text field into the member at `object` (a struct that holds `field`). Empty texts and marks for unset
/// (unset.h) unset it, as does a connective of conditions that is neither "a" nor "o".
Reading read_scalar(const FieldInfo& field, Spelling spelling, int server_version, std::string_view text, void* object);
/// Appends a field's text. `object` may be null: unset.
void append_scalar(std::string& out, const FieldInfo& field, Spelling spelling, int server_version, const void* object);
/// True when `text` reads as the field's present value. `object` may be null: unset.
bool means_the_same(const FieldInfo& field, Spelling spelling, int server_version, std::string_view text,
                    const void* object);
/// Reads the flag in front of a part: only 1 and true say that it is there. Bad where the text is no flag at all.
Reading read_presence(std::string_view text, bool& present);
/// True for a text that in a slot without a field is as good as none: empty, zero, false, or a mark for unset.
bool says_nothing(std::string_view text);

}  // namespace ibkr::protocol
