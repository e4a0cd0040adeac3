// Message: a value of any message type, and what its payload had that the value cannot say.
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.h"
#include "protocol/error.h"
#include "protocol/part.h"
#include "protocol/schema.h"

namespace ibkr::protocol {

/// What a text that is kept of a payload says beside the message's values.
enum class Kept : std::uint8_t {
  Spelling,  ///< a value that our encoder would spell another way ("0" where we write "0.0")
  Unset,     ///< nothing: an unset field, spelled another way ("" where we write "0", 1.7976931348623157E308), or the
             ///< like in a slot that belongs to no field
  First,     ///< what a field that is sent twice says at first; the last one that is set counts
  Content,   ///< what no field of ours can hold: bits that a mask does not know, text in a dead slot
};

/// The text of a field that our encoder would not write so.
struct Verbatim {
  /// In text the position in the payload, the message id being 0. In protobuf, where nothing but Unset is kept, the
  /// struct that has the field: how many structs began before it in the payload, the body being 0.
  std::uint32_t index;
  std::uint16_t number = 0;  ///< protobuf's number of the field; 0 in text
  bool variant = false;      ///< a slot that only some clients send
  Kept kept = Kept::Spelling;
  std::string text;
  friend bool operator==(const Verbatim&, const Verbatim&) = default;
};

/// What a payload had beyond the values. The encoder writes it back where it still means the same as the value,
/// so that decoding and encoding give back the same bytes, and an edited value is written as edited.
/// (Decimals keep their own spelling, and unknown protobuf fields are kept in each struct's own unknown_fields.)
struct Residue {
  std::vector<Verbatim> verbatim;     ///< ascending by index, and by number within it
  std::vector<std::string> trailing;  ///< fields after the last one that the layout knows
  bool empty() const { return verbatim.empty() && trailing.empty(); }
  void clear() {
    verbatim.clear();
    trailing.clear();
  }
  friend bool operator==(const Residue&, const Residue&) = default;
};

/// Owns one message body of any type. Movable and copyable; not thread safe.
class Message {
 public:
  explicit Message(const MessageInfo& type) : type_(&type), body_(type.body->ops->create()) {}
  /// Takes a body: Message(TickPrice{...}).
  template <class T, class = decltype(T::info)>
  Message(T body) : Message(T::info) {
    as<T>() = std::move(body);
  }

  /// Takes a body that was made by its table; it must be of the message's type.
  Message(const MessageInfo& type, Part body)
      : type_(&type), body_((assert(&body.info() == type.body), body.release())) {}

  Message(const Message& other) : Message(*other.type_) { *this = other; }
  Message& operator=(const Message& other);
  Message(Message&& other) noexcept
      : residue(std::move(other.residue)),
        type_(other.type_),
        body_(std::exchange(other.body_, nullptr)),
        large_(other.large_) {}
  Message& operator=(Message&& other) noexcept {
    residue = std::move(other.residue);
    std::swap(type_, other.type_);
    std::swap(body_, other.body_);
    std::swap(large_, other.large_);
    return *this;
  }
  ~Message() {
    if (body_) type_->body->ops->destroy(body_);
  }

  const MessageInfo& type() const { return *type_; }
  std::string_view name() const { return type_->name; }
  void* body() { return body_; }
  const void* body() const { return body_; }
  /// Gives the body away. Nothing may be done with the message but to destroy it or to assign to it.
  Part take_body() && { return Part::adopt(*type_->body, std::exchange(body_, nullptr)); }
  /// Unsets everything. Memory is kept for what comes next, but for that of a large payload.
  void clear();
  /// Tells of a payload of so many bytes that is going into the message.
  void expect(std::size_t payload_bytes) { large_ |= payload_bytes > kLargePayload; }

  template <class T>
  bool is() const {
    return type_ == &T::info;
  }
  /// The body as its own struct. Asking for another struct is a bug.
  template <class T>
  T& as() {
    assert(is<T>());
    return *static_cast<T*>(body_);
  }
  template <class T>
  const T& as() const {
    assert(is<T>());
    return *static_cast<const T*>(body_);
  }
  template <class T>
  const T* get_if() const {
    return is<T>() ? static_cast<const T*>(body_) : nullptr;
  }
  template <class T>
  T* get_if() {
    return is<T>() ? static_cast<T*>(body_) : nullptr;
  }

  Residue residue;

 private:
  static constexpr std::size_t kLargePayload = 16 * 1024;

  const MessageInfo* type_;
  void* body_;
  bool large_ = false;
};

}  // namespace ibkr::protocol
