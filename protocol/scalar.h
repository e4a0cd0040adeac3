// One scalar ⇄ its text field: numbers.h, and the rules for unset.
#pragma once

#include <string>
#include <string_view>

#include "protocol/numbers.h"
#include "protocol/schema.h"

namespace ibkr::protocol {

/// Reads a text field into the member at `object` (a struct that holds `field`). Empty and sentinel texts unset it.
Reading read_scalar(const FieldInfo& field, Spelling spelling, int server_version, std::string_view text, void* object);
/// Appends a field's text. `object` may be null: unset.
void append_scalar(std::string& out, const FieldInfo& field, Spelling spelling, int server_version, const void* object);
/// True when `text` reads as the field's present value.
bool means_the_same(const FieldInfo& field, Spelling spelling, int server_version, std::string_view text,
                    const void* object);

}  // namespace ibkr::protocol
