// Writes what the fuzz targets start from into FOLDER/<target>: fuzz_seeds FOLDER
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include "journal/database.h"
#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/json.h"
#include "protocol/random.h"
#include "tests/fuzz/session.h"
#include "tests/protocol/samples.h"

using namespace ibkr;
using namespace ibkr::protocol;
namespace fs = std::filesystem;

namespace {

constexpr int kVersions[] = {100, 130, 178, 200, 203, 226};

void write(const fs::path& file, std::string_view bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << bytes;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

/// A payload for the target of its wire, behind its direction and version (input.h), and as JSON.
void write_payload(const fs::path& folder, Direction direction, int version, std::string_view payload,
                   const std::string& name) {
  const auto message = decode(direction, version, payload);
  if (!message) throw std::runtime_error(name + ": " + message.error().to_string());
  const Wire wire = read_head(payload, version)->wire;
  std::string input{static_cast<char>(direction), static_cast<char>(version - kMinServerVersion)};
  write(folder / (wire == Wire::Text ? "text" : "protobuf") / name, input.append(payload));
  std::string json;
  append_json(*message, wire, json);
  write(folder / "json" / name, json);
}

/// Every message at several versions.
void write_messages(const fs::path& folder) {
  std::mt19937_64 generator(1);
  for (const MessageInfo* type : all_messages()) {
    for (const int version : kVersions) {
      if (version < type->since) continue;
      const Wire wire = wire_at(*type, version);
      const Message message = random_message(*type, wire, version, generator);
      std::string payload;
      if (!encode(message, version, payload)) continue;
      write_payload(folder, type->direction, version, payload, std::string(type->name) + "-" + std::to_string(version));
    }
  }
}

/// The project's samples, and the recorded ones where they lie beside it.
void write_samples(const fs::path& folder) {
  for (const char* tables : {"/fixtures/payloads/samples_", "/../shared/wire/samples_"}) {
    for (const Direction direction : {Direction::In, Direction::Out}) {
      const std::string side = direction == Direction::In ? "in" : "out";
      for (const auto& sample : test::read_samples(IBKR_SOURCE_DIR + std::string(tables) + side + ".tsv")) {
        for (const int version : test::versions(sample)) {
          const std::string payload = test::payload_at(sample, version);
          const std::string name = "sample-" + std::to_string(std::hash<std::string>{}(payload));
          write_payload(folder, direction, version, payload, name + "-" + std::to_string(version));
        }
      }
    }
  }
}

/// An app's hello, and TWS's answer, each with a frame behind it.
void write_streams(const fs::path& folder) {
  constexpr char kStep = 2;  // bytes at a time, less one
  std::string hello = kStep + hello_bytes({100, 178, ""}), answer(1, kStep);
  append_frame(hello, std::string_view("71\0002\0007\0\0", 8));
  append_frame(answer, hello_answer_payload({178, "20261123 09:30:00 EST"}));
  append_frame(answer, std::string_view("9\0001\00013\0", 7));
  write(folder / "framer" / "hello", hello);
  write(folder / "framer" / "answer", answer);
  append_frame(answer, std::string_view("15\0001\0DU1\0", 9));
  write(folder / "client_side" / "start", answer.substr(1));
}

/// An app that asks what was asked in the session that is served.
void write_serving(const fs::path& folder) {
  std::string app = '\x40' + hello_bytes({100, fuzz::kServerVersion, ""});
  for (const auto& [direction, payload] : fuzz::session_frames()) {
    if (direction == Direction::Out) append_frame(app, payload);
  }
  write(folder / "serving" / "app", app);
}

/// A short session on small pages, so that a changed byte hits.
void write_journal(const fs::path& folder) {
  using fuzz::require;
  fs::create_directories(folder / "journal");
  const std::string file = (folder / "journal" / "session.db").string();
  fs::remove(file);
  const auto [writer, session] = fuzz::begin_session(file);
  const journal::Stamp at{1'764'000'000'000'000'000, 1'000'000'000};
  writer->frame(session, Direction::In, "no message at all", at);
  writer->event(session, "note", "a note", "raw", at);
  fuzz::end_session(*writer, session);

  const auto database = journal::Database::open(file, SQLITE_OPEN_READWRITE);
  require(database.has_value(), database ? "" : database.error());
  (*database)->execute("PRAGMA journal_mode=DELETE; PRAGMA page_size=512; VACUUM");
  require(!(*database)->failed(), (*database)->error());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 2;
  }
  try {
    write_messages(argv[1]);
    write_samples(argv[1]);
    write_streams(argv[1]);
    write_serving(argv[1]);
    write_journal(argv[1]);
  } catch (const std::exception& failed) {
    std::cerr << "fuzz_seeds: " << failed.what() << "\n";
    return 1;
  }
}
