// At which server versions a payload would decode: for one whose version is not known, or was given wrongly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/schema.h"

namespace ibkr::view {

/// Server versions first..last at which a payload is this message.
struct ReadableVersions {
  int first;
  int last;
  const protocol::MessageInfo* type;
  protocol::Wire wire;
};

/// The ranges of versions, ascending, at which the payload decodes on the wire that TWS uses there and leaves nothing
/// over; where there are none, those at which it decodes at all. Costs up to 127 decodings, twice where there are none.
std::vector<ReadableVersions> readable_versions(protocol::Direction direction, std::string_view payload);

/// Appends ,"readable_at":[{"versions":"100..144","name":"TickPrice","direction":"in","wire":"text"}]: of the payload's
/// direction, or of the other one where it has none. Appends nothing where there is none at all.
void append_readable_json(protocol::Direction direction, std::string_view payload, std::string& out);

/// The same for people, as a sentence; "" where there is none.
std::string readable_text(protocol::Direction direction, std::string_view payload);

}  // namespace ibkr::view
