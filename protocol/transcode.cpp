// What the target carries is what comes back from it: encode, decode, compare.
#include "protocol/transcode.h"

#include <algorithm>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/compare.h"
#include "protocol/fields.h"
#include "protocol/numbers.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

/// True for a field, and for a part all of whose fields, joined after a server version.
bool is_younger(const FieldInfo& field, int server_version) {
  if (field.since > server_version) return true;
  return field.kind == Kind::Struct && !field.type->fields.empty() &&
         std::ranges::all_of(field.type->fields,
                             [&](const FieldInfo& inner) { return is_younger(inner, server_version); });
}

/// Takes out what joined its protobuf message after a server version: values, whole parts and lists.
void drop_younger(const StructInfo& info, void* object, int server_version) {
  for (const FieldInfo& field : info.fields) {
    if (is_younger(field, server_version)) {
      drop(field, object);
    } else if (field.kind == Kind::Struct && is_set(field, object)) {
      drop_younger(*field.type, make_part(field, object), server_version);
    } else if (field.kind == Kind::StructList) {
      for (std::size_t i = 0; i < list_size(field, object); ++i)
        drop_younger(*field.type, list_element(field, object, i), server_version);
    }
  }
}

/// Takes out the texts that a wire cannot write: with NUL in text, and in protobuf what is no number where it has one.
void drop_unwritable(Message& message, Wire wire) {
  const auto has_number = [](const FieldView& field) {
    double value = 0;
    return read_double(*field.text(), value) != Reading::Bad;
  };
  for_each_field(
      message,
      [&](FieldRef field, std::string_view) {
        const auto text = field.text();
        if (!text) return;
        const bool as_number = wire == Wire::Protobuf && field.info().proto == ProtoType::Double;
        if (as_number ? !has_number(field) : wire == Wire::Text && text->find('\0') != text->npos) field.unset();
      },
      false);
}

std::string cannot_carry(int server_version, const Difference& difference) {
  return "server version " + std::to_string(server_version) + " cannot carry this field, set to " + difference.left;
}

}  // namespace

Expected<std::vector<Loss>, EncodeError> transcode(const Message& message, int server_version, OnLoss on_loss,
                                                   std::string& out) {
  Message plain = message;
  plain.residue.clear();
  const Wire wire = wire_at(message.type(), server_version);
  if (wire == Wire::Protobuf) drop_younger(*plain.type().body, plain.body(), server_version);
  drop_unwritable(plain, wire);
  std::string payload;
  if (auto done = encode(plain, server_version, payload); !done) return Unexpected(std::move(done.error()));
  const auto carried = decode(message.type().direction, server_version, payload);
  if (!carried) {
    return Unexpected(EncodeError{std::string(message.name()), carried.error().field,
                                  "what is written does not read back: " + carried.error().reason});
  }

  std::vector<Loss> losses;
  for (const Difference& difference : compare(message, *carried, {.unset_is_default = true, .unknown = true})) {
    const bool ignorable = difference.field != nullptr && difference.field->ignorable;
    if (on_loss == OnLoss::Refuse && !ignorable) {
      return Unexpected(
          EncodeError{std::string(message.name()), difference.path, cannot_carry(server_version, difference)});
    }
    losses.push_back({difference.path, difference.left});
  }
  out += payload;
  return losses;
}

}  // namespace ibkr::protocol
