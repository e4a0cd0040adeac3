// Any bytes of an app, in any split and at any time, served a recorded session: every request gets an outcome, the
// verdict adds up, and nothing crashes.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "replay/replay.h"
#include "replay/serving.h"
#include "tests/fuzz/session.h"

using namespace ibkr;
using namespace ibkr::replay;

namespace {

/// The session of the seeds, loaded once.
const Loaded& recorded() {
  static const Loaded loaded = [] {
    const std::string file = "/dev/shm/ibkr-fuzz-serving-" + std::to_string(::getpid()) + ".db";
    std::filesystem::remove(file);
    fuzz::write_session(file);
    auto found = load(file, {});
    std::filesystem::remove(file);
    if (!found) std::abort();
    return std::move(*found);
  }();
  return loaded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = 1 + data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Replay replay(recorded(), {.speed = kMaxSpeed});
  Serving serving(replay);
  std::int64_t now_ns = 0;
  std::string out;
  for (std::size_t at = 0; at < bytes.size() && !serving.given_up(); at += step) {
    serving.receive(bytes.substr(at, step), now_ns, 1'764'000'000'000'000'000 + now_ns);
    now_ns += 1'000'000;
    out.clear();
    (void)serving.give(now_ns, out, 65536);
    serving.taken();
  }
  serving.ended(Serving::End::AppLeft, "the input is over");
  (void)replay.verdict();
  return 0;
}
