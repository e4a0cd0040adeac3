// What the protocol's description says about one name: finding it, and telling it as text or as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/schema.h"

namespace ibkr::view {

/// Anything that has a name in the description.
using Described = std::variant<const protocol::MessageInfo*, const protocol::StructInfo*, const protocol::EnumInfo*,
                               const protocol::TextValues*>;

/// All that go by the name, letter case ignored: messages by name or alias (of one direction, or of both), else
/// structs and named values.
std::vector<Described> find_described(std::string_view name, std::optional<protocol::Direction> direction);
/// The messages with the id, with or without protobuf's 200.
std::vector<Described> find_described(std::int32_t id, std::optional<protocol::Direction> direction);
/// Every name and alias that find_described knows.
std::vector<std::string_view> described_names(std::optional<protocol::Direction> direction);

/// Appends lines for people. A server version other than 0 adds a message's layout there.
void append_described(const Described& what, int server_version, std::string& out);
/// Appends one JSON object, without a line end.
void append_described_json(const Described& what, int server_version, std::string& out);

// How the description's words are shown, in text and JSON alike.

/// "int32", "Contract", "ComboLeg[]".
std::string type_name(const protocol::FieldInfo& field);
/// "request_id", as the description spells it; "" for none.
std::string_view role_name(protocol::Role role);
/// "one-shot"; "" for answers.
std::string_view kind_name(protocol::RequestKind kind);
/// "in" or "out".
std::string_view direction_name(protocol::Direction direction);
/// The name of the field's enumeration or known texts, or "".
std::string_view values_name(const protocol::FieldInfo& field);
/// "family", as the description says how answers find a request without an id; "" where there is one.
std::string_view rule_name(protocol::Unnumbered rule);
/// Conditions as the description writes them, joined; `before` stands before each field's name.
std::string conditions_text(std::span<const protocol::Condition> conditions, std::span<const protocol::TextSlot> slots,
                            std::string_view before = "");
/// Where the field says something, as the description writes it: "hedge_type != """; "" for everywhere.
std::string only_if(const protocol::FieldInfo& field);
/// True for a number of which 0 says more than unset does.
bool zero_says_something(const protocol::FieldInfo& field);
/// The value, other than 0, false and the empty text, that says no more than unset does; "" for none.
std::string_view says_nothing(const protocol::FieldInfo& field);
/// All that the description says of a field beside name, type and meaning: "when, key, from 200 on, only if …"; "" for
/// nothing.
std::string field_remarks(const protocol::FieldInfo& field);
/// The same as members of a JSON object that is being written, each with a comma in front where one is needed.
void append_remarks_json(const protocol::FieldInfo& field, std::string& out);
/// When the end counts, as the description writes it: "keep_up_to_date == 0 and …"; "" for no condition.
std::string condition_text(const protocol::End& end);
/// The requests that the message can answer.
std::vector<const protocol::MessageInfo*> requests_answered_by(const protocol::MessageInfo& answer);

}  // namespace ibkr::view
