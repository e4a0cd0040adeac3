// The numbers that error messages carry: what each is about, and what it does to the request that caused it.
// A table generated from protocol/messages/errors.tws. Whatever is not in it is a number that we have no facts about.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/schema.h"

namespace ibkr::protocol {

/// What an error message does to the request, order or connection that it is about. An order's state comes from
/// OrderStatus alone, whatever the code.
enum class ErrorEffect : std::uint8_t {
  Ends,     ///< refused, or over: no further answer follows, nor an end message
  Notice,   ///< information; nothing failed
  Warning,  ///< goes on, but not quite as asked
  Either,   ///< the text decides between Ends and going on
};

struct ErrorCodeInfo {
  std::int32_t code;
  std::string_view area;  ///< what it is about: "order", "market data", "farm", …
  ErrorEffect effect;
  std::string_view meaning;
  std::string_view advice;  ///< what to do about it, or ""
  /// Cancels that are answered with this code where nothing (or nothing any more) can be cancelled.
  std::span<const MessageInfo* const> refuses;
  /// Cancels that are answered with this code where they did what they should.
  std::span<const MessageInfo* const> confirms;
  /// Requests without an id that can be answered with this code; the error then carries the id -1.
  std::span<const MessageInfo* const> concerns;
};

/// Every known code, ascending.
std::span<const ErrorCodeInfo> all_error_codes();
/// The code's entry, or null.
const ErrorCodeInfo* find_error_code(std::int32_t code);

}  // namespace ibkr::protocol
