// Stream<T>: answers that go on until they are cancelled, and what happens to them on the way.
//
//   Row … Row, EndOfBatch, Row … Row, Gap, Resumed, Row …, Closed
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "client/error.h"
#include "client/feed.h"
#include "client/process.h"
#include "client/rows.h"
#include "protocol/message.h"

namespace ibkr::client {

enum class StreamEventKind : std::uint8_t {
  Row,         ///< an answer
  EndOfBatch,  ///< what there was at the beginning is complete; of an order: it is over
  Remark,      ///< TWS said something about it; it goes on
  Gap,         ///< the connection was lost: what happens now is not seen
  Resumed,     ///< asked for again on a new connection
  Missed,      ///< rows were dropped, because they were not taken in time
  Closed,      ///< the last event: over, refused, cancelled, or no connection any more
};

/// An event as it comes from the I/O thread. For the room's own code.
struct RawEvent {
  StreamEventKind kind;
  std::optional<protocol::Message> row = std::nullopt;
  std::shared_ptr<const Error> error = nullptr;
  std::uint64_t missed_rows = 0;

  bool may_be_dropped() const { return kind == StreamEventKind::Row || kind == StreamEventKind::Remark; }
  static RawEvent missed(std::uint64_t how_many) { return {StreamEventKind::Missed, std::nullopt, nullptr, how_many}; }
};
using EventFeed = Feed<RawEvent>;

template <class T>
struct StreamEvent {
  StreamEventKind kind;
  std::optional<T> row = std::nullopt;           ///< of a Row
  std::shared_ptr<const Error> error = nullptr;  ///< why: of Remark, Gap, and of Closed where it did not end by itself
  std::uint64_t missed_rows = 0;                 ///< of Missed

  /// A raw row must be one that T can hold.
  static StreamEvent of(RawEvent raw) {
    StreamEvent event{raw.kind, std::nullopt, std::move(raw.error), raw.missed_rows};
    if (raw.row) event.row = row_of<T>(std::move(*raw.row));
    return event;
  }
};

/// A handle; copies are the same stream. When the last one goes, the stream is cancelled; an order goes on. Every
/// function from any thread, also inside observers.
template <class T>
class Stream {
 public:
  using Row = T;
  using Event = StreamEvent<T>;

  Stream() = default;
  Stream(std::shared_ptr<EventFeed> feed, std::function<void()> cancel)
      : held_(std::make_shared<Held>(std::move(feed), std::move(cancel))) {}

  /// The next event; none when none came within the time, or after Closed. Throws UsageError in a forked child.
  std::optional<Event> next(std::chrono::milliseconds at_most) const {
    held_->check_process();
    auto raw = held_->feed->next(at_most);
    if (!raw) return std::nullopt;
    return Event::of(std::move(*raw));
  }
  /// Calls `observer` on the observer thread with every event, from those that wait on. Another one takes its place, an
  /// empty one ends it. Either this or next().
  void observe(std::function<void(const Event&)> observer) const {
    held_->check_process();
    if (!observer) return held_->feed->observe(nullptr);
    held_->feed->observe([observer = std::move(observer)](RawEvent& raw) { observer(Event::of(std::move(raw))); });
  }
  /// Ends it: TWS is asked to stop, and Closed follows, its error being Cancelled. An order goes on at TWS.
  void cancel() const { held_->cancel(); }

 private:
  struct Held {
    Held(std::shared_ptr<EventFeed> made_feed, std::function<void()> made_cancel)
        : feed(std::move(made_feed)), cancel_it(std::move(made_cancel)) {}
    ~Held() { cancel(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    void cancel() const {
      if (made_in.is_current()) cancel_it();
    }
    void check_process() const {
      if (!made_in.is_current()) made_in.refuse();
    }
    std::shared_ptr<EventFeed> feed;
    std::function<void()> cancel_it;
    Process made_in;
  };
  std::shared_ptr<Held> held_;
};

}  // namespace ibkr::client
