// ReplayServer: a fake TWS on a port. It answers the hello as recorded, matches what the app asks and plays what was
// answered. An app that asks for something else is refused, told so, and the verdict says so.
//
//   app ──► Framer ──► decode ──► Matcher ──► Player ──► app
//                                    └─ no match ──► ErrorMessage ──► app
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/tcp.h"
#include "replay/matcher.h"
#include "replay/player.h"
#include "replay/recording.h"

namespace ibkr::replay {

struct ReplayOptions {
  std::string file;
  std::optional<journal::SessionId> session;  ///< none: the last sealed one, or the last when none is sealed
  net::Address listen{"127.0.0.1", 7497};     ///< port 0 takes a free one
  double speed = 1;                           ///< divides every delay; kMaxSpeed for none
  bool repeat = false;                        ///< serve any number of connections, each from the start
  MatchOptions match;
};

/// Reads "1", "10", "0.5" or "max". The error says what was given and what it should look like.
Expected<double, std::string> parse_speed(std::string_view text);

/// The server version to speak with an app, or none when it cannot speak the recorded one.
std::optional<int> server_version_for(const protocol::Hello& hello, const Recording& recording);

/// What came of it. Texts are for people, one line each, at most kMaxReports of a kind.
struct Verdict {
  std::size_t connections = 0;  ///< that said a valid hello
  std::size_t served = 0;       ///< requests that were matched
  std::size_t unmatched_count = 0;
  std::vector<std::string> unmatched;  ///< requests that were refused, field by field
  std::vector<std::string> refused;    ///< connections that were
  std::vector<std::string> let_go;     ///< moments that were asked for otherwise than recorded
  std::vector<std::string> unused;     ///< recorded requests that no connection made: "#12 MarketDataRequest"
  /// At least one request was served, and none refused.
  bool ok() const { return served > 0 && unmatched_count == 0 && refused.empty(); }
};
inline constexpr std::size_t kMaxReports = 1000;

class ReplayServer {
 public:
  /// Loads the session and listens. Throws std::runtime_error when the file, the session or the port cannot be used;
  /// the text says what, where and what to do. `on_finished` is called once, from the loop, when the one connection has
  /// ended; with repeat it is never called. It may destroy the server.
  ReplayServer(net::Loop& loop, ReplayOptions options, std::function<void()> on_finished = {});
  ~ReplayServer();
  ReplayServer(const ReplayServer&) = delete;
  ReplayServer& operator=(const ReplayServer&) = delete;

  /// Where it listens, with the port that the system chose.
  const net::Address& address() const { return address_; }
  const Recording& recording() const { return recording_; }
  /// What came of it until now.
  Verdict verdict() const;

 private:
  class Connection;
  friend class Connection;
  void accept(std::unique_ptr<net::Connection> accepted);
  // What connections tell.
  enum class Begin : std::uint8_t { Serve, CannotSpeak, AlreadyServed };
  Begin begin(const protocol::Hello& hello, std::size_t number);
  void matched(RequestIndex request);
  void let_go(std::string text);
  void unmatched(std::string text);
  /// Destroys the connection, and may destroy the server. `counted`: it was the one connection that is served.
  void ended(const Connection& connection, bool counted);

  net::Loop& loop_;
  ReplayOptions options_;
  std::function<void()> on_finished_;
  Recording recording_;
  Contents contents_;
  protocol::Pseudonyms pseudonyms_;
  Verdict verdict_;
  std::vector<bool> used_;
  std::size_t last_number_ = 0;
  std::map<const Connection*, std::unique_ptr<Connection>> connections_;
  std::unique_ptr<net::Listener> listener_;
  net::Address address_;
};

}  // namespace ibkr::replay
