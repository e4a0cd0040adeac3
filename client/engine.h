// Engine: the I/O thread and what lives on it. Whoever holds one hands it requests from any thread; a client's handles
// know it weakly, so that they may outlive the client.
//
//   any thread ── submit, give_up ──► I/O thread: Router, Connection ── results ──► calls, streams, observers
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "client/call.h"
#include "client/connection.h"
#include "client/ids.h"
#include "client/observers.h"
#include "client/options.h"
#include "client/process.h"
#include "client/router.h"
#include "net/loop.h"

namespace ibkr::client {

/// Every public function from any thread, also inside observers.
class Engine final : public std::enable_shared_from_this<Engine>, private Connection::User {
 public:
  /// Starts the I/O thread. Throws std::runtime_error where the system has no thread or descriptor left.
  Engine(Options options, MakeTransport make_transport);
  /// After stop().
  ~Engine();

  /// Gives the request to the I/O thread; its sink gets whatever becomes of it. After stop() it fails at once, and so
  /// it does in a forked child.
  void submit(Submission submission);
  void give_up(Ticket ticket, const Error& error);
  Ticket next_ticket() { return next_ticket_.fetch_add(1, std::memory_order_relaxed); }

  /// Throws UsageError in a forked child.
  Call<ConnectResult> connect();
  Call<Done> disconnect();
  /// Disconnects for good and ends the I/O thread; waits for that, which depends on nobody's code. More than once.
  void stop();

  State state() const;
  std::optional<ConnectResult> connection() const;
  bool wait_connected(std::chrono::milliseconds at_most) const;
  void set_rate(std::size_t messages_per_second);
  Call<Counters> counters();

  const Options& options() const { return options_; }
  const std::shared_ptr<ObserverThread>& thread() const { return thread_; }
  Observers& observers() { return *observers_; }
  Ids& ids() { return ids_; }
  const Process& process() const { return process_; }

 private:
  void on_connected(const ConnectResult& result) override;
  void on_message(protocol::Message message) override;
  void begin_messages() override;
  void end_messages() override;
  void on_unreadable(const protocol::DecodeError& error) override;
  void on_lost(const Error& error, State state) override;
  void on_state(const StateChange& change) override;
  void on_idle() override;
  void on_drain() override { router_.drained(); }

  /// Runs `task` on the I/O thread; false after stop().
  bool post(std::function<void()> task);
  void take_submissions();
  Error why_not(const protocol::Message& request) const;
  void finish_connects(const Result<ConnectResult>& result);
  Counters count() const;

  Options options_;
  Process process_;
  std::shared_ptr<ObserverThread> thread_;
  std::shared_ptr<Observers> observers_;
  Ids ids_;
  net::Loop loop_;
  Connection connection_;
  Router router_;
  std::atomic<Ticket> next_ticket_ = 1;

  // I/O thread
  std::vector<std::shared_ptr<CallState<ConnectResult>>> connecting_;
  std::optional<ConnectResult> result_;
  std::optional<Error> last_reason_;
  std::uint64_t messages_in_ = 0, unreadable_ = 0, connections_ = 0;

  std::mutex queue_mutex_;
  std::vector<Submission> queue_;
  bool stopped_ = false;
  Counters last_counters_;

  mutable std::mutex state_mutex_;
  mutable std::condition_variable state_changed_;
  State state_ = State::Disconnected;
  std::optional<ConnectResult> current_;

  std::mutex stop_mutex_;
  std::thread io_;
};

}  // namespace ibkr::client
