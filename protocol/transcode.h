// Transcoding: a message that was decoded at one server version and wire is encoded at another, so that a recording
// outlives the TWS that it was made with.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/message.h"

namespace ibkr::protocol {

/// A set field, or content that no field holds, that the target version cannot carry.
struct Loss {
  std::string path;   ///< "order.ext_operator", "order.unknown_fields", "trailing[0]", "verbatim[12]"
  std::string value;  ///< as people write it
};

/// What to do about a set field that the target cannot carry and the description does not call ignorable.
enum class OnLoss : std::uint8_t {
  Refuse,  ///< an error that names the first such field; nothing is written
  Report,  ///< leave it out and name it in the result
};

/// Appends the payload at `server_version`, on the wire that TWS uses there. The result lists all that was left out,
/// ignorable fields included; unset numbers that text must write as zero are no loss. The residue of another version is
/// dropped: fields are spelled as we spell them, while decimals keep their digits, and what of the residue says
/// something counts as lost. Unknown protobuf fields travel on in protobuf. Fails where the version does not know the
/// message, or as `on_loss` says.
Expected<std::vector<Loss>, EncodeError> transcode(const Message& message, int server_version, OnLoss on_loss,
                                                   std::string& out);

}  // namespace ibkr::protocol
