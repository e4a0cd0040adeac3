// Queue: what the journal has been given and not yet committed, in the order of its sequence numbers. Bounded in bytes.
//
//   Chunk   [head payload][head payload][head → controls[0]][head payload]…    frames lie in one block, rare things
//           (sessions that begin and end, events) beside it
//
// A full queue drops or makes its producers wait (WhenFull). Once it has dropped something, it counts all frames and
// events instead of keeping them until the journal thread has released an eighth of the limit. Then it goes on with a
// Gap control for each session that misses something.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "journal/types.h"
#include "protocol/frame.h"
#include "protocol/schema.h"

namespace ibkr::journal {

struct BeginSession {
  SessionId session;
  SessionStart start;
};
struct HelloSeen {
  protocol::Hello hello;
  std::string raw;
};
struct AnswerSeen {
  protocol::HelloAnswer answer;
  std::string payload;
};
struct EventSeen {
  std::string kind;
  std::string text;
  std::string raw;
};
struct EndSession {
  EndStatus status;
  std::string reason;
};
/// Frames and events of one session that were not recorded.
struct Gap {
  std::int64_t count = 0;
  std::int64_t bytes = 0;  ///< of their payloads
  Sequence first = 0;
  Sequence last = 0;
};
using Control = std::variant<BeginSession, HelloSeen, AnswerSeen, EventSeen, EndSession, Gap>;

/// What precedes each payload in a chunk.
struct RecordHead {
  SessionId session;
  Sequence sequence;  ///< of the frame, or the last one before a control that takes none
  Stamp at;
  std::uint32_t size;  ///< payload bytes that follow; for a control its place in Chunk::controls
  bool is_control;
  protocol::Direction direction;
};

/// A block of records.
struct Chunk {
  std::unique_ptr<char[]> data;
  std::size_t capacity = 0;
  std::size_t used = 0;
  std::vector<Control> controls;
  std::size_t counted = 0;       ///< bytes that it counts for in the queue's limit
  std::uint64_t end_ticket = 0;  ///< of its last record
  Sequence last_sequence = 0;
  std::int64_t frames = 0;

  /// Calls on_frame(head, payload) and on_control(head, control) in order.
  template <class OnFrame, class OnControl>
  void for_each(OnFrame&& on_frame, OnControl&& on_control) const;
};
using Batch = std::vector<std::unique_ptr<Chunk>>;

/// Many producers, one consumer (the journal thread).
class Queue {
 public:
  /// `next`: the first sequence number to give. `patience`: of producers that wait (WhenFull::Wait) while nothing is
  /// released.
  Queue(std::size_t limit_bytes, Sequence next, WhenFull when_full, std::chrono::milliseconds patience)
      : limit_(limit_bytes), when_full_(when_full), patience_(patience), next_(next) {}

  struct Pushed {
    Sequence sequence;  ///< of the frame, used up also when it was dropped
    bool became_full;   ///< this call was the first to be dropped
  };
  Pushed push_frame(SessionId session, protocol::Direction direction, std::string_view payload, Stamp at);
  /// `takes_sequence`: it becomes a row of messages. Controls may use a reserve past the limit, so that sessions keep
  /// their ends while frames are dropped; events may not.
  Pushed push_control(SessionId session, Control control, Stamp at, bool takes_sequence, bool may_use_reserve);

  /// Waits until `interval` has passed, much is waiting, or wake() was called.
  void wait(std::chrono::milliseconds interval);
  void wake();
  /// The oldest records, at least one chunk when there are any, about `max_bytes`. They count until release().
  Batch take(std::size_t max_bytes);
  void release(Batch batch);

  std::size_t bytes() const;
  bool dropping() const;
  /// True while frames or events that were dropped have no Gap control in the queue yet.
  bool has_gaps() const;
  /// Number of the last record that was pushed; compare with Chunk::end_ticket.
  std::uint64_t last_ticket() const;

 private:
  bool has_room(std::unique_lock<std::mutex>& lock, std::size_t size, bool may_use_reserve);
  char* reserve(std::size_t size, std::size_t counted);  // mutex_ held
  void append_control(const RecordHead& head, Control control, std::size_t counted);
  void drop(SessionId session, Sequence sequence, std::size_t bytes, Pushed& result);
  void leave_dropping();
  void append_gaps();
  std::unique_ptr<Chunk> fresh_chunk(std::size_t capacity);

  const std::size_t limit_;
  const WhenFull when_full_;
  const std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;
  std::condition_variable wakeup_;
  bool wake_ = false;
  std::condition_variable released_;
  std::uint64_t releases_ = 0;
  std::deque<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::unique_ptr<Chunk>> spare_;
  std::size_t bytes_ = 0;    // in chunks_ and in batches not yet released
  std::size_t waiting_ = 0;  // in chunks_
  Sequence next_;
  std::uint64_t ticket_ = 0;
  bool dropping_ = false;
  std::map<SessionId, Gap> gaps_;
};

template <class OnFrame, class OnControl>
void Chunk::for_each(OnFrame&& on_frame, OnControl&& on_control) const {
  for (std::size_t at = 0; at < used;) {
    RecordHead head;
    std::memcpy(&head, data.get() + at, sizeof head);
    at += sizeof head;
    if (head.is_control) {
      on_control(head, controls[head.size]);
    } else {
      on_frame(head, std::string_view(data.get() + at, head.size));
      at += head.size;
    }
  }
}

}  // namespace ibkr::journal
