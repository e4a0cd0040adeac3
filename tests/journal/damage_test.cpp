// Files that are no journals, are newer, or are damaged.
#include <random>

#include "tests/journal/journal_files.h"

using namespace ibkr;
using namespace ibkr::journal;
using namespace ibkr::journal::test;

namespace {

constexpr int kFrames = 20000;

std::string record(const TemporaryDirectory& directory, int frames = kFrames) {
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  const SessionId session = begin(*writer);
  for (int i = 0; i < frames; ++i) writer->frame(session, Direction::In, tick_price(1, i), Stamp::now());
  writer->end_session(session, EndStatus::Closed, "", Stamp::now());
  CHECK(writer->close().has_value());
  return path;
}

std::string refusal(const std::string& path) {
  const auto reader = Reader::open(path);
  return reader ? "" : reader.error();
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Reads all it can and counts; must come back whatever the bytes are.
std::int64_t read_everything(const std::string& path) {
  auto reader = Reader::open(path);
  if (!reader) return -1;
  const auto sessions = (*reader)->sessions();
  if (!sessions) return -1;
  std::int64_t frames = 0;
  for (const SessionInfo& session : *sessions) {
    auto cursor = (*reader)->frames(session.id, WithFields::Yes);
    if (!cursor) continue;
    for (;;) {
      const auto frame = cursor->next();
      if (!frame) {
        if (!cursor->skip_damage()) break;
      } else if (*frame) {
        ++frames;
      } else {
        break;
      }
    }
    if (!(*reader)->events(session.id)) continue;
  }
  (*reader)->check();
  return frames;
}

}  // namespace

// Without it: a mistyped file name gives SQLite's riddles, or a changed file.
TEST_CASE("what is no journal is refused with what it is") {
  TemporaryDirectory directory;
  const std::string path = directory.file("x");
  CHECK(contains(refusal(path), "No such file"));
  spill(path, "just some text that is long enough to be looked at as a header, and is none; 100 bytes are enough....");
  CHECK(contains(refusal(path), "not an ibkr journal: " + path));
  const auto writer = Writer::open(path);
  REQUIRE_FALSE(writer.has_value());
  CHECK(contains(writer.error(), "not an ibkr journal"));
  CHECK(contains(slurp(path), "just some text"));
  spill(path, "");
  CHECK(contains(refusal(path), "is empty"));
  std::filesystem::remove(path);
  change(path, "CREATE TABLE t(x)");
  CHECK(contains(refusal(path), "another program's SQLite file"));
  CHECK_FALSE(Writer::open(path).has_value());
  CHECK(query_one(path, "PRAGMA journal_mode") == "delete");
  CHECK(contains(refusal(directory.file("")), "not a regular file"));
  const auto nowhere = Writer::open(directory.file("no/such/directory.db"));
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(contains(nowhere.error(), "No such file or directory"));
}

// Without it: an old ibkr misreads a newer file or calls it corrupt.
TEST_CASE("a newer format is named as such") {
  TemporaryDirectory directory;
  const std::string path = record(directory, 10);
  change(path, "PRAGMA user_version=2");
  CHECK(contains(refusal(path), "was written by a newer ibkr (format 2), this one reads up to 1; upgrade"));
  const auto writer = Writer::open(path);
  REQUIRE_FALSE(writer.has_value());
  CHECK(contains(writer.error(), "written by a newer ibkr"));
}

// Without it: `ibkr replay FILE --session 9` fails without saying what there is.
TEST_CASE("a session that is not there is refused with those that are") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a.db");
  auto writer = open_writer(path);
  REQUIRE(writer->flush(10s));
  CHECK(contains(open_reader(path)->last_session().error(), "has no sessions"));
  for (int i = 0; i < 3; ++i) begin(*writer);
  CHECK(writer->close().has_value());
  auto reader = open_reader(path);
  const auto missing = reader->frames(9);
  REQUIRE_FALSE(missing.has_value());
  CHECK(contains(missing.error(), "session 9 is not in " + path + "; it has 1..3"));
}

// Without it: one bad sector makes a day's recording unreadable.
TEST_CASE("a destroyed page costs its own rows only") {
  TemporaryDirectory directory;
  const std::string path = record(directory);
  CHECK(open_reader(path)->check().ok());
  std::string bytes = slurp(path);
  const std::size_t page = bytes.find(tick_price(1, kFrames / 2)) / 4096;
  for (std::size_t i = 0; i < 4096; ++i) bytes[page * 4096 + i] = static_cast<char>(0xA5);
  spill(path, bytes);

  auto reader = open_reader(path);
  const Check check = reader->check();
  CHECK_FALSE(check.ok());
  REQUIRE(check.damaged.size() == 1);
  REQUIRE(check.readable.size() == 2);
  const auto lost = check.damaged[0].last - check.damaged[0].first + 1;
  CHECK(lost < 100);
  CHECK(check.readable[0].first == 1);
  CHECK(check.readable[0].last + 1 == check.damaged[0].first);
  CHECK(check.damaged[0].last + 1 == check.readable[1].first);
  CHECK(check.readable[1].last == kFrames + 2);
  CHECK(contains(check.to_string(), "readable messages: 1.."));
  CHECK(read_everything(path) == kFrames + 2 - lost);
}

// Without it: a copy that was cut short crashes the program instead of giving what is there.
TEST_CASE("a torn tail leaves what is before it") {
  TemporaryDirectory directory;
  const std::string path = record(directory);
  const std::string bytes = slurp(path);
  spill(path, std::string_view(bytes).substr(0, bytes.size() * 8 / 10 / 4096 * 4096 + 123));
  auto reader = open_reader(path);
  const Check check = reader->check();
  CHECK_FALSE(check.ok());
  CAPTURE(check.to_string());
  REQUIRE_FALSE(check.readable.empty());
  CHECK(check.readable[0].first == 1);
  CHECK(check.readable[0].last > kFrames / 2);
  CHECK(read_everything(path) > kFrames / 2);
}

// Without it: a hostile or damaged file takes the program down.
TEST_CASE("flipped bits and cuts never crash a reader or a writer") {
  TemporaryDirectory directory;
  const std::string path = record(directory, 300);
  const std::string good = slurp(path);
  std::mt19937 random(7);
  for (int round = 0; round < 1000; ++round) {
    std::string bad = good;
    const std::size_t flips = 1 + random() % 40;
    for (std::size_t i = 0; i < flips; ++i) bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
    if (round % 10 == 0) bad.resize(random() % bad.size());
    spill(path, bad);
    read_everything(path);
    if (round % 10 == 1) {
      auto writer = Writer::open(path);
      if (writer) CHECK_FALSE((*writer)->queued_bytes() > 0);
    }
    std::filesystem::remove(path + "-journal");
    std::filesystem::remove(path + "-wal");
    std::filesystem::remove(path + "-shm");
  }
}
