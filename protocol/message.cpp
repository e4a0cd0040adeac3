#include "protocol/message.h"

#include "protocol/storage.h"

namespace ibkr::protocol {
void Message::clear() {
  if (large_) {
    type_->body->ops->destroy(body_);
    body_ = type_->body->ops->create();
    large_ = false;
  } else {
    protocol::clear(*type_->body, body_);
  }
  residue.clear();
}

Message& Message::operator=(const Message& other) {
  if (this == &other) return *this;
  if (type_ == other.type_ && body_ != nullptr) {
    clear();
  } else {
    if (body_) type_->body->ops->destroy(body_);
    type_ = other.type_;
    body_ = type_->body->ops->create();
  }
  copy(*type_->body, body_, other.body_);
  residue = other.residue;
  return *this;
}

}  // namespace ibkr::protocol
