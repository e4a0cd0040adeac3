// What the target carries is what comes back from it: encode, decode, compare.
#include "protocol/transcode.h"

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/compare.h"
#include "protocol/fields.h"

namespace ibkr::protocol {

Expected<std::vector<Loss>, EncodeError> transcode(const Message& message, int server_version, OnLoss on_loss,
                                                   std::string& out) {
  Message plain = message;
  plain.residue.clear();
  if (wire_at(message.type(), server_version) == Wire::Protobuf) {
    for_each_field(
        plain,
        [&](FieldRef field, std::string_view) {
          if (field.info().since > server_version) field.unset();
        },
        false);
  }
  std::string payload;
  if (auto done = encode(plain, server_version, payload); !done) return Unexpected(std::move(done.error()));
  const auto carried = decode(message.type().direction, server_version, payload);
  if (!carried) {
    return Unexpected(EncodeError{std::string(message.name()), carried.error().field,
                                  "what is written does not read back: " + carried.error().reason});
  }

  std::vector<Loss> losses;
  for (const Difference& difference : compare(message, *carried, {.unset_is_default = true})) {
    const bool ignorable = difference.field != nullptr && difference.field->ignorable;
    if (on_loss == OnLoss::Refuse && !ignorable) {
      return Unexpected(EncodeError{
          std::string(message.name()), difference.path,
          "server version " + std::to_string(server_version) + " cannot carry this field, set to " + difference.left});
    }
    losses.push_back({difference.path, difference.left});
  }
  out += payload;
  return losses;
}

}  // namespace ibkr::protocol
