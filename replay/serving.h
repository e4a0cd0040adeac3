// Serving: one connection that is served a recorded session, without its socket. Bytes from the app in; bytes for the
// app and the time of the next ones out.
//
//   app ──► receive() ──► ServerSide ──► Matcher ──► Player ──► Answers ──► give() ──► app
//                                           └─ no match ──► error ───────────┘
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/server_side.h"
#include "replay/replay.h"

namespace ibkr::replay {

/// From its first byte on. Must not outlive the replay. Times are nanoseconds of one monotonic clock.
class Serving final : private protocol::ServerSide::Server {
 public:
  explicit Serving(Replay& replay);
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  /// Bytes from the app, in any split. `wall_ns`: since 1970, for what is answered out of the server's clock.
  void receive(std::string_view bytes, std::int64_t now_ns, std::int64_t wall_ns);
  /// Appends what is to be sent by now to `out`, until it holds `limit` bytes or more. The answer to the hello comes
  /// alone, as it must go out in a write of its own. Returns when there is something to do again, which may be now;
  /// none when only the app can bring more.
  std::optional<std::int64_t> give(std::int64_t now_ns, std::string& out, std::size_t limit);
  /// Everything that was given has left for the app. What has not by the end counts as not delivered.
  void taken() { owed_under_way_ = 0; }
  /// TWS's side has ended: send FIN behind what was given, and wait for the app to go. More than once.
  bool all_said() const { return all_said_; }
  /// It has said its hello, so that it is an app, or speaks like one.
  bool greeted() const { return side_.phase() != protocol::ServerSide::Phase::Hello; }
  /// Nothing that the app says is of interest any more: it is no app, or lost its frames. Close.
  bool given_up() const { return given_up_; }

  /// How the connection ended.
  enum class End : std::uint8_t {
    AppLeft,  ///< the app closed it, or we did when it was all_said() or given_up()
    Broken,   ///< reset, or the network failed
    Stopped,  ///< the replay was stopped while it was open
  };
  /// Once, as the last call. `detail` is for people.
  void ended(End end, std::string_view detail);

 private:
  /// A session that is being served.
  struct Session;

  std::optional<protocol::ServerSide::Answer> on_hello(const protocol::Hello& hello) override;
  void send_answer(std::string_view frame) override;
  void on_start(std::string_view payload, const protocol::Message& request) override;
  void on_passed_over(std::string_view payload) override;
  void on_request(std::string_view payload) override;
  bool serve(std::string_view payload);
  void serve_early(std::string_view payload);
  void refuse(Refused& refused);
  void turn_away(Verdict::TurnedAway::Why why, std::string text);
  void say(const protocol::Message& message);
  void play(std::int64_t now_ns, std::string& out, std::size_t limit, std::optional<std::int64_t>& next);
  void end_as_recorded();
  void judge(End end, std::string_view detail);

  Replay& replay_;
  std::size_t number_;
  protocol::ServerSide side_;
  std::unique_ptr<Session> session_;  // once START_API has chosen it
  std::int64_t now_ns_ = 0;           // of the call under way
  std::int64_t wall_ns_ = 0;
  protocol::Hello hello_;
  std::vector<std::string> early_;  // frames before START_API
  std::size_t early_bytes_ = 0;
  std::string answer_;  // to the hello, until it was given
  std::string said_;    // what we say ourselves, until it was given
  std::size_t owed_under_way_ = 0;
  bool cannot_speak_ = false;
  bool all_said_ = false;
  bool given_up_ = false;
  bool ended_ = false;
};

}  // namespace ibkr::replay
