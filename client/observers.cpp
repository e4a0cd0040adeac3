#include "client/observers.h"

#include <string>
#include <utility>

namespace ibkr::client {

struct Observers::StateItem {
  StateChange change;
  bool may_be_dropped() const { return false; }
  static StateItem missed(std::uint64_t) { return {}; }
};

namespace {

Error missed_error(std::uint64_t how_many, const std::string& what) {
  Error error(Reason::Remark, Concern::System, Severity::Warning,
              "an observer of " + what + " has missed " + std::to_string(how_many) + ": it is too slow");
  error.suggestion = "Do less in the observer, or hand its work to another thread";
  return error;
}

}  // namespace

Observers::Observers(std::shared_ptr<ObserverThread> thread, std::size_t most_unread)
    : thread_(std::move(thread)), most_unread_(most_unread) {}
Observers::~Observers() = default;

ObserverId Observers::add_notice(std::function<void(const Error&)> observer) {
  auto feed = std::make_shared<EventFeed>(thread_, most_unread_);
  feed->observe([observer = std::move(observer)](const RawEvent& event) {
    observer(event.error ? *event.error : missed_error(event.missed_rows, "notices"));
  });
  const std::lock_guard lock(mutex_);
  notices_.emplace(next_, std::move(feed));
  return next_++;
}

ObserverId Observers::add_state(std::function<void(const StateChange&)> observer) {
  auto feed = std::make_shared<StateFeed>(thread_, most_unread_);
  feed->observe([observer = std::move(observer)](const StateItem& item) { observer(item.change); });
  const std::lock_guard lock(mutex_);
  states_.emplace(next_, std::move(feed));
  return next_++;
}

ObserverId Observers::add_message(const protocol::MessageInfo& type,
                                  std::function<void(const protocol::Message&)> observer) {
  auto feed = std::make_shared<EventFeed>(thread_, most_unread_);
  feed->observe([all = weak_from_this(), name = type.name, observer = std::move(observer)](const RawEvent& event) {
    if (event.row) return observer(*event.row);
    if (const auto others = all.lock()) others->notice(missed_error(event.missed_rows, std::string(name)));
  });
  const std::lock_guard lock(mutex_);
  messages_[&type].emplace(next_, std::move(feed));
  has_messages_ = true;
  return next_++;
}

bool Observers::remove(ObserverId id) {
  std::shared_ptr<EventFeed> events;
  std::shared_ptr<StateFeed> states;
  {
    const std::lock_guard lock(mutex_);
    const auto take = [id](auto& feeds, auto& to) {
      const auto found = feeds.find(id);
      if (found == feeds.end()) return;
      to = std::move(found->second);
      feeds.erase(found);
    };
    take(notices_, events);
    take(states_, states);
    for (auto& [type, feeds] : messages_) take(feeds, events);
  }
  if (events) events->observe(nullptr);
  if (states) states->observe(nullptr);
  return events != nullptr || states != nullptr;
}

void Observers::notice(const Error& error) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, feed] : notices_)
    feed->push({StreamEventKind::Remark, std::nullopt, std::make_shared<Error>(error)});
}

void Observers::state(const StateChange& change) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, feed] : states_) feed->push({change});
}

void Observers::message(const protocol::Message& message) {
  if (!has_messages_.load(std::memory_order_relaxed)) return;  // the common case, and there are many messages
  const std::lock_guard lock(mutex_);
  const auto found = messages_.find(&message.type());
  if (found == messages_.end()) return;
  for (const auto& [id, feed] : found->second) feed->push({StreamEventKind::Row, message});
}

}  // namespace ibkr::client
