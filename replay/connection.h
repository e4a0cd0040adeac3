// One app that is served a recording. Included by replay/server.cpp and connection.cpp only.
//
//   hello ──► answer, alone in one write ──► nothing until the app's first frame ──► requests ⇄ answers
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/tcp.h"
#include "net/timer.h"
#include "protocol/frame.h"
#include "replay/ids.h"
#include "replay/matcher.h"
#include "replay/player.h"
#include "replay/server.h"

namespace ibkr::replay {

/// Owned by its server; reports to it, and asks it to be destroyed as the last thing it does.
class ReplayServer::Connection {
 public:
  /// `number` is for logs.
  Connection(ReplayServer& server, std::unique_ptr<net::Connection> tcp, std::size_t number);

 private:
  void on_data(std::string_view bytes);
  void on_hello(std::string_view bytes);
  void on_frames(std::string_view bytes);
  void on_request(std::string_view payload);
  void matched(const Matched& matched);
  void refuse(const Refused& refused);
  void send(const protocol::Message& message);
  void play();
  void end_as_recorded();
  void finish(std::string_view why);

  ReplayServer& server_;
  std::unique_ptr<net::Connection> tcp_;
  std::size_t number_;
  net::Timer timer_;
  protocol::HelloReader hello_;
  protocol::Framer framer_;
  Ids ids_;
  Matcher matcher_;
  Player player_;
  std::string out_;        // what the next write sends
  std::size_t unmade_;     // recorded requests that this app has not made
  bool started_ = false;   // its hello was answered
  bool counted_ = false;   // it is the connection that the server was started for
  bool all_sent_ = false;  // TWS's side has ended, as it did in the recording
};

}  // namespace ibkr::replay
