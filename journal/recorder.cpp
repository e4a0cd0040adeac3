// From queue to tables (recorder.h).
#include "journal/recorder.h"

#include <algorithm>
#include <string>

#include "protocol/catalogue.h"
#include "protocol/identity.h"
#include "protocol/json.h"
#include "protocol/messages.h"

namespace ibkr::journal {

namespace {

using protocol::Direction;
using protocol::Role;
using protocol::StrayBytes;

constexpr std::size_t kRowsPerInsert = 512;    // their payloads and JSON stay in the cache
constexpr std::size_t kMaxReportedKinds = 64;  // a stream of garbage must not grow a session's memory or its events
constexpr std::int64_t kUnreadableHead = -1;
constexpr std::int64_t kBeforeAnswer = -2;

std::size_t index(Direction direction) { return static_cast<std::size_t>(direction); }

}  // namespace

Recorder::Recorder(Database& database, Sealer& sealer, bool json)
    : database_(database),
      sealer_(sealer),
      json_(json),
      rows_(database),
      ledger_(database),
      begin_(database,
             "INSERT INTO connection_sessions(session_id, start_time, start_mono_ns, peer, host, port, status,"
             " first_message_id, ibkr_version, recording_id, server_version, client_id) VALUES (?, ?, ?, ?, ?, ?, "
             "'active', ?, '" IBKR_VERSION "', (SELECT max(recording_id) FROM recordings), ?, ?)"),
      hello_(database,
             "UPDATE connection_sessions SET client_min_version = ?2, client_max_version = ?3, connect_options = ?4"
             " WHERE session_id = ?1"),
      answer_(database,
              "UPDATE connection_sessions SET server_version = ?2, connection_time = ?3 WHERE session_id = ?1"),
      client_id_(database, "UPDATE connection_sessions SET client_id = ?2 WHERE session_id = ?1"),
      accounts_(database, "UPDATE connection_sessions SET accounts = ?2 WHERE session_id = ?1"),
      end_(database,
           "UPDATE connection_sessions SET end_time = ?2, end_mono_ns = ?3, status = ?4, end_reason = ?5,"
           " last_message_id = ?6, outgoing_frames = ?7, outgoing_bytes = ?8, incoming_frames = ?9,"
           " incoming_bytes = ?10 WHERE session_id = ?1"),
      event_(database,
             "INSERT INTO events(session_id, timestamp, mono_ns, kind, message_id, text, raw)"
             " VALUES (?, ?, ?, ?, ?, ?, ?)"),
      gap_(database,
           "INSERT INTO events(session_id, timestamp, mono_ns, kind, message_id, text, count, bytes, first_message_id,"
           " last_message_id) VALUES (?, ?, ?, 'gap', ?, ?, ?, ?, ?, ?)") {
  for (const protocol::MessageInfo* listed : protocol::all_messages()) {
    const protocol::MessageInfo& type = *listed;
    auto& decoders = decoders_[index(type.direction)];
    if (decoders.size() <= static_cast<std::size_t>(type.id)) decoders.resize(static_cast<std::size_t>(type.id) + 1);
    Decoder& decoder = decoders[static_cast<std::size_t>(type.id)];
    decoder.type = &type;
    decoder.has_request_id = protocol::has_role(type, Role::RequestId);
    decoder.has_order_id = protocol::has_role(type, Role::OrderId);
    decoder.has_either_id = protocol::has_role(type, Role::RequestOrOrderId);
    decoder.concerns_ledger = Ledger::concerns(type);
    decoder.concerns_session = &type == &protocol::StartApiRequest::info || &type == &protocol::ManagedAccounts::info;
  }
}

template <class Work>
bool Recorder::transact(Work&& work) {
  ++transaction_;
  undo_.clear();
  ended_.clear();
  database_.execute("BEGIN IMMEDIATE");
  if (!database_.failed()) work();
  rows_.flush();
  database_.execute("COMMIT");
  if (!database_.failed()) {
    for (const Ended& ended : ended_) sealer_.add(ended.session, ended.first, ended.last);
    return true;
  }
  for (auto& [id, before] : undo_) {
    if (before) {
      sessions_[id] = std::move(*before);
    } else {
      sessions_.erase(id);
    }
  }
  recent_ = {};
  return false;
}

bool Recorder::commit(const Batch& batch) {
  return transact([&] {
    for (const auto& chunk : batch) {
      chunk->for_each([&](const RecordHead& head, std::string_view payload) { record_frame(head, payload); },
                      [&](const RecordHead& head, const Control& control) {
                        std::visit([&](const auto& kind) { record(head, kind); }, control);
                      });
    }
  });
}

bool Recorder::end_open_sessions(EndStatus status, const std::string& reason, Stamp at) {
  std::vector<SessionId> open;
  for (const auto& [id, live] : sessions_) open.push_back(id);
  const Sequence last = database_.integer("SELECT max(message_id) FROM messages").value_or(0);
  return transact([&] {
    for (const SessionId id : open) record({id, last, at, 0, true, Direction::In}, EndSession{status, reason});
  });
}

// The session's state, saved for undo at its first use in a transaction.
Recorder::Session& Recorder::session(const RecordHead& head, const SessionStart* start) {
  const SessionId id = head.session;
  if (recent_.second != nullptr && recent_.first == id && recent_.second->transaction == transaction_) {
    return *recent_.second;
  }
  auto found = sessions_.find(id);
  if (found == sessions_.end()) {
    undo_.emplace_back(id, std::nullopt);
    found = sessions_.emplace(id, Session{}).first;
    found->second.first = start != nullptr ? head.sequence + 1 : head.sequence;
    static const SessionStart lost;  // in a gap
    const SessionStart& known = start != nullptr ? *start : lost;
    found->second.server_version = known.server_version;
    found->second.client_id = known.client_id.value_or(0);
    begin_.run(id, head.at.wall_ns, head.at.mono_ns, known.peer, known.host, known.port, found->second.first,
               known.server_version > 0 ? std::optional(known.server_version) : std::nullopt, known.client_id);
  } else if (found->second.transaction != transaction_) {
    undo_.emplace_back(id, found->second);
  }
  found->second.transaction = transaction_;
  recent_ = {id, &found->second};
  return found->second;
}

Recorder::Decoder* Recorder::decoder(Direction direction, std::int32_t id) {
  auto& decoders = decoders_[index(direction)];
  if (id < 0 || static_cast<std::size_t>(id) >= decoders.size()) return nullptr;
  Decoder& found = decoders[static_cast<std::size_t>(id)];
  if (found.type == nullptr) return nullptr;
  if (!found.message) found.message.emplace(*found.type);
  return &found;
}

void Recorder::record_frame(const RecordHead& head, std::string_view payload) {
  Session& live = session(head);
  ++live.frames[index(head.direction)];
  live.bytes[index(head.direction)] += static_cast<std::int64_t>(payload.size());
  MessageRow row{};
  row.sequence = head.sequence;
  row.session = head.session;
  row.at = head.at;
  row.direction = head.direction;
  row.payload = payload;
  describe(head, live, row);
  add_row(row);
}

// Name, wire, ids and JSON, as far as the payload can be read.
void Recorder::describe(const RecordHead& head, Session& live, MessageRow& row) {
  if (live.server_version == 0) {
    row.name = "Unknown";
    return report_undecodable(head, live, kBeforeAnswer, "a frame before the server version is known");
  }
  const auto payload_head = protocol::read_head(row.payload, live.server_version);
  if (!payload_head) {
    row.name = "Unknown";
    return report_undecodable(head, live, kUnreadableHead, payload_head.error().to_string());
  }
  row.wire = payload_head->wire;
  Decoder* found = decoder(head.direction, payload_head->id);
  if (found == nullptr) {
    name_unknown(row, payload_head->id);
    return report_undecodable(head, live, payload_head->id * 2 + static_cast<std::int64_t>(index(head.direction)),
                              "unknown message id " + std::to_string(payload_head->id));
  }
  row.name = found->type->name;
  protocol::Message& message = *found->message;
  const auto decoded = protocol::decode_into(message, live.server_version, *payload_head, row.payload);
  read_ids(*found, row);
  if (json_) write_fields(message, row);
  if (!decoded) {
    const std::string why = decoded.error().to_string();
    if (json_) say_undecoded(why, row);
    return report_undecodable(head, live, payload_head->id * 2 + static_cast<std::int64_t>(index(head.direction)), why);
  }
  if (found->concerns_session) learn(message, head, live);
  if (found->concerns_ledger) ledger_.enter(message, head.session, head.sequence, live.client_id, head.at.wall_ns);
}

void Recorder::write_fields(const protocol::Message& message, MessageRow& row) {
  std::string& text = rows_.text();
  const std::size_t at = text.size();
  protocol::append_fields_json(message, text, StrayBytes::Latin1);
  row.fields = TextSpan{at, text.size() - at};
}

// Makes the object that write_fields() has just written {…,"undecoded":"why"}.
void Recorder::say_undecoded(const std::string& why, MessageRow& row) {
  std::string& text = rows_.text();
  text.pop_back();
  text += text.back() == '{' ? "\"undecoded\":" : ",\"undecoded\":";
  protocol::append_json_string(why, text, StrayBytes::Latin1);
  text += '}';
  row.fields->size = text.size() - row.fields->at;
}

void Recorder::name_unknown(MessageRow& row, std::int64_t id) {
  const std::string name = "Unknown:" + std::to_string(id);
  row.odd_name = {rows_.text().size(), name.size()};
  rows_.text() += name;
}

void Recorder::read_ids(const Decoder& found, MessageRow& row) const {
  if (found.has_request_id) row.request_id = protocol::integer_with_role(*found.message, Role::RequestId);
  if (found.has_order_id) row.order_id = protocol::integer_with_role(*found.message, Role::OrderId);
  if (!found.has_either_id) return;
  // An error does not say which kind of id it names, so that it is found by either; -1 is none.
  const auto id = protocol::integer_with_role(*found.message, Role::RequestOrOrderId);
  if (id && *id != -1) row.request_id = row.order_id = id;
}

void Recorder::learn(const protocol::Message& message, const RecordHead& head, Session& live) {
  if (const auto* start = message.get_if<protocol::StartApiRequest>()) {
    live.client_id = start->client_id.value_or(0);
    client_id_.run(head.session, live.client_id);
  } else if (const auto* managed = message.get_if<protocol::ManagedAccounts>()) {
    accounts_.run(head.session, managed->accounts_list);
  }
}

void Recorder::report_undecodable(const RecordHead& head, Session& live, std::int64_t kind, const std::string& why) {
  auto& reported = live.reported;
  if (reported.size() >= kMaxReportedKinds || std::find(reported.begin(), reported.end(), kind) != reported.end()) {
    return;
  }
  reported.push_back(kind);
  event_.run(head.session, head.at.wall_ns, head.at.mono_ns, "undecodable", head.sequence, why, std::nullopt);
}

void Recorder::add_row(const MessageRow& row) {
  rows_.add(row);
  if (rows_.size() >= kRowsPerInsert) rows_.flush();
}

void Recorder::record(const RecordHead& head, const BeginSession& begin) { session(head, &begin.start); }

void Recorder::record(const RecordHead& head, const HelloSeen& seen) {
  session(head);
  hello_.run(head.session, seen.hello.min_version, seen.hello.max_version, seen.hello.options);
  record_handshake(head, Direction::Out, "Hello", seen.raw);
}

void Recorder::record(const RecordHead& head, const AnswerSeen& seen) {
  session(head).server_version = seen.answer.server_version;
  const int version = seen.answer.server_version;
  answer_.run(head.session, version > 0 ? std::optional(version) : std::nullopt, seen.answer.connection_time);
  record_handshake(head, Direction::In, "HelloAnswer", seen.payload);
}

void Recorder::record_handshake(const RecordHead& head, Direction direction, std::string_view name,
                                std::string_view bytes) {
  MessageRow row{};
  row.sequence = head.sequence;
  row.session = head.session;
  row.at = head.at;
  row.direction = direction;
  row.name = name;
  row.payload = bytes;
  add_row(row);
}

void Recorder::record(const RecordHead& head, const EventSeen& seen) {
  std::optional<Blob> raw;
  if (!seen.raw.empty()) raw = Blob{seen.raw};
  event_.run(head.session, head.at.wall_ns, head.at.mono_ns, seen.kind, head.sequence, seen.text, raw);
}

void Recorder::record(const RecordHead& head, const EndSession& end) {
  const Session& live = session(head);
  const std::size_t out = index(Direction::Out);
  const std::size_t in = index(Direction::In);
  end_.run(head.session, head.at.wall_ns, head.at.mono_ns, end.status == EndStatus::Closed ? "closed" : "error",
           end.reason, head.sequence, live.frames[out], live.bytes[out], live.frames[in], live.bytes[in]);
  ended_.push_back({head.session, live.first, head.sequence});
  sessions_.erase(head.session);
  recent_ = {};
}

void Recorder::record(const RecordHead& head, const Gap& gap) {
  const std::string text = std::to_string(gap.count) + " frames or events (" + std::to_string(gap.bytes) +
                           " bytes) were not recorded: the queue was full";
  gap_.run(head.session, head.at.wall_ns, head.at.mono_ns, head.sequence, text, gap.count, gap.bytes, gap.first,
           gap.last);
}

}  // namespace ibkr::journal
