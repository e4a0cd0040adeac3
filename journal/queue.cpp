// The bounded queue between the wire and the journal thread (queue.h).
#include "journal/queue.h"

#include <algorithm>

namespace ibkr::journal {

namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20;
constexpr std::size_t kWakeBytes = std::size_t{2} << 20;  // more than a commit interval's worth at any usual rate
constexpr std::size_t kSpareChunks = 8;

struct ControlSize {
  std::size_t operator()(const BeginSession& c) const { return c.start.peer.size() + c.start.host.size(); }
  std::size_t operator()(const HelloSeen& c) const { return c.raw.size() + c.hello.options.size(); }
  std::size_t operator()(const AnswerSeen& c) const { return c.payload.size() + c.answer.connection_time.size(); }
  std::size_t operator()(const EventSeen& c) const { return c.kind.size() + c.text.size() + c.raw.size(); }
  std::size_t operator()(const EndSession& c) const { return c.reason.size(); }
  std::size_t operator()(const Gap&) const { return 0; }
};

}  // namespace

// False when the record has to be dropped. Where producers wait, they have done so then.
bool Queue::has_room(std::unique_lock<std::mutex>& lock, std::size_t size, bool may_use_reserve) {
  const std::size_t limit = may_use_reserve ? limit_ + limit_ / 16 : limit_;
  const auto fits = [&] { return bytes_ + size <= limit || (when_full_ == WhenFull::Wait && bytes_ == 0); };
  while (when_full_ == WhenFull::Wait && !dropping_ && !fits()) {
    wake_ = true;
    wakeup_.notify_one();
    const std::uint64_t before = releases_;
    if (!released_.wait_for(lock, patience_, [&] { return releases_ != before; })) break;
  }
  return fits() && (!dropping_ || may_use_reserve);
}

Queue::Pushed Queue::push_frame(SessionId session, protocol::Direction direction, std::string_view payload, Stamp at) {
  const std::size_t size = sizeof(RecordHead) + payload.size();
  std::unique_lock lock(mutex_);
  const bool room = has_room(lock, size, false);
  Pushed result{next_++, false};
  if (!room) {
    drop(session, result.sequence, payload.size(), result);
    return result;
  }
  const RecordHead head{session, result.sequence, at, static_cast<std::uint32_t>(payload.size()), false, direction};
  char* to = reserve(size, size);
  std::memcpy(to, &head, sizeof head);
  if (!payload.empty()) std::memcpy(to + sizeof head, payload.data(), payload.size());
  Chunk& chunk = *chunks_.back();
  chunk.last_sequence = result.sequence;
  ++chunk.frames;
  const bool notify = waiting_ >= kWakeBytes && waiting_ - size < kWakeBytes;
  lock.unlock();
  if (notify) wakeup_.notify_one();
  return result;
}

Queue::Pushed Queue::push_control(SessionId session, Control control, Stamp at, bool takes_sequence,
                                  bool may_use_reserve) {
  const std::size_t size = std::visit(ControlSize{}, control);
  const std::size_t counted = sizeof(RecordHead) + sizeof(Control) + size;
  std::unique_lock lock(mutex_);
  const bool room = has_room(lock, counted, may_use_reserve);
  Pushed result{takes_sequence ? next_++ : next_ - 1, false};
  if (!room) {
    drop(session, result.sequence, size, result);
    return result;
  }
  append_control({session, result.sequence, at, 0, true, protocol::Direction::In}, std::move(control), counted);
  return result;
}

void Queue::append_control(const RecordHead& head, Control control, std::size_t counted) {
  char* to = reserve(sizeof head, counted);
  Chunk& chunk = *chunks_.back();
  RecordHead placed = head;
  placed.size = static_cast<std::uint32_t>(chunk.controls.size());
  std::memcpy(to, &placed, sizeof placed);
  chunk.controls.push_back(std::move(control));
  chunk.last_sequence = std::max(chunk.last_sequence, head.sequence);
}

char* Queue::reserve(std::size_t size, std::size_t counted) {
  if (chunks_.empty() || chunks_.back()->capacity - chunks_.back()->used < size) {
    chunks_.push_back(fresh_chunk(std::max(size, kChunkBytes)));
  }
  Chunk& chunk = *chunks_.back();
  char* to = chunk.data.get() + chunk.used;
  chunk.used += size;
  chunk.counted += counted;
  chunk.end_ticket = ++ticket_;
  bytes_ += counted;
  waiting_ += counted;
  return to;
}

std::unique_ptr<Chunk> Queue::fresh_chunk(std::size_t capacity) {
  if (capacity == kChunkBytes && !spare_.empty()) {
    auto chunk = std::move(spare_.back());
    spare_.pop_back();
    return chunk;
  }
  auto chunk = std::make_unique<Chunk>();
  chunk->data.reset(new char[capacity]);  // not make_unique: that would zero it
  chunk->capacity = capacity;
  return chunk;
}

void Queue::drop(SessionId session, Sequence sequence, std::size_t bytes, Pushed& result) {
  result.became_full = !dropping_;
  dropping_ = true;
  Gap& gap = gaps_[session];
  if (gap.count == 0) gap.first = sequence;
  gap.last = sequence;
  ++gap.count;
  gap.bytes += static_cast<std::int64_t>(bytes);
}

void Queue::leave_dropping() {
  if (dropping_ && bytes_ <= limit_ - limit_ / 8) dropping_ = false;
}

void Queue::append_gaps() {
  for (const auto& [session, gap] : gaps_) {
    append_control({session, gap.last, Stamp::now(), 0, true, protocol::Direction::In}, gap,
                   sizeof(RecordHead) + sizeof(Control));
  }
  gaps_.clear();
}

void Queue::wait(std::chrono::milliseconds interval) {
  std::unique_lock lock(mutex_);
  wakeup_.wait_for(lock, interval, [this] { return wake_ || waiting_ >= kWakeBytes; });
  wake_ = false;
}

void Queue::wake() {
  {
    std::lock_guard lock(mutex_);
    wake_ = true;
  }
  wakeup_.notify_one();
}

Batch Queue::take(std::size_t max_bytes) {
  Batch batch;
  std::lock_guard lock(mutex_);
  leave_dropping();
  if (!dropping_ && !gaps_.empty()) append_gaps();
  std::size_t taken = 0;
  while (!chunks_.empty() && (batch.empty() || taken + chunks_.front()->counted <= max_bytes)) {
    taken += chunks_.front()->counted;
    batch.push_back(std::move(chunks_.front()));
    chunks_.pop_front();
  }
  waiting_ -= taken;
  return batch;
}

void Queue::release(Batch batch) {
  std::size_t freed = 0;
  for (auto& chunk : batch) {
    freed += chunk->counted;
    chunk->controls.clear();
    chunk->used = chunk->counted = 0;
    chunk->last_sequence = 0;
    chunk->frames = 0;
  }
  std::lock_guard lock(mutex_);
  bytes_ -= freed;
  ++releases_;
  released_.notify_all();
  leave_dropping();
  for (auto& chunk : batch) {
    if (chunk->capacity == kChunkBytes && spare_.size() < kSpareChunks) spare_.push_back(std::move(chunk));
  }
}

std::size_t Queue::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

bool Queue::dropping() const {
  std::lock_guard lock(mutex_);
  return dropping_;
}

bool Queue::has_gaps() const {
  std::lock_guard lock(mutex_);
  return !gaps_.empty();
}

std::uint64_t Queue::last_ticket() const {
  std::lock_guard lock(mutex_);
  return ticket_;
}

}  // namespace ibkr::journal
