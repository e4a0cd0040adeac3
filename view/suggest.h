// "Did you mean …": the nearest names to one that does not exist.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/schema.h"

namespace ibkr::view {

/// At most three of the candidates that are near enough to be a slip of the fingers, or that contain the word; nearest
/// first, letter case ignored.
std::vector<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "; did you mean A, B or C?", or "" when there is none.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// The same over every name and alias of the messages of one direction, or of both.
std::string did_you_mean_message(std::string_view word);
std::string did_you_mean_message(std::string_view word, protocol::Direction direction);

}  // namespace ibkr::view
