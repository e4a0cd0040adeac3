// Recorded frames per second, as a ratio to plain SQLite: the same rows in prepared 50-row INSERTs, same pragmas, same
// transactions, same run.
//
//   bench_journal [--frames N] [--rounds N] [--directory DIR]     the ratios
//   bench_journal --memory [--frames N]                           resident memory while N frames are recorded
//
// Plain SQLite gets finished rows. The journal starts from payloads: it queues, decodes, finds ids, and writes JSON.
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "journal/reader.h"
#include "journal/writer.h"
#include "protocol/frame.h"

using namespace ibkr;
using namespace ibkr::journal;
using Clock = std::chrono::steady_clock;

namespace {

struct Arguments {
  std::int64_t frames = 1000000;
  int rounds = 3;
  bool memory = false;
  std::string directory = std::filesystem::temp_directory_path().string();
};

std::string text_payload(std::string fields) {
  std::replace(fields.begin(), fields.end(), '|', '\0');
  return fields;
}

// A busy hour of market data: mostly prices and sizes, now and then something else.
std::vector<std::string> market_mix() {
  std::vector<std::string> mix;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = std::to_string(9001 + i % 40);
    const std::string price = std::to_string(100 + i % 100) + "." + std::to_string(10 + i % 90);
    if (i % 100 == 99) {
      mix.push_back(text_payload("46|6|" + id + "|45|1763908200|"));
    } else if (i % 50 == 49) {
      mix.push_back(text_payload("45|6|" + id + "|49|0|"));
    } else if (i % 5 < 3) {
      mix.push_back(text_payload("1|6|" + id + "|" + std::to_string(1 + i % 2) + "|" + price + "|" +
                                 std::to_string(100 * (i % 9)) + "|1|"));
    } else {
      mix.push_back(
          text_payload("2|6|" + id + "|" + std::to_string(i % 2 * 3) + "|" + std::to_string(100 * (i % 9)) + "|"));
    }
  }
  return mix;
}

double cpu_seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void must(int code, sqlite3* handle) {
  if (code == SQLITE_OK || code == SQLITE_DONE) return;
  std::fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(handle));
  std::exit(1);
}

void remove_database(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-lock"}) std::filesystem::remove(path + suffix);
}

/// What a journal of the same mix holds, row by row, for the plain insert to repeat.
struct Row {
  std::int64_t sequence, session, wall_ns, mono_ns;
  std::string direction, type, wire, payload, fields;
  std::int64_t request_id;
};

std::vector<Row> finished_rows(const std::string& path) {
  sqlite3* handle = nullptr;
  must(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr), handle);
  sqlite3_stmt* select = nullptr;
  must(sqlite3_prepare_v2(handle,
                          "SELECT message_id, session_id, timestamp, mono_ns, direction, message_type, wire,"
                          " message_content, fields, request_id FROM messages WHERE wire IS NOT NULL"
                          " ORDER BY message_id LIMIT 1000",
                          -1, &select, nullptr),
       handle);
  const auto text = [&](int column) {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(select, column));
    return std::string(data != nullptr ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(select, column)));
  };
  std::vector<Row> rows;
  while (sqlite3_step(select) == SQLITE_ROW) {
    rows.push_back({sqlite3_column_int64(select, 0), sqlite3_column_int64(select, 1), sqlite3_column_int64(select, 2),
                    sqlite3_column_int64(select, 3), text(4), text(5), text(6), text(7), text(8),
                    sqlite3_column_int64(select, 9)});
  }
  sqlite3_finalize(select);
  sqlite3_close(handle);
  return rows;
}

constexpr int kRowsPerInsert = 50;
constexpr std::int64_t kRowsPerTransaction = 20000;  // about what the journal's group commit holds at full speed

void bind_text(sqlite3_stmt* insert, int index, const std::string& text) {
  sqlite3_bind_text(insert, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

/// How long the thread that writes took for all frames: by the clock, and of the processor. The second says more where
/// other programs run beside the benchmark.
struct Taken {
  double wall = 0;
  double cpu = 0;
};

/// `frames` rows into a fresh file with the journal's own table.
Taken plain_inserts(const std::string& path, const std::string& table, const std::vector<Row>& rows,
                    std::int64_t frames, bool json) {
  remove_database(path);
  sqlite3* handle = nullptr;
  must(
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr),
      handle);
  const auto run = [&](const std::string& sql) {
    must(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), handle);
  };
  run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=16384; PRAGMA temp_store=MEMORY;"
      "PRAGMA cache_size=-16384");
  run(table);
  std::string sql = "INSERT INTO messages VALUES ";
  for (int i = 0; i < kRowsPerInsert; ++i) sql += i == 0 ? "(?,?,?,?,?,?,?,?,?,?,?)" : ",(?,?,?,?,?,?,?,?,?,?,?)";
  sqlite3_stmt* insert = nullptr;
  must(sqlite3_prepare_v3(handle, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &insert, nullptr), handle);
  const auto start = Clock::now();
  const double cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  run("BEGIN");
  for (std::int64_t done = 0; done < frames;) {
    int at = 0;
    for (int i = 0; i < kRowsPerInsert; ++i, ++done) {
      const Row& row = rows[static_cast<std::size_t>(done) % rows.size()];
      sqlite3_bind_int64(insert, ++at, done + 1);
      sqlite3_bind_int64(insert, ++at, row.session);
      sqlite3_bind_int64(insert, ++at, row.wall_ns);
      sqlite3_bind_int64(insert, ++at, row.mono_ns);
      bind_text(insert, ++at, row.direction);
      sqlite3_bind_int64(insert, ++at, row.request_id);
      sqlite3_bind_null(insert, ++at);
      bind_text(insert, ++at, row.type);
      bind_text(insert, ++at, row.wire);
      sqlite3_bind_blob(insert, ++at, row.payload.data(), static_cast<int>(row.payload.size()), SQLITE_STATIC);
      if (json) {
        bind_text(insert, ++at, row.fields);
      } else {
        sqlite3_bind_null(insert, ++at);
      }
    }
    must(sqlite3_step(insert), handle);
    sqlite3_reset(insert);
    if (done % kRowsPerTransaction == 0) run("COMMIT; BEGIN");
  }
  run("COMMIT");
  const Taken taken{seconds_since(start), cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu};
  sqlite3_finalize(insert);
  sqlite3_close(handle);
  remove_database(path);
  return taken;
}

std::unique_ptr<Writer> open_writer(const std::string& path, bool json) {
  WriterOptions options;
  options.json = json;
  auto opened = Writer::open(path, options);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().c_str());
    std::exit(1);
  }
  return std::move(*opened);
}

SessionId begin(Writer& writer) {
  const SessionId session = writer.begin_session({"bench", "bench", 0, Stamp::now()});
  const protocol::HelloAnswer answer{176, "20261123 09:30:00 EST"};
  writer.hello_answer(session, answer, protocol::hello_answer_payload(answer), Stamp::now());
  return session;
}

struct Recording {
  Taken taken;             ///< from the first frame to the last one's commit
  double queueing_ns = 0;  ///< per frame() call
  double sealing_seconds = 0;
};

/// Gives frames as fast as the queue takes them and, near its limit, as fast as the journal writes.
Recording record(Writer& writer, const std::vector<std::string>& mix, std::int64_t frames) {
  Recording result;
  const SessionId session = begin(writer);
  constexpr std::size_t kHighWater = std::size_t{128} << 20;
  const Stamp at = Stamp::now();
  const auto start = Clock::now();
  const auto journal_cpu = [] { return cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_seconds(CLOCK_THREAD_CPUTIME_ID); };
  const double cpu = journal_cpu();
  const double own_cpu = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  for (std::int64_t i = 0; i < frames; ++i) {
    writer.frame(session, protocol::Direction::In, mix[static_cast<std::size_t>(i) % mix.size()],
                 {at.wall_ns + i, at.mono_ns + i});
    if (i % 4096 != 0 || writer.queued_bytes() < kHighWater) continue;
    while (writer.queued_bytes() > kHighWater / 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  result.queueing_ns = (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - own_cpu) / static_cast<double>(frames) * 1e9;
  if (!writer.flush(std::chrono::minutes(10))) std::exit(1);
  result.taken = {seconds_since(start), journal_cpu() - cpu};
  writer.end_session(session, EndStatus::Closed, "", Stamp::now());
  const auto sealing = Clock::now();
  if (const auto closed = writer.close(); !closed) {
    std::fprintf(stderr, "%s\n", closed.error().c_str());
    std::exit(1);
  }
  result.sealing_seconds = seconds_since(sealing);
  return result;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Frames per second of the journal over those of plain inserts.
struct Ratios {
  std::vector<double> wall, cpu;
  void add(const Taken& plain, const Taken& journal) {
    wall.push_back(plain.wall / journal.wall);
    cpu.push_back(plain.cpu / journal.cpu);
  }
  void print(const char* what, const char* goal) const {
    std::printf("%-52s %.2f by the clock, %.2f by processor time%s\n", what, median(wall), median(cpu), goal);
  }
};

void compare(const Arguments& arguments) {
  const std::string path = arguments.directory + "/bench_journal_" + std::to_string(::getpid()) + ".db";
  const auto mix = market_mix();
  remove_database(path);
  record(*open_writer(path, true), mix, 2000);
  const std::vector<Row> rows = finished_rows(path);
  sqlite3* handle = nullptr;
  must(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr), handle);
  sqlite3_stmt* select = nullptr;
  must(sqlite3_prepare_v2(handle, "SELECT sql FROM sqlite_master WHERE name = 'messages'", -1, &select, nullptr),
       handle);
  sqlite3_step(select);
  const std::string table = reinterpret_cast<const char*>(sqlite3_column_text(select, 0));
  sqlite3_finalize(select);
  sqlite3_close(handle);

  Ratios none, strict, same;
  for (int round = 0; round < arguments.rounds; ++round) {
    const Taken raw = plain_inserts(path, table, rows, arguments.frames, false);
    const Taken raw_json = plain_inserts(path, table, rows, arguments.frames, true);
    remove_database(path);
    const Recording without = record(*open_writer(path, false), mix, arguments.frames);
    remove_database(path);
    const Recording with = record(*open_writer(path, true), mix, arguments.frames);
    remove_database(path);
    none.add(raw, without.taken);
    strict.add(raw, with.taken);
    same.add(raw_json, with.taken);
    const auto rate = [&](const Taken& taken) { return static_cast<double>(arguments.frames) / taken.wall / 1e6; };
    std::printf(
        "round %d, M frames/s: plain %.2f, plain with JSON %.2f, journal %.2f, journal with JSON %.2f;"
        " frame() %.0f ns; sealing %.1f s\n",
        round + 1, rate(raw), rate(raw_json), rate(without.taken), rate(with.taken), without.queueing_ns,
        without.sealing_seconds);
  }
  none.print("journal / plain inserts, both without JSON", "  (goal 0.80)");
  strict.print("journal with JSON / plain inserts without JSON", "  (goal 0.40)");
  same.print("journal with JSON / plain inserts of the same JSON", "");
}

std::int64_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") {
      std::int64_t kib = 0;
      status >> kib;
      return kib;
    }
  }
  return 0;
}

void watch_memory(const Arguments& arguments) {
  const std::string path = arguments.directory + "/bench_journal_" + std::to_string(::getpid()) + ".db";
  const auto mix = market_mix();
  remove_database(path);
  auto writer = open_writer(path, true);
  const SessionId session = begin(*writer);
  constexpr std::size_t kHighWater = std::size_t{16} << 20;
  for (std::int64_t i = 0; i < arguments.frames; ++i) {
    writer->frame(session, protocol::Direction::In, mix[static_cast<std::size_t>(i) % mix.size()], Stamp::now());
    while (writer->queued_bytes() > kHighWater) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if ((i + 1) % std::max<std::int64_t>(1, arguments.frames / 10) == 0) {
      writer->flush(std::chrono::minutes(10));
      std::printf("%lld frames: %lld KiB resident\n", static_cast<long long>(i + 1),
                  static_cast<long long>(resident_kib()));
    }
  }
  writer->end_session(session, EndStatus::Closed, "", Stamp::now());
  const auto closed = writer->close();
  std::printf("sealed and closed%s: %lld KiB resident\n", closed ? "" : " with errors",
              static_cast<long long>(resident_kib()));
  remove_database(path);
}

Arguments parse(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const auto value = [&] { return i + 1 < count ? words[++i] : ""; };
    if (word == "--frames") {
      arguments.frames = std::atoll(value());
    } else if (word == "--rounds") {
      arguments.rounds = std::atoi(value());
    } else if (word == "--directory") {
      arguments.directory = value();
    } else if (word == "--memory") {
      arguments.memory = true;
    } else {
      std::fprintf(stderr, "usage: bench_journal [--frames N] [--rounds N] [--directory DIR] [--memory]\n");
      std::exit(2);
    }
  }
  return arguments;
}

}  // namespace

int main(int count, char** words) {
  const Arguments arguments = parse(count, words);
  if (arguments.memory) {
    watch_memory(arguments);
  } else {
    compare(arguments);
  }
}
