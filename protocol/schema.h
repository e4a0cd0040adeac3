// The shape of the generated tables: what the description (messages/*.tws) says, as constant data.
//
// scripts/generate_protocol.py turns the description into plain structs (messages.h) and into tables of these types.
// Every operation on messages (text, protobuf, JSON, compare, random, id remapping) is one interpreter that walks them.
// Nothing here decides anything; read protocol/messages/LANGUAGE.md for what the words mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ibkr::protocol {

/// Seen from the application: In comes from TWS, Out goes to TWS.
enum class Direction : std::uint8_t { In, Out };

/// The two encodings of a message body.
enum class Wire : std::uint8_t { Text, Protobuf };

/// The C++ type that holds a field. Scalars and structs are a Field<T> (field.h), lists a std::vector<T>.
enum class Kind : std::uint8_t {
  Int32,
  Int64,
  Double,
  Bool,
  Decimal,
  String,
  Struct,
  Int32List,
  DoubleList,
  StringList,
  StructList,
};

/// How protobuf carries a field. None: the field exists in text only.
enum class ProtoType : std::uint8_t { None, Varint, Double, String, Message };

/// What a field's value stands for, so that ids can be remapped, accounts masked and times ignored without a word
/// about particular messages. Values of one role live in one space of ids.
enum class Role : std::uint8_t {
  None,
  RequestId,         ///< chosen by the app per request; answers carry it back
  OrderId,           ///< an order's id, unique per client id (order_id, parent_id, child orders)
  RequestOrOrderId,  ///< ErrorMessage.id: a request id, an order id, or -1
  PermId,            ///< TWS's permanent id of an order
  ClientId,          ///< the connection's client id
  Account,           ///< an account number, or several joined with commas
  ExecId,            ///< an execution's id; ties a commission to its execution
  Stamp,             ///< when something happened; never part of matching a request
  When,              ///< a moment or a date that the caller asks for
  User,              ///< a person or a program, by name
  Secret,            ///< must not leave the machine, such as the data of a verification
  Tag,               ///< free text that the app chose (order_ref, oca_group, model_code)
  Text,              ///< prose that may quote ids (error texts)
};

struct MessageInfo;
struct StructInfo;
struct EnumInfo;
struct TextValues;
struct FieldInfo;

/// What decides about a field's role: it counts only where another text of the same struct has one of these values.
struct Beside {
  const FieldInfo* field;
  std::span<const std::string_view> values;
};

/// What a stamp that is a number counts since 1970, in UTC.
enum class Clock : std::uint8_t { None, Seconds, Milliseconds };

struct Condition;

/// One field of a struct.
struct FieldInfo {
  std::string_view name;  ///< snake_case; the name in C++, JSON, SQL and Python
  std::string_view doc;
  const StructInfo* type;  ///< for Struct and StructList, else null
  const EnumInfo* values;  ///< names of an integer's values, or null
  std::uint16_t offset;    ///< of the member in its struct
  std::uint16_t bit;       ///< number of its presence bit (storage.h): 1 when the field is set, always 0 for a list
  std::uint16_t number;    ///< protobuf field number, 0 when text only
  Kind kind;
  ProtoType proto;
  Role role;                ///< role_of() in fields.h asks `beside` too
  bool key;                 ///< ties a request without an id to its answers
  bool telling;             ///< belongs into one line about the message that holds its struct
  std::uint8_t since;       ///< protobuf: first server version that has it; 0: as old as its message
  bool ignorable;           ///< may be dropped where a target version cannot carry it
  bool always;              ///< protobuf: written when unset too, as empty (both halves of a map entry)
  bool refers;              ///< an id of something else than what the message is about: a parent order, a filter
  const TextValues* texts;  ///< known values of a text, or null
  const Beside* beside;     ///< null where the role always counts
  Clock clock;              ///< None where it is no stamp, or a text
  std::string_view silent;  ///< the value that says no more than unset, spelled as in statements.h; "" where none does
  std::span<const Condition> conditions;  ///< says something only where these hold in its struct (slot 0)
};

/// How to handle a C++ struct without knowing its type.
struct StructOps {
  void* (*create)();
  void (*destroy)(void*);
  // std::vector<S>, given its address; null when no struct has a list of S
  std::size_t (*size)(const void* list);
  void* (*append)(void* list);  ///< adds an empty element and returns it
  const void* (*at)(const void* list, std::size_t);
  void* (*element)(void* list, std::size_t);  ///< the same, for writing
  void (*clear)(void* list);
  void* (*insert)(void* list, std::size_t);  ///< an empty element before the one with this number, or at the end
  void (*erase)(void* list, std::size_t);
};

/// What the protobuf interpreters need of a field at every step; apart, so that a struct's table stays in the cache.
struct ProtoField {
  std::uint16_t offset;  ///< the field's
  std::uint16_t key;     ///< in front of the field on the wire: its number and, in the last three bits, its wire type;
                         ///< 0 where no field has the number
  std::uint16_t index;   ///< into StructInfo::fields
  Kind kind;
  ProtoType proto;
};

/// One struct: a message's body or a part of one. It begins with its presence bits (storage.h).
struct StructInfo {
  std::string_view name;
  std::string_view doc;
  std::span<const FieldInfo> fields;
  std::span<const ProtoField> proto;     ///< the field with protobuf number n at place n - 1, which is also its bit
  std::span<const std::uint16_t> lists;  ///< indices of the lists among `fields`
  /// The presence bits of lists and of fields that are `always` written, in as many words as the struct begins with. An
  /// encoder has to look at these fields even though their bits are 0 in the struct.
  std::span<const std::uint64_t> asked;
  std::uint32_t unknown_offset;  ///< of the std::string that keeps unknown protobuf fields, as they came
  const StructOps* ops;
};

/// How a scalar is spelled in a text field.
enum class Spelling : std::uint8_t {
  Plain,          ///< unset is written as zero; booleans are 1 and 0
  Blank,          ///< `?`  unset is the empty field
  Sentinel,       ///< `!`  unset is the type's largest number
  Escaped,        ///< `~`  from server version 153 on, characters outside ASCII are \uXXXX
  EscapedAlways,  ///< `~~` the same at every version
  TrueFalse,      ///< booleans are the words true and false
  AndOr,          ///< booleans are a (and) and o (or)
  Whole,          ///< a double without ".0" where it is whole; unset is the empty field
};

enum class TextOpCode : std::uint8_t {
  Field,         ///< one scalar field
  First,         ///< the same, where an Echo follows later
  Version,       ///< the message's own version number; canonical value in `number`
  Constant,      ///< a dead slot that is written as `literal`
  Variant,       ///< a slot that only some clients send: read when `number` fields are left
  Tags,          ///< one field "tag=value;tag=value;" for a list of TagValue
  Mask,          ///< one integer whose bits are the boolean fields of TextOp::mask
  If,            ///< `body` ops when all conditions hold, else the `otherwise` ops that follow them
  Repeat,        ///< a count, then `body` ops for each element of a list of structs (element in `element_slot`)
  Again,         ///< the same over a list that was already read; fewer elements may follow
  Echo,          ///< a field that is sent a second time; the last one that is set counts
  RepeatScalar,  ///< a count, then one field each for a list of scalars
  With,          ///< a 1/0 presence flag for the struct in `element_slot`, then `body` ops when present
};

enum class ConditionCode : std::uint8_t { ServerVersion, MessageVersion, Integer, Number, Text, NotEmptyList };
enum class Compare : std::uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };

/// One comparison. An unset Integer counts as 0, an unset Text as "", an unset Number compares false.
struct Condition {
  ConditionCode code;
  Compare compare;
  std::uint8_t slot;
  const FieldInfo* field;
  double number;
  std::span<const std::string_view> texts;  ///< Text: equal to any of them / to none of them
  std::span<const std::int32_t> integers;   ///< Integer with Equal: any of them
};

/// What few steps of a layout need; apart, so that the steps stay small in the cache.
struct TextOpDetail {
  std::string_view literal;                ///< Constant, Variant
  std::span<const Condition> conditions;   ///< If: all must hold
  std::span<const FieldInfo* const> mask;  ///< Mask: the boolean of each bit, lowest first
};

/// TextOp::number of an If that asks for more than the message's version.
inline constexpr std::int32_t kConditions = INT32_MIN;

/// One step of a text layout. Steps with a body are followed by it: the interpreters recurse over ranges.
struct TextOp {
  TextOpCode code;
  Spelling spelling;
  std::uint8_t since;         ///< only when server version >= since (0: always)
  std::uint8_t until;         ///< only when server version < until (0: always)
  std::uint8_t slot;          ///< the struct that holds the field
  std::uint8_t element_slot;  ///< Repeat, Again, With: the struct that the body fills
  Kind kind;                  ///< the field's
  std::uint16_t body;         ///< number of ops of the body
  std::uint16_t otherwise;    ///< If: number of ops after the body that run when the conditions do not hold
  std::uint16_t bit;          ///< the field's
  std::uint16_t offset;       ///< the field's
  std::int32_t number;        ///< Version: the canonical value; Variant: the fields left; If: the least version of
                              ///< the message where that is its only condition, or kConditions; Repeat: 1 where an
                              ///< Again follows, else 0
  const FieldInfo* field;
  const TextOpDetail* detail;
};

/// A struct that a layout reads or writes into: slot 0 is the message, others hang below their parent.
struct TextSlot {
  std::uint8_t parent;
  const FieldInfo* field;  ///< Struct field of the parent; StructList where the slot is a Repeat's element
};

/// The most slots of a layout; the generator checks it.
inline constexpr std::size_t kMaxTextSlots = 16;

/// The most structs that a decoder puts into one list; TWS sends some thousands. An element takes a byte or two on the
/// wire and hundreds in memory, so a hostile frame of 16 MiB could otherwise ask for gigabytes.
inline constexpr std::size_t kMaxElements = 200'000;

/// A message's text layout for all server versions.
struct TextLayout {
  std::span<const TextOp> ops;
  std::span<const TextSlot> slots;
};

/// How a request is answered.
enum class RequestKind : std::uint8_t {
  None,     ///< not a request
  Command,  ///< no answer of its own
  OneShot,  ///< one answer
  Finite,   ///< answers up to an end
  Stream,   ///< answers until it is cancelled
};

/// How answers find a request that carries no id of its own.
enum class Unnumbered : std::uint8_t {
  No,       ///< it has a request id or an order id; an answer is never unnumbered
  Alone,    ///< its answers are nobody else's, and TWS answers requests of this type in turn
  Joined,   ///< the same, but one that is sent too soon after another may get no answer: that one's is for both
  Keyed,    ///< the answer repeats a key of the request
  Family,   ///< other requests have the same answers, so only one of them can be under way
  Counted,  ///< one subscription per connection, which ends with its last user; another one takes its place
  Command,  ///< nothing comes back that is its own
};

/// One way in which an answer ends a request, or the first batch of one that goes on (relations.h asks them).
struct End {
  const MessageInfo* answer;
  bool batch;                                    ///< it goes on: only its first batch is complete
  std::uint8_t since;                            ///< only from this server version on (0: always)
  std::uint8_t until;                            ///< only below this server version (0: always)
  std::span<const Condition> conditions;         ///< on the request; all must hold
  std::span<const TextSlot> slots;               ///< the request and the parts of it that the conditions look into
  std::span<const Condition> answer_conditions;  ///< on the answer; all must hold
  std::span<const TextSlot> answer_slots;        ///< the answer and the parts that its conditions look into
  std::span<const MessageInfo* const> then;      ///< answers that come only after the batch, at their own time
};

/// The most ways in which a request can end; the generator checks it.
inline constexpr std::size_t kMaxEnds = 32;

/// Where a message has an id or a key (identity.h reads them): `steps` are the structs on the way, from the message
/// down, and the field itself.
struct IdPath {
  Role role;     ///< of the field
  bool in_list;  ///< a list is on the way, or is the field itself
  std::span<const FieldInfo* const> steps;
};

/// A message type.
struct MessageInfo {
  std::string_view name;  ///< IBKR's protobuf name
  std::string_view doc;
  std::span<const std::string_view> aliases;  ///< other names people know it by: constant, method, callback
  Direction direction;
  std::int32_t id;           ///< without the 200 that protobuf adds on the wire
  std::int32_t since;        ///< first server version that knows it
  std::int32_t proto_since;  ///< first server version that sends it as protobuf; 0 when never
  const StructInfo* body;
  const TextLayout* text;  ///< null when protobuf only

  RequestKind kind;
  // Relations. Requests point at answers; all lists are names resolved by the generator.
  std::span<const MessageInfo* const> answers;  ///< a request's possible answers, errors not listed
  std::span<const End> ends;                    ///< those that end it, or its first batch; and when
  const MessageInfo* cancel;                    ///< the request that cancels it, or null; it can be this type itself
  const MessageInfo* cancels;                   ///< the other request that this one cancels, or null
  std::span<const Condition> cancels_own_if;    ///< when all hold, it is the cancel of its own type; none: it never is
  std::span<const TextSlot> cancels_own_slots;  ///< this message and the parts that they look into
  const MessageInfo* cancel_all;                ///< the request that cancels all requests of this type, or null
  const MessageInfo* cancels_all;               ///< the type of requests that this one cancels, all of them, or null
  Unnumbered unnumbered;                        ///< how answers find it when it has no id
  std::span<const IdPath> ids;                  ///< what it is about, nearest to the top first
  bool pushed;                                  ///< an answer that TWS also sends unasked
  bool setting;                                 ///< a command that holds for the connection: a new one needs it again
};

/// One named value of an enumeration.
struct EnumValue {
  std::int32_t value;
  std::string_view name;
  std::string_view doc;
};
struct EnumInfo {
  std::string_view name;
  std::string_view doc;
  std::span<const EnumValue> values;
};

/// One known value of a text, and all that are known for a field. A field may hold others.
struct TextValue {
  std::string_view value;
  std::string_view doc;
};
struct TextValues {
  std::string_view name;
  std::string_view doc;
  std::span<const TextValue> values;
};

}  // namespace ibkr::protocol
