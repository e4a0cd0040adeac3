// A message's text layout at one server version, as lines that can be read: what the tables' ops (protocol/schema.h)
// say once all that the version decides is decided.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "protocol/schema.h"

namespace ibkr::view {

/// One line of a layout.
struct LayoutStep {
  int depth;  ///< blocks that it stands in
  int index;  ///< of the field it takes; the message id is 0; -1 where it takes none or where the values decide
  /// The index where it is fixed. Where values decide it, counted from a place that has a letter: "a", "a+1", …; the
  /// note of the block that moves what follows says where the letter stands. "" for what takes no field.
  std::string place;
  std::string what;                  ///< "price", "repeat contract.combo_legs", "if version >= 2"
  std::string note;                  ///< how it is spelled, or ""
  const protocol::FieldInfo* field;  ///< of a line that is one field, else null
};

/// The layout at the server version. The message has one, and is known there.
std::vector<LayoutStep> layout_steps(const protocol::MessageInfo& type, int server_version);

/// A condition as the description writes it: "contract.sec_type == "BAG"". `slots` are those that it counts in.
std::string condition_text(const protocol::Condition& condition, std::span<const protocol::TextSlot> slots);

}  // namespace ibkr::view
