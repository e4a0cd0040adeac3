#include "protocol/random.h"

#include <array>

#include "protocol/decimal.h"
#include "protocol/storage.h"
#include "protocol/text_conditions.h"

namespace ibkr::protocol {
namespace {

class Maker {
 public:
  Maker(Message& message, int server_version, std::mt19937_64& generator)
      : message_(message),
        generator_(generator),
        scope_(server_version, message.type().text ? message.type().text->slots.size() : 1, message.body()) {}

  void text() {
    const auto& layout = *message_.type().text;
    run(layout.ops);
  }

  void protobuf(const StructInfo& info, void* object) {
    for (const FieldInfo& field : info.fields) {
      if (field.number != 0) protobuf_field(field, object);
    }
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return generator_() % limit; }
  bool chance(unsigned percent) { return below(100) < percent; }

  // ---- text: values as the layout's ops come, so that conditions see them ----

  void run(std::span<const TextOp> ops) {
    for (std::size_t i = 0; i < ops.size();) {
      const TextOp& op = ops[i];
      const auto body = ops.subspan(i + 1, op.body);
      if (applies(op, scope_.server_version)) step(op, body, ops.subspan(i + 1 + op.body, op.otherwise));
      i += 1U + op.body + op.otherwise;
    }
  }

  void step(const TextOp& op, std::span<const TextOp> body, std::span<const TextOp> otherwise) {
    switch (op.code) {
      case TextOpCode::Field:
      case TextOpCode::First:
        return scalar(*op.field, op.spelling, op.slot);
      case TextOpCode::Version:
        scope_.message_version = op.number;
        return;
      case TextOpCode::Constant:
      case TextOpCode::Variant:
      case TextOpCode::Echo:
        return;
      case TextOpCode::Mask:
        for (const FieldInfo* bit : op.detail->mask) set<bool>(*bit, object(op.slot)) = chance(50);
        return;
      case TextOpCode::If:
        return run(enters(op, scope_) ? body : otherwise);
      case TextOpCode::Tags:
        for (auto n = below(3); n > 0; --n) pair(op);
        return;
      case TextOpCode::Repeat:
        for (auto n = below(4); n > 0; --n) {
          void* list = static_cast<char*>(object(op.slot)) + op.field->offset;
          enter(op.element_slot, op.field->type->ops->append(list));
          run(body);
        }
        return enter(op.element_slot, nullptr);
      case TextOpCode::Again:
        return again(op, body);
      case TextOpCode::RepeatScalar:
        for (auto n = below(4); n > 0; --n) element(*op.field, object(op.slot));
        return;
      case TextOpCode::With:
        if (!chance(50)) return;
        (void)object(op.element_slot);
        return run(body);
    }
  }

  void pair(const TextOp& op) {
    void* list = static_cast<char*>(object(op.slot)) + op.field->offset;
    void* made = op.field->type->ops->append(list);
    for (const FieldInfo& half : op.field->type->fields) set<std::string>(half, made) = word();
  }

  void again(const TextOp& op, std::span<const TextOp> body) {
    if (scope_.objects[op.slot] == nullptr || chance(50)) return;
    void* const owner = scope_.objects[op.slot];
    for (std::size_t i = 0; i < list_size(*op.field, owner); ++i) {
      enter(op.element_slot, list_element(*op.field, owner, i));
      run(body);
    }
    enter(op.element_slot, nullptr);
  }

  /// Values that conditions ask for come up often, so that every branch is taken.
  void scalar(const FieldInfo& field, Spelling spelling, std::uint8_t slot) {
    const bool can_be_unset = spelling == Spelling::Blank || spelling == Spelling::Sentinel ||
                              spelling == Spelling::Whole || field.kind == Kind::String || field.kind == Kind::Decimal;
    if (can_be_unset && chance(25)) return;
    void* at = object(slot);
    value(field, at);
    if (!chance(40)) return;
    const Condition* wanted = condition_on(field);
    if (wanted == nullptr) return;
    if (!wanted->texts.empty()) {
      set<std::string>(field, at) = wanted->texts[below(wanted->texts.size())];
    } else if (!wanted->integers.empty() && field.kind == Kind::Int32) {
      set<std::int32_t>(field, at) = wanted->integers[below(wanted->integers.size())];
    } else if (wanted->code == ConditionCode::Number && field.kind == Kind::Double) {
      set<double>(field, at) = wanted->number;
    }
    if (field.kind == Kind::String && member<std::string>(field, at).empty()) unset(field, at);
  }

  const Condition* condition_on(const FieldInfo& field) {
    const Condition* found = nullptr;
    std::uint64_t seen = 0;
    for (const TextOp& op : message_.type().text->ops) {
      if (op.code != TextOpCode::If) continue;
      for (const Condition& condition : op.detail->conditions) {
        if (condition.field == &field && below(++seen) == 0) found = &condition;
      }
    }
    return found;
  }

  void* object(std::uint8_t slot) {
    if (scope_.objects[slot] == nullptr) {
      const TextSlot& info = message_.type().text->slots[slot];
      scope_.objects[slot] = make_part(*info.field, object(info.parent));
    }
    return scope_.objects[slot];
  }

  void enter(std::uint8_t slot, void* element) { scope_.enter(message_.type().text->slots, slot, element); }

  // ---- protobuf: any field, any presence ----

  void protobuf_field(const FieldInfo& field, void* at) {
    void* where = &member<char>(field, at);
    switch (field.kind) {
      case Kind::Struct:
        if (chance(70)) protobuf(*field.type, make_part(field, at));
        return;
      case Kind::StructList:
        for (auto n = below(4); n > 0; --n) protobuf(*field.type, field.type->ops->append(where));
        return;
      case Kind::Int32List:
      case Kind::DoubleList:
      case Kind::StringList:
        for (auto n = below(4); n > 0; --n) element(field, at);
        return;
      case Kind::String:
        if (field.proto == ProtoType::Double) {
          if (chance(50)) set<std::string>(field, at) = std::to_string(below(1000));
          return;
        }
        if (field.always || chance(60)) value(field, at);
        return;
      case Kind::Int32:
      case Kind::Int64:
      case Kind::Double:
      case Kind::Bool:
      case Kind::Decimal:
        if (chance(60)) value(field, at);
        return;
    }
  }

  // ---- values ----

  std::string word() {
    static constexpr std::array<const char*, 10> kWords = {
        "AAPL", "SMART", "USD", "20261218", "DU1234567", "LMT", "x y", "1", "caf\xC3\xA9", "\xE4\xB8\xAD\xE6\x96\x87"};
    return kWords[below(kWords.size())];
  }
  Decimal decimal() {
    static constexpr std::array<const char*, 8> kUnusual = {
        "1e-05", "1E-8", "+5", ".5", "0E-8", "100.000000000000000000", "1E+30", "0.1000000000000000055511151231257827"};
    if (chance(10)) return *Decimal::parse(kUnusual[below(kUnusual.size())]);
    return Decimal::scaled(integer(), static_cast<int>(below(9)));
  }
  std::int64_t integer() {
    switch (below(4)) {
      case 0:
        return 0;
      case 1:
        return -1;
      case 2:
        return static_cast<std::int64_t>(below(100));
      default:
        return static_cast<std::int64_t>(below(2000000000)) - 1000000000;
    }
  }
  double number() {
    switch (below(5)) {
      case 0:
        return 0;
      case 1:
        return static_cast<double>(integer());
      case 2:
        return static_cast<double>(integer()) / 100;
      case 3:
        return static_cast<double>(integer()) * 1e-9;
      default:
        return static_cast<double>(generator_()) * 1e3;
    }
  }

  void value(const FieldInfo& field, void* at) {
    switch (field.kind) {
      case Kind::Int32:
        set<std::int32_t>(field, at) = static_cast<std::int32_t>(integer());
        return;
      case Kind::Int64:
        set<std::int64_t>(field, at) = integer() * 1000003;
        return;
      case Kind::Double:
        set<double>(field, at) = number();
        return;
      case Kind::Bool:
        set<bool>(field, at) = chance(50);
        return;
      case Kind::Decimal:
        set<Decimal>(field, at) = decimal();
        return;
      case Kind::String:
        set<std::string>(field, at) = word();
        return;
      case Kind::Struct:
      case Kind::Int32List:
      case Kind::DoubleList:
      case Kind::StringList:
      case Kind::StructList:
        return;
    }
  }

  void element(const FieldInfo& field, void* at) {
    if (field.kind == Kind::Int32List)
      member<std::vector<std::int32_t>>(field, at).push_back(static_cast<std::int32_t>(integer()));
    if (field.kind == Kind::DoubleList) member<std::vector<double>>(field, at).push_back(number());
    if (field.kind == Kind::StringList) member<std::vector<std::string>>(field, at).push_back(word());
  }

  Message& message_;
  std::mt19937_64& generator_;
  TextScope<void> scope_;
};

}  // namespace

Message random_message(const MessageInfo& type, Wire wire, int server_version, std::mt19937_64& generator) {
  Message message(type);
  Maker maker(message, server_version, generator);
  if (wire == Wire::Text) {
    maker.text();
  } else {
    maker.protobuf(*type.body, message.body());
  }
  return message;
}

}  // namespace ibkr::protocol
