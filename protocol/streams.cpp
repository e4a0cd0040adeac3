#include "protocol/streams.h"

#include <algorithm>

namespace ibkr::protocol {

void FramedStream::keep_unread(std::string_view bytes, std::size_t begun_before, std::size_t framed_bytes) {
  // The bad length lies behind the whole frames; its first bytes may have come with an earlier call.
  const bool began_earlier = framed_bytes == 0 && begun_before > 0;
  if (began_earlier) {
    unread_ = framer_.pending_bytes();
    unread_ += bytes.substr(unread_.size() - begun_before);
    return;
  }
  unread_ = bytes.substr(framed_bytes - std::min(framed_bytes, begun_before));
}

void AppStream::fail_hello() {
  hello_error_ = hello_->error();
  unread_ = hello_->rest();
  hello_.reset();
}

}  // namespace ibkr::protocol
