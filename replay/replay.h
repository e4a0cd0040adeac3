// Replay: recorded sessions that are served to apps, which of them has been, and the verdict. No sockets and no clock:
// a ReplayServer is one caller, an app in the same process another.
//
//   journal ──► choice ──► Recording, Recording … ──► Replay ◄── Serving (serving.h), one a connection
//                                                          └──► Verdict
//
// Which session a connection gets: the hello is answered as in the next session that has not been served and whose
// version the app speaks, rather one that began with the same hello. At START_API it becomes the first such session of
// the app's client id, else the first one. So an app with several connections, or one that connects again, is served as
// it was recorded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/frame.h"
#include "protocol/pseudonyms.h"
#include "replay/choice.h"
#include "replay/contents.h"
#include "replay/ids.h"
#include "replay/matcher.h"
#include "replay/player.h"
#include "replay/recording.h"
#include "replay/verdict.h"

namespace ibkr::replay {

class Serving;

struct ServingOptions {
  double speed = 1;      ///< divides every delay; kMaxSpeed for none
  bool repeat = false;   ///< when all sessions have been served, serve them again, for ever
  MatchOptions match{};  ///< what may be let go
};

/// What was found in a journal.
struct Loaded {
  std::vector<Recording> recordings;  ///< in the order recorded; at least one
  std::vector<Chosen::PassedOver> passed_over;
  std::size_t of_earlier_runs = 0;
  Listed<Problem> problems;  ///< also of the file
};
/// Opens a journal, chooses and loads. Fails where nothing can be served.
Expected<Loaded, LoadError> load(const std::string& file, const SessionChoice& choice);

class Replay {
 public:
  Replay(Loaded loaded, ServingOptions options);
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  /// Every session was served, and no connection that was served one is left.
  bool finished() const;
  /// Of what has been: what an app left out counts from its end on.
  Verdict verdict() const;

  const std::vector<Recording>& recordings() const { return loaded_.recordings; }
  const Loaded& loaded() const { return loaded_; }

 private:
  friend class Serving;
  using Turn = std::size_t;  // into recordings
  /// The session whose answer a hello gets; none where the app speaks no recorded version.
  std::optional<Turn> greeted_as(const protocol::Hello& hello) const;
  /// The session that START_API begins; none when all have been served.
  std::optional<Turn> take(int server_version, std::int64_t client_id);
  std::optional<Turn> first_left(int server_version, std::optional<std::int64_t> client_id) const;

  Loaded loaded_;
  ServingOptions options_;
  std::vector<Contents> contents_;  // of each recording
  protocol::Pseudonyms pseudonyms_;
  KnownIds known_ids_;  // of this round
  Verdict verdict_;
  std::vector<bool> taken_;      // in this round
  std::vector<bool> served_;     // in any
  std::size_t last_number_ = 0;  // of a connection, for logs and the verdict
  std::size_t open_ = 0;         // connections that are served a session
};

}  // namespace ibkr::replay
