// Any file as a journal: refused with a reason, or read to its end with damage named; never a crash.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "journal/reader.h"

using namespace ibkr::journal;

namespace {

/// One file in memory, rewritten for each input.
const std::string& scratch_file() {
  static const std::string path = "/dev/shm/ibkr-fuzz-journal-" + std::to_string(::getpid()) + ".db";
  return path;
}

/// With what SQLite put beside it: a write-ahead log of one input must not be read with the next.
void remove_scratch_file() {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::remove((scratch_file() + suffix).c_str());
}

void read_everything(Reader& reader) {
  constexpr int kMostDamages = 100;
  const auto sessions = reader.sessions();
  if (!sessions) return;
  for (const SessionInfo& session : *sessions) {
    auto cursor = reader.frames(session.id, WithFields::Yes);
    if (!cursor) continue;
    for (int damages = 0; damages < kMostDamages;) {
      const auto frame = cursor->next();
      if (frame && !*frame) break;
      if (!frame && (++damages, !cursor->skip_damage())) break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::FILE* file = std::fopen(scratch_file().c_str(), "wb");
  if (file == nullptr) std::abort();
  std::fwrite(data, 1, size, file);
  std::fclose(file);
  if (auto reader = Reader::open(scratch_file())) read_everything(**reader);
  remove_scratch_file();
  return 0;
}
