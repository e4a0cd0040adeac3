// Router: every request that is under way, and which of them an incoming message is for.
//
//   submit ──► turn ──► queue ──► pacing ──► encoder ──► Connection
//                                                │ sent
//   AnswerSink ◄── router ◄── Exchanges ◄────────┴── messages
//
// A request's answers are found by protocol::Exchanges. Requests without an id whose answers could be mistaken wait for
// their turn (turns.h); subscriptions of which TWS has one per connection are shared, and cancelled with their last
// user.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/answer_sink.h"
#include "client/connection.h"
#include "client/ids.h"
#include "client/options.h"
#include "client/pacing.h"
#include "client/turns.h"
#include "net/timer.h"
#include "protocol/exchanges.h"

namespace ibkr::client {

/// What a request is to bring.
enum class Want : std::uint8_t {
  Sent,        ///< nothing: it is done when it was sent
  Answers,     ///< its answers up to its end
  FirstBatch,  ///< the same; of a subscription its first batch, after which it is cancelled
  Stream,      ///< everything, until it is cancelled or over
};

struct Submission {
  Ticket ticket;
  protocol::Message message;
  Want want;
  std::unique_ptr<AnswerSink> sink;  ///< null: nobody cares
  std::int64_t limit_ns;             ///< for the whole of it; 0: none
};

/// I/O thread only.
class Router {
 public:
  /// `on_notice`: what TWS says that is no answer to a call.
  Router(net::Loop& loop, Connection& connection, const Options& options, Ids& ids,
         std::function<void(const Error&)> on_notice);

  /// Takes a request, or fails its sink. Only while connected.
  void submit(Submission submission);
  /// Fails it with `error`, unless it is over. At TWS it is cancelled where it can be; an order goes on.
  void give_up(Ticket ticket, const Error& error);
  void came(protocol::Message message);

  /// A new connection: settings and subscriptions are sent again.
  void connected(int server_version);
  /// Fails every call. Streams go on where the connection `comes_back`.
  void lost(const Error& error, bool comes_back);

  /// Between the two nothing is written, so that what is submitted together leaves together.
  void begin_batch() { in_batch_ = true; }
  void end_batch();
  /// What was written has left.
  void drained() { pump(); }
  void set_rate(std::size_t messages_per_second);

  std::size_t under_way() const { return sent_.size() + shared_.size(); }
  std::size_t waiting() const { return waiting_; }
  std::uint64_t messages_out() const { return messages_out_; }
  std::uint64_t late_answers() const { return late_answers_; }

 private:
  using RequestIndex = protocol::RequestIndex;
  enum class Stage : std::uint8_t {
    InLine,  ///< another one has its turn
    Queued,  ///< may be sent, when pacing lets it
    Sent,
    Down,  ///< a stream without a connection
  };
  struct Alarm {
    enum class What : std::uint8_t { OutOfTime, AskAgain, Forget } what;
    Ticket ticket = 0;
    RequestIndex index = protocol::kNoRequest;
  };
  using Alarms = std::multimap<std::int64_t, Alarm>;
  struct Pending {
    Ticket ticket;
    protocol::Message message;
    Want want;
    std::unique_ptr<AnswerSink> sink;
    Stage stage = Stage::Queued;
    bool is_order = false;   // an order goes on whatever becomes of this
    bool is_shared = false;  // in shared_
    bool resumes = false;    // sent before, on another connection
    RequestIndex index = protocol::kNoRequest;
    std::optional<std::string> turn = std::nullopt;
    std::optional<Alarms::iterator> out_of_time = std::nullopt, ask_again = std::nullopt;
  };
  /// The users of a subscription of which there is one per connection.
  struct Shared {
    std::string key;
    std::vector<Ticket> users;
    std::vector<RequestIndex> indices;  // it is sent again for every user, who gets a first batch then
  };
  struct GivenUp {
    Ticket ticket;
    std::optional<std::string> turn;
  };

  // router.cpp: on the way out
  std::optional<Error> why_not(const Submission& submission) const;
  void give_ids(protocol::Message& message);
  void start(Pending& pending);
  void join(Pending& pending);
  void enqueue(Pending& pending);
  void pump();
  Pending* next_queued();
  void transmit(Pending& pending);
  void silence(const std::vector<protocol::Silenced>& silenced);
  void send_cancel(const protocol::Message& request);
  void flush();
  void pass_turn(const std::optional<std::string>& turn, Ticket ticket);
  std::unique_ptr<AnswerSink> remove(Pending& pending);
  void abandon(RequestIndex index, Ticket ticket, std::optional<std::string> turn);
  void leave_shared(Pending& pending);
  void give_up(Pending& pending, const Error& error);
  Pending* find(Ticket ticket);
  Alarms::iterator set_alarm(std::int64_t at_ns, Alarm alarm);
  void arm();
  void ring();
  void ring(const Alarm& alarm);

  // router_answers.cpp: on the way in
  void came_error(const protocol::Message& message, const protocol::Cause& cause);
  void deliver(RequestIndex index, protocol::Message message, const protocol::Cause& cause);
  void deliver_shared(const protocol::MessageInfo& type, RequestIndex index, const protocol::Message& message,
                      bool end);
  void deliver_to_order(const protocol::Message& message, const protocol::Cause& cause);
  void deliver(Pending& pending, protocol::Message message, bool end, bool update);
  void answer_those_in_line(const Pending& pending, const protocol::Message& message);
  bool refuse(Pending& pending, const protocol::Message& message, bool ends_exchange);
  void complete(Pending& pending);
  bool count_late(RequestIndex index, bool end);
  Pending* find_sent(RequestIndex index);
  Pending* order_of(const protocol::Message& message, const protocol::Cause& cause);

  Connection& connection_;
  const Options& options_;
  Ids& ids_;
  std::function<void(const Error&)> on_notice_;
  int server_version_ = 0;  // 0: not connected
  protocol::Exchanges exchanges_{0};
  RequestIndex next_index_ = 0;
  Ticket next_own_ticket_ = kOwnTickets;

  std::unordered_map<Ticket, Pending> pending_;
  std::unordered_map<RequestIndex, Ticket> sent_;
  std::unordered_map<const protocol::MessageInfo*, Shared> shared_;
  std::unordered_map<std::int64_t, Ticket> orders_;  // streams of orders by order id
  std::unordered_map<RequestIndex, GivenUp> given_up_;
  std::map<const protocol::MessageInfo*, protocol::Message> settings_;
  Turns turns_;
  std::deque<Ticket> urgent_, queue_;
  std::size_t waiting_ = 0;
  Pacing pacing_;
  std::string out_, payload_;
  bool in_batch_ = false;
  bool is_pumping_ = false;

  Alarms alarms_;
  net::Timer alarm_, pace_;
  std::int64_t armed_ns_ = kNever;  // of alarm_
  std::uint64_t messages_out_ = 0;
  std::uint64_t late_answers_ = 0;

  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  static constexpr Ticket kOwnTickets = Ticket{1} << 63;
};

}  // namespace ibkr::client
