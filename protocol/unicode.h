// UTF-8, and the \uXXXX escapes in which TWS sends what is not ASCII.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ibkr::protocol {

bool is_ascii(std::string_view text);

/// \uXXXX escapes → UTF-8. Other backslashes stay.
std::string unescape_unicode(std::string_view text);
/// Characters outside ASCII → \uXXXX (UTF-16 pairs above U+FFFF). Bytes that are not UTF-8 stay.
std::string escape_unicode(std::string_view text);
/// Decodes one UTF-8 character; returns its length, or 0 where there is none.
std::size_t decode_utf8(std::string_view text, std::uint32_t& code_point);
void append_utf8(std::string& out, std::uint32_t code_point);

bool is_utf8(std::string_view text);
/// Each byte that is not UTF-8 as the character that it is in Latin-1, which is what a localised TWS writes most often.
/// For readers that take UTF-8 only.
std::string as_utf8(std::string_view text);

/// True for what moves a terminal's cursor, or turns the text around it, instead of standing in a line: C0, DEL, C1,
/// line and paragraph separators, marks and controls of writing direction.
bool is_control(std::uint32_t code_point);
/// Text of the wire as a person may be shown it: controls are \uXXXX, bytes that are not UTF-8 \xXX.
std::string printable(std::string_view text);

}  // namespace ibkr::protocol
