#include "client/pacing.h"

namespace ibkr::client {

bool Pacing::take(std::int64_t now_ns) {
  if (per_second_ == 0) return true;
  while (!sent_ns_.empty() && now_ns - sent_ns_.front() >= kSecond) sent_ns_.pop_front();
  if (sent_ns_.size() >= per_second_) return false;
  sent_ns_.push_back(now_ns);
  return true;
}

std::int64_t Pacing::next_ns() const {
  return sent_ns_.size() < per_second_ ? 0 : sent_ns_[sent_ns_.size() - per_second_] + kSecond;
}

}  // namespace ibkr::client
