// Verdict: what came of a replay, as data. The texts that are made of it are the command line's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "replay/mismatch.h"
#include "replay/recording.h"

namespace ibkr::replay {

/// The first kMost of something, and how many there were.
template <class T>
struct Listed {
  static constexpr std::size_t kMost = 1000;
  std::vector<T> items;
  std::size_t count = 0;
  void add(T item) {
    ++count;
    if (items.size() < kMost) items.push_back(std::move(item));
  }
  bool empty() const { return count == 0; }
};

/// Sessions of the journal and its messages (messages.message_id), and connections by their number, from 1 on.
struct Verdict {
  /// A live request that is none of the recorded ones.
  struct NotRecorded {
    std::size_t connection;
    journal::SessionId session;
    Mismatch mismatch;
  };
  /// A moment that was asked for and is not the recorded one, where these may be.
  struct LetGo {
    std::size_t connection;
    journal::SessionId session;
    journal::Sequence request;
    Differing differing;
  };
  /// An app that was not served at all.
  struct TurnedAway {
    enum class Why : std::uint8_t {
      CannotSpeak,  ///< none of the recorded server versions
      NoneLeft,     ///< every recorded session was served already
    };
    std::size_t connection;
    Why why;
    int min_version;  ///< that the app speaks
    int max_version;
  };
  /// A recorded request that the connection which was served its session did not make.
  struct Unused {
    std::size_t connection;
    journal::SessionId session;
    journal::Sequence sequence;
    const protocol::MessageInfo* type;  ///< null: a frame that cannot be decoded
    bool about_orders;
  };
  /// What a request brought about when it was recorded, and this app has not got.
  struct Undelivered {
    std::size_t connection;
    journal::SessionId session;
    journal::Sequence request;
    const protocol::MessageInfo* type;
    std::size_t frames;
  };
  /// A frame that an app got with the recorded ids, because it cannot be encoded with those that it uses.
  struct NotRewritten {
    std::size_t connection;
    journal::SessionId session;
    journal::Sequence frame;
  };
  /// A connection that ended otherwise than between two frames.
  struct Torn {
    enum class Why : std::uint8_t {
      WithinFrame,    ///< the app's last frame is not whole
      NoFrames,       ///< its bytes were no frames any more
      AnswersUnread,  ///< it was gone before what it had asked for was out
    };
    std::size_t connection;
    journal::SessionId session;
    Why why;
    std::string detail;
  };
  /// How it ends, the gravest first. The program's exit statuses.
  enum class Status : std::uint8_t {
    Damaged,        ///< the recording is not all that was on the wire
    Mismatch,       ///< a request or a connection was refused
    NothingServed,  ///< no request but START_API was served
    Incomplete,     ///< a connection was torn, answers were not delivered as they should, or a session was not served
    Unused,         ///< recorded requests were not made: about orders, or any at all when that is strict
    Clean,
  };

  std::size_t connections = 0;  ///< that got past START_API
  std::size_t probes = 0;       ///< that did not: port checks, HTTP, handshakes given up
  std::size_t served = 0;       ///< requests that were matched, without START_API
  std::size_t made_up = 0;      ///< requests that were answered or accepted though they were not recorded
  Listed<Problem> problems;     ///< of the recording
  Listed<NotRecorded> refused;
  Listed<LetGo> let_go;
  Listed<TurnedAway> turned_away;
  Listed<Unused> unused;
  std::size_t unused_about_orders = 0;
  Listed<Undelivered> undelivered;
  Listed<NotRewritten> not_rewritten;
  Listed<Torn> torn;
  /// Chosen sessions for which no app came; with repeat in the last round.
  std::vector<journal::SessionId> not_served;

  Status status(bool strict) const;
};

}  // namespace ibkr::replay
