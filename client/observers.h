// Observers: who is told what no call or stream brings: notices, changes of the state, messages by type.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "client/state.h"
#include "client/stream.h"
#include "protocol/message.h"

namespace ibkr::client {

/// Names an observer, to take it out.
using ObserverId = std::uint64_t;

/// Thread safe. Observers may come and go at any time, also from inside one.
class Observers : public std::enable_shared_from_this<Observers> {
 public:
  /// `most_unread`: of what an observer has not been told yet.
  Observers(std::shared_ptr<ObserverThread> thread, std::size_t most_unread);
  ~Observers();
  Observers(const Observers&) = delete;
  Observers& operator=(const Observers&) = delete;

  ObserverId add_notice(std::function<void(const Error&)> observer);
  ObserverId add_state(std::function<void(const StateChange&)> observer);
  /// Every message of the type, whoever it is for.
  ObserverId add_message(const protocol::MessageInfo& type, std::function<void(const protocol::Message&)> observer);
  /// No call to it begins after this; one that has begun on another thread may still be running. False: there is none.
  bool remove(ObserverId id);

  /// I/O thread, or wherever something is to be told.
  void notice(const Error& error);
  void state(const StateChange& change);
  void message(const protocol::Message& message);

 private:
  struct StateItem;
  using StateFeed = Feed<StateItem>;

  std::shared_ptr<ObserverThread> thread_;
  std::size_t most_unread_;
  std::mutex mutex_;
  ObserverId next_ = 1;
  std::atomic<bool> has_messages_ = false;  // somebody has ever observed messages
  std::unordered_map<ObserverId, std::shared_ptr<EventFeed>> notices_;
  std::unordered_map<ObserverId, std::shared_ptr<StateFeed>> states_;
  std::unordered_map<const protocol::MessageInfo*, std::unordered_map<ObserverId, std::shared_ptr<EventFeed>>>
      messages_;
};

}  // namespace ibkr::client
