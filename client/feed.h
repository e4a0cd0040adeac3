// Feed: a bounded queue from the I/O thread to the user: taken one by one, or observed.
//
//   I/O thread ── push() ──► items ──► next()              any thread
//                              └─────► observer function   on the observer thread
//
// A slow taker slows nobody: past the bound the oldest items that may be dropped are, and an item says how many.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "client/observer_thread.h"

namespace ibkr::client {

/// Thread safe. `Item` has functions
///   bool may_be_dropped() const;
///   static Item missed(std::uint64_t how_many);   // an item that says so; may not be dropped
template <class Item>
class Feed : public std::enable_shared_from_this<Feed<Item>> {
 public:
  using Observer = std::function<void(Item&)>;

  /// `bound`: of items that may be dropped, 1 or more.
  Feed(std::shared_ptr<ObserverThread> thread, std::size_t bound) : thread_(std::move(thread)), bound_(bound) {}

  /// Never waits. Nothing after close().
  void push(Item item) {
    bool wakes = false;
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      add(std::move(item));
      wakes = must_wake();
    }
    if (wakes) post_give();
  }
  /// Adds the last item.
  void close(Item last) {
    bool wakes = false;
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      add(std::move(last));
      closed_ = true;
      wakes = must_wake();
    }
    if (wakes) post_give();
  }

  /// The next item; none when none came within the time, or after the last one. Not beside an observer.
  std::optional<Item> next(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    changed_.wait_until(lock, deadline, [this] { return !items_.empty() || closed_; });
    return take();
  }

  /// Calls `observer` on the observer thread with every item from now on, and with those that wait. Another one takes
  /// its place. An empty one ends it: after that no call begins; one that has begun on another thread may still be
  /// running.
  void observe(Observer observer) {
    auto kept = observer ? std::make_shared<Observer>(std::move(observer)) : nullptr;
    bool wakes = false;
    {
      const std::lock_guard lock(mutex_);
      observer_.swap(kept);  // the other one is destroyed without the lock: it is the user's
      ++changes_;
      wakes = must_wake();
    }
    if (wakes) post_give();
  }

 private:
  void add(Item item) {
    if (item.may_be_dropped() && ++droppable_ > bound_) drop_oldest();
    items_.push_back(std::move(item));
    changed_.notify_one();
  }

  void drop_oldest() {
    for (auto at = items_.begin(); at != items_.end(); ++at) {
      if (!at->may_be_dropped()) continue;
      items_.erase(at);
      --droppable_;
      ++missed_;
      return;
    }
  }

  std::optional<Item> take() {
    if (missed_ > 0) return Item::missed(std::exchange(missed_, 0));
    if (items_.empty()) return std::nullopt;
    std::optional<Item> first(std::move(items_.front()));
    items_.pop_front();
    if (first->may_be_dropped()) --droppable_;
    return first;
  }

  /// One task at a time gives the observer what waits.
  bool must_wake() {
    if (observer_ == nullptr || is_waking_ || (items_.empty() && missed_ == 0)) return false;
    is_waking_ = true;
    return true;
  }
  void post_give() {
    thread_->post([self = this->shared_from_this()] { self->give(); });
  }

  void give() {
    std::shared_ptr<Observer> observer = take_all();
    for (std::size_t i = 0; i < kBatch && !given_.empty(); ++i) {
      if (changes_.load(std::memory_order_acquire) != seen_) observer = take_all();
      if (observer == nullptr) return;
      Item item = std::move(given_.front());
      given_.pop_front();
      thread_->run_guarded([&] { (*observer)(item); });
    }
    if (observer != nullptr) post_give();  // others have their turn
  }
  /// Takes what waits out of the lock's reach, where nothing has been left of before. Null: there is nothing, or nobody
  /// for it, and what was left waits again.
  std::shared_ptr<Observer> take_all() {
    const std::lock_guard lock(mutex_);
    seen_ = changes_;
    if (observer_ == nullptr) {
      for (; !given_.empty(); given_.pop_back()) {
        droppable_ += given_.back().may_be_dropped() ? 1 : 0;
        items_.push_front(std::move(given_.back()));
      }
    } else if (given_.empty()) {
      given_.swap(items_);
      droppable_ = 0;
      if (missed_ > 0) given_.push_front(Item::missed(std::exchange(missed_, 0)));
    }
    if (!given_.empty()) return observer_;
    is_waking_ = false;
    if (closed_ && items_.empty()) observer_ = nullptr;  // it may hold this feed
    return nullptr;
  }

  static constexpr std::size_t kBatch = 256;

  std::shared_ptr<ObserverThread> thread_;
  std::size_t bound_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  std::size_t droppable_ = 0;  // among them
  std::uint64_t missed_ = 0;
  bool closed_ = false;
  bool is_waking_ = false;
  std::shared_ptr<Observer> observer_;
  std::atomic<std::uint64_t> changes_ = 0;  // of observer_
  // observer thread
  std::uint64_t seen_ = 0;
  std::deque<Item> given_;  // taken out, and not told yet
};

}  // namespace ibkr::client
