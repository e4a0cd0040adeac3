// Recorder: turns a batch from the queue into one transaction. Runs on the journal thread.
//
//   frame ─► read_head ─► the type's reused Message ─► decode ─► ids by role, JSON ─► RowFeed ─► messages
//                                                              └► Ledger ─► orders, order_status, executions
//   control ─► connection_sessions, events
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "journal/database.h"
#include "journal/ledger.h"
#include "journal/queue.h"
#include "journal/row_feed.h"
#include "journal/sealer.h"
#include "protocol/codec.h"

namespace ibkr::journal {

class Recorder {
 public:
  Recorder(Database& database, Sealer& sealer, bool json);

  /// Commits the whole batch. False when the database refused: nothing of it is in the file, the error is with the
  /// database (rolled back, not forgotten), and the same batch may be given again.
  bool commit(const Batch& batch);
  /// Ends the sessions that are still open, as commit() does. For the end of the recording.
  bool end_open_sessions(EndStatus status, const std::string& reason, Stamp at);

 private:
  struct Session {
    int server_version = 0;
    std::int64_t client_id = 0;
    Sequence first = 0;
    std::int64_t frames[2] = {};  ///< by Direction
    std::int64_t bytes[2] = {};
    std::vector<std::int64_t> reported;  ///< kinds of undecodable frames that have had their event
    std::uint64_t transaction = 0;       ///< that last saved it for undo
  };
  /// A message type, and the one message of it that all its frames are decoded into.
  struct Decoder {
    const protocol::MessageInfo* type = nullptr;
    std::optional<protocol::Message> message;
    bool has_request_id = false;
    bool has_order_id = false;
    bool has_either_id = false;
    bool concerns_ledger = false;
    bool concerns_session = false;
  };

  template <class Work>
  bool transact(Work&& work);
  Session& session(const RecordHead& head, const SessionStart* start = nullptr);
  Decoder* decoder(protocol::Direction direction, std::int32_t id);

  void record_frame(const RecordHead& head, std::string_view payload);
  void describe(const RecordHead& head, Session& session, MessageRow& row);
  void write_fields(const protocol::Message& message, MessageRow& row);
  void say_undecoded(const std::string& why, MessageRow& row);
  void name_unknown(MessageRow& row, std::int64_t id);
  void read_ids(const Decoder& decoder, MessageRow& row) const;
  void learn(const protocol::Message& message, const RecordHead& head, Session& session);
  void report_undecodable(const RecordHead& head, Session& session, std::int64_t kind, const std::string& why);
  void add_row(const MessageRow& row);

  void record(const RecordHead& head, const BeginSession& begin);
  void record(const RecordHead& head, const HelloSeen& seen);
  void record(const RecordHead& head, const AnswerSeen& seen);
  void record(const RecordHead& head, const EventSeen& seen);
  void record(const RecordHead& head, const EndSession& end);
  void record(const RecordHead& head, const Gap& gap);
  void record_handshake(const RecordHead& head, protocol::Direction direction, std::string_view name,
                        std::string_view bytes);

  Database& database_;
  Sealer& sealer_;
  const bool json_;
  RowFeed rows_;
  Ledger ledger_;
  std::vector<Decoder> decoders_[2];  ///< by Direction, then message id

  std::map<SessionId, Session> sessions_;
  std::pair<SessionId, Session*> recent_{0, nullptr};  ///< frames come in runs of one session
  std::vector<std::pair<SessionId, std::optional<Session>>> undo_;
  struct Ended {
    SessionId session;
    Sequence first;
    Sequence last;
  };
  std::vector<Ended> ended_;
  std::uint64_t transaction_ = 0;

  Statement begin_;
  Statement hello_;
  Statement answer_;
  Statement client_id_;
  Statement accounts_;
  Statement end_;
  Statement event_;
  Statement gap_;
};

}  // namespace ibkr::journal
