// Parts: any struct of a message (a contract, an order, a bar, a message's whole body), handled by its table.
//
// A program that knows the type uses the generated struct itself. This is for those that do not: bindings, editors,
// whoever keeps or compares a piece of any message.
#pragma once

#include <cstddef>
#include <utility>

#include "protocol/schema.h"

namespace ibkr::protocol {

/// Makes `to` equal to `from`; both are structs of this type.
void copy(const StructInfo& info, void* to, const void* from);
/// The same fields are set, to equal values, and the same unknown protobuf fields are there. Decimals are equal by
/// value, a NaN equals a NaN.
bool equal(const StructInfo& info, const void* left, const void* right);

/// Owns one struct of any type. Movable and copyable; not thread safe.
class Part {
 public:
  /// An empty one.
  explicit Part(const StructInfo& info) : info_(&info), object_(info.ops->create()) {}
  /// A copy of a struct that somebody else owns.
  Part(const StructInfo& info, const void* object) : Part(info) { copy(info, object_, object); }
  Part(const Part& other) : Part(*other.info_, other.object_) {}
  Part(Part&& other) noexcept : info_(other.info_), object_(std::exchange(other.object_, nullptr)) {}
  Part& operator=(Part other) noexcept {
    std::swap(info_, other.info_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~Part() {
    if (object_) info_->ops->destroy(object_);
  }
  /// Takes over what create() of this type made.
  static Part adopt(const StructInfo& info, void* object) { return Part(&info, object); }
  /// Gives the struct away; whoever takes it calls destroy(). Nothing may be done with the Part but to destroy it or to
  /// assign to it.
  void* release() { return std::exchange(object_, nullptr); }

  const StructInfo& info() const { return *info_; }
  void* object() { return object_; }
  const void* object() const { return object_; }

  friend bool operator==(const Part& left, const Part& right) {
    return left.info_ == right.info_ && equal(*left.info_, left.object_, right.object_);
  }

 private:
  Part(const StructInfo* info, void* object) : info_(info), object_(object) {}
  const StructInfo* info_;
  void* object_;
};

}  // namespace ibkr::protocol
