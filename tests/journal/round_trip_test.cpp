// What was recorded is what is read, and what a plain SQLite shell sees.
#include <thread>

#include "tests/journal/journal_files.h"

using namespace ibkr;
using namespace ibkr::journal;
using namespace ibkr::journal::test;

// Without it: a replay or an audit sees other bytes, another order or other times than the wire had.
TEST_CASE("every byte, stamp and direction comes back in order") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  std::vector<std::string> payloads;
  {
    auto writer = open_writer(path);
    const SessionId session = begin(*writer);
    CHECK(session == 1);
    for (int i = 0; i < 3000; ++i) {
      payloads.push_back(tick_price(9001 + i % 7, i));
      const Direction direction = i % 10 == 0 ? Direction::Out : Direction::In;
      CHECK(writer->frame(session, direction, payloads.back(), {1000 + i, 5000 + i}) == i + 3);
    }
    writer->end_session(session, EndStatus::Closed, "the app closed the connection", {9999, 99999});
    REQUIRE(writer->flush(10s));
    CHECK(writer->healthy());
    CHECK(writer->committed() == 3002);
    CHECK(writer->queued_bytes() == 0);
    const auto closed = writer->close();
    CHECK(closed.has_value());
  }
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  CHECK_FALSE(std::filesystem::exists(path + "-lock"));

  auto reader = open_reader(path);
  const auto info = reader->last_session();
  REQUIRE(info.has_value());
  CHECK(info->status == "closed");
  CHECK(info->end_reason == "the app closed the connection");
  CHECK(info->server_version == 176);
  CHECK(info->client_min_version == 100);
  CHECK(info->client_max_version == 176);
  CHECK(info->connection_time == "20261123 09:30:00 EST");
  CHECK(info->peer == "127.0.0.1:50312");
  CHECK(info->port == 7496);
  CHECK(info->outgoing_frames == 300);
  CHECK(info->incoming_frames == 2700);
  CHECK(info->sealed);
  REQUIRE(info->end.has_value());
  CHECK(info->end->mono_ns == 99999);

  auto cursor = reader->frames(1);
  REQUIRE(cursor.has_value());
  auto frame = cursor->next();
  REQUIRE((frame && *frame));
  CHECK((*frame)->kind == FrameKind::Hello);
  CHECK((*frame)->payload == kHelloBytes);
  frame = cursor->next();
  REQUIRE((frame && *frame));
  CHECK((*frame)->kind == FrameKind::HelloAnswer);
  CHECK((*frame)->payload == text_payload("176|20261123 09:30:00 EST|"));
  for (int i = 0; i < 3000; ++i) {
    frame = cursor->next();
    REQUIRE((frame && *frame));
    REQUIRE((*frame)->payload == payloads[static_cast<std::size_t>(i)]);
    REQUIRE((*frame)->at.wall_ns == 1000 + i);
    REQUIRE((*frame)->at.mono_ns == 5000 + i);
    REQUIRE((*frame)->direction == (i % 10 == 0 ? Direction::Out : Direction::In));
    REQUIRE((*frame)->sequence == i + 3);
  }
  frame = cursor->next();
  REQUIRE(frame.has_value());
  CHECK_FALSE(frame->has_value());
}

// Without it: the documented one-liners of a user's shell give nothing.
TEST_CASE("names, ids and fields are there for any SQLite tool") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  const SessionId session = begin(*writer);
  writer->frame(session, Direction::In, tick_price(9001, 150), Stamp::now());
  writer->frame(session, Direction::In, text_payload("2|6|9002|0|300|"), Stamp::now());
  writer->frame(session, Direction::In, text_payload("4|2|17|201|Order rejected||"), Stamp::now());
  writer->frame(session, Direction::In, text_payload("4|2|-1|2104|farm is OK||"), Stamp::now());
  writer->end_session(session, EndStatus::Closed, "", Stamp::now());
  CHECK(writer->close().has_value());

  CHECK(query(path, "SELECT message_type, count(*) FROM messages GROUP BY 1 ORDER BY 1") ==
        std::vector<std::string>{"ErrorMessage|2", "Hello|1", "HelloAnswer|1", "TickPrice|1", "TickSize|1"});
  CHECK(query_one(path,
                  "SELECT json_extract(fields,'$.price'), request_id, order_id, wire, direction"
                  " FROM messages WHERE message_type = 'TickPrice'") == "150.25|9001|-|text|incoming");
  CHECK(query(path, "SELECT request_id, order_id FROM messages WHERE message_type = 'ErrorMessage'") ==
        std::vector<std::string>{"17|17", "-|-"});
  CHECK(query(path, "SELECT id, code, text FROM v_errors") ==
        std::vector<std::string>{"17|201|Order rejected", "-1|2104|farm is OK"});
  CHECK(query_one(path, "SELECT count(*) FROM v_messages WHERE time LIKE '20__-__-__T__:__:__.______Z'") == "6");
  CHECK(query_one(path,
                  "SELECT json_extract(fields, '$.price') FROM v_sealed_messages WHERE session_id = 1"
                  " AND message_type = 'TickPrice'") == "150.25");
  CHECK(query_one(path, "SELECT status, sealed FROM v_sessions") == "closed|1");
  CHECK(query_one(path, "PRAGMA application_id") == std::to_string(0x49424B52));
  CHECK(query_one(path, "SELECT format FROM readable_by") == "1");
}

// Without it: --no-json does nothing, or loses the ids too.
TEST_CASE("json can be left out, ids stay") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  WriterOptions options;
  options.json = false;
  auto writer = open_writer(path, options);
  writer->frame(begin(*writer), Direction::In, tick_price(9001, 1), Stamp::now());
  CHECK(writer->close().has_value());
  CHECK(query_one(path, "SELECT fields, request_id FROM messages WHERE message_type = 'TickPrice'") == "-|9001");
}

// Without it: a message that the next TWS invents is lost, or floods the events.
TEST_CASE("what cannot be decoded is kept raw and said once per kind and session") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  const std::string unknown = text_payload("999|some|thing|");
  const std::string bad_price = text_payload("1|6|9001|1|abc|100|1|");
  const std::string nothing;
  auto writer = open_writer(path);
  const SessionId session = begin(*writer);
  for (int i = 0; i < 3; ++i) {
    writer->frame(session, Direction::In, unknown, Stamp::now());
    writer->frame(session, Direction::In, bad_price, Stamp::now());
    writer->frame(session, Direction::In, nothing, Stamp::now());
  }
  writer->end_session(session, EndStatus::Closed, "", Stamp::now());
  CHECK(writer->close().has_value());
  CHECK(query(path,
              "SELECT message_type, count(*), count(fields) FROM messages WHERE direction = 'incoming'"
              " GROUP BY 1 ORDER BY 1") ==
        std::vector<std::string>{"HelloAnswer|1|0", "TickPrice|3|3", "Unknown|3|0", "Unknown:999|3|0"});
  CHECK(query_one(path, "SELECT count(*), count(DISTINCT message_id) FROM events WHERE kind = 'undecodable'") == "3|3");
  CHECK(query(path,
              "SELECT DISTINCT request_id, json_extract(fields, '$.req_id'), json_extract(fields, '$.tick_type'),"
              " json_extract(fields, '$.undecoded') LIKE '%price%' FROM messages WHERE message_type = 'TickPrice'") ==
        std::vector<std::string>{"9001|9001|1|1"});
  auto reader = open_reader(path);
  auto cursor = reader->frames(session, WithFields::Yes, 2);
  REQUIRE(cursor.has_value());
  for (int i = 0; i < 3; ++i) {
    for (const std::string& payload : {unknown, bad_price, nothing}) {
      const auto frame = cursor->next();
      REQUIRE((frame && *frame));
      CHECK((*frame)->payload == payload);
      CHECK((*frame)->fields.empty() == (payload != bad_price));
    }
  }
}

// Without it: garbage instead of a hello, and what a proxy wants remembered, cannot be found later.
TEST_CASE("events keep their words and bytes") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  const SessionId session = writer->begin_session({"peer", "host", 1, Stamp::now()});
  writer->event(session, "error", "not a hello", std::string("GET /\0", 6), Stamp::now());
  writer->event(0, "note", "started", "", Stamp::now());
  writer->end_session(session, EndStatus::Error, "not a hello", Stamp::now());
  CHECK(writer->close().has_value());
  auto reader = open_reader(path);
  const auto events = reader->events(session);
  REQUIRE(events.has_value());
  REQUIRE(events->size() == 2);
  CHECK((*events)[0].kind == "error");
  CHECK((*events)[0].text == "not a hello");
  CHECK((*events)[0].raw == std::string("GET /\0", 6));
  CHECK((*events)[1].session == 0);
  CHECK(reader->session(session)->status == "error");
  CHECK(reader->session(session)->server_version == 0);
}

// Without it: two apps at once are mixed up, or their seals cut off each other's frames.
TEST_CASE("sessions of several threads interleave and stay apart") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  constexpr int kSessions = 4;
  constexpr int kFrames = 2000;
  auto writer = open_writer(path);
  std::vector<std::thread> threads;
  for (int t = 0; t < kSessions; ++t) {
    threads.emplace_back([&] {
      const SessionId session = begin(*writer);
      for (int i = 0; i < kFrames; ++i) {
        writer->frame(session, Direction::In, tick_price(static_cast<int>(session), i), Stamp::now());
      }
      writer->end_session(session, EndStatus::Closed, "", Stamp::now());
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(writer->close().has_value());
  auto reader = open_reader(path);
  for (SessionId id = 1; id <= kSessions; ++id) {
    auto cursor = reader->frames(id, WithFields::No, 0);
    REQUIRE(cursor.has_value());
    int count = 0;
    for (auto frame = cursor->next(); frame && *frame; frame = cursor->next()) {
      if ((*frame)->kind != FrameKind::Message) continue;
      REQUIRE((*frame)->payload == tick_price(static_cast<int>(id), count++));
    }
    CHECK(count == kFrames);
  }
  CHECK(query_one(path, "SELECT count(*) FROM message_index") == std::to_string(kSessions * (kFrames + 2)));
}

// Without it: `ibkr show --follow` misses frames or must reopen the file.
TEST_CASE("a reader follows a session while it is recorded") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  const SessionId session = begin(*writer);
  REQUIRE(writer->flush(10s));
  auto reader = open_reader(path);
  CHECK(reader->session(session)->status == "active");
  auto cursor = reader->frames(session);
  REQUIRE(cursor.has_value());
  int seen = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i) writer->frame(session, Direction::In, tick_price(1, i), Stamp::now());
    REQUIRE(writer->flush(10s));
    for (auto frame = cursor->next(); frame && *frame; frame = cursor->next()) ++seen;
    CHECK(seen == 2 + (round + 1) * 100);
  }
  CHECK(writer->close().has_value());
}

// Without it: looking at a journal while the proxy works shows torn rows, or disturbs the recording.
TEST_CASE("readers and the writer work at the same time") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  constexpr int kFrames = 20000;
  auto writer = open_writer(path);
  const SessionId session = begin(*writer);
  REQUIRE(writer->flush(10s));
  std::thread recording([&] {
    for (int i = 0; i < kFrames; ++i) writer->frame(session, Direction::In, tick_price(1, i), Stamp::now());
    writer->end_session(session, EndStatus::Closed, "", Stamp::now());
  });
  auto reader = open_reader(path);
  auto cursor = reader->frames(session, WithFields::Yes, 2);
  REQUIRE(cursor.has_value());
  int seen = 0;
  int wrong = 0;
  while (seen < kFrames) {
    const auto frame = cursor->next();
    REQUIRE(frame.has_value());
    if (!*frame) continue;
    wrong += (*frame)->payload == tick_price(1, seen) ? 0 : 1;
    ++seen;
  }
  recording.join();
  CHECK(wrong == 0);
  CHECK(writer->close().has_value());
}

// Without it: nobody can tell which sessions of a file belong together, and a replay of an app with two connections
// takes one of yesterday's run for one of today's.
TEST_CASE("sessions name the recording that they belong to, which is one opening of the file") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  {
    auto writer = open_writer(path);
    begin(*writer);
    const SessionId started = begin(*writer);
    writer->frame(started, Direction::Out, text_payload("71|2|0||"), Stamp::now());
    CHECK(writer->close().has_value());
  }
  {
    auto writer = open_writer(path);
    begin(*writer);
    CHECK(writer->close().has_value());
  }
  const auto sessions = open_reader(path)->sessions();
  REQUIRE(sessions.has_value());
  REQUIRE(sessions->size() == 3);
  CHECK(sessions->at(0).recording == 1);
  CHECK(sessions->at(1).recording == 1);
  CHECK(sessions->at(2).recording == 2);
  CHECK_FALSE(sessions->at(0).got_past_start_api());
  CHECK(sessions->at(1).got_past_start_api());
  CHECK(query(path, "SELECT recording_id FROM recordings WHERE start_time > 0 AND ibkr_version <> ''") ==
        std::vector<std::string>{"1", "2"});
}

// Without it: of a protobuf frame that breaks off nobody learns which request it answered.
TEST_CASE("a protobuf frame that breaks off keeps its name, ids and what came before") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  protocol::TickPrice tick;
  tick.req_id = 9001;
  tick.tick_type = 1;
  tick.price = 150.25;
  std::string payload = encoded(tick, 222);
  payload.resize(payload.size() - 2);
  auto writer = open_writer(path);
  writer->frame(begin(*writer, 222), Direction::In, payload, Stamp::now());
  CHECK(writer->close().has_value());
  CHECK(query_one(path,
                  "SELECT message_type, wire, request_id, json_extract(fields, '$.req_id'),"
                  " json_extract(fields, '$.undecoded') IS NOT NULL FROM messages WHERE message_id = 3") ==
        "TickPrice|protobuf|9001|9001|1");
}
