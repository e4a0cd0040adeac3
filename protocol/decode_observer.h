// What watches a decoder at work: told of every piece of a payload in order, so that a payload can be shown field by
// field. A decoder that nobody watches is compiled without it.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "protocol/schema.h"

namespace ibkr::protocol {

/// A piece of a payload that the decoder took for one field, or for one step of a layout.
struct Taken {
  std::size_t begin;  ///< in the payload; a piece begins where the one before it ended
  std::size_t end;
  std::string path;        ///< "order.lmt_price", "combo_legs[1].ratio"; "" where it belongs to no field
  const FieldInfo* field;  ///< null where it belongs to no field: a message's version, a mask, unknown fields
  const void* object;      ///< the struct that has the field, as far as it is read; null when it was not made
  const TextOp* step;      ///< what a text layout says of it; null in protobuf
};

/// Lives as long as the decoding. Pointers in what it is told are valid during the call only.
class DecodeObserver {
 public:
  virtual ~DecodeObserver() = default;
  /// A count and a presence flag come before what they announce, a protobuf struct's key and length before its fields.
  virtual void took(const Taken& taken) = 0;
};

/// The half of a decoder that tells its observer: nothing where it has none.
template <bool Watched>
class Watch {
 public:
  Watch(DecodeObserver*, const char*, std::size_t) {}
};

template <>
class Watch<true> {
 public:
  /// The body's first byte, and where that is in the payload.
  Watch(DecodeObserver* observer, const char* begin, std::size_t body_at)
      : observer_(observer), begin_(begin), reported_(begin), body_at_(body_at) {}

  /// True when something was taken since the last report.
  bool has_news(const char* to) const { return to != reported_; }
  void report(const char* to, std::string field_path, const FieldInfo* field, const void* object, const TextOp* step) {
    observer_->took({offset(reported_), offset(to), std::move(field_path), field, object, step});
    reported_ = to;
  }

  std::string inside;  ///< path of the struct that is being read, with its dot

 private:
  std::size_t offset(const char* at) const { return body_at_ + static_cast<std::size_t>(at - begin_); }

  DecodeObserver* observer_;
  const char* begin_;
  const char* reported_;
  std::size_t body_at_;
};

}  // namespace ibkr::protocol
