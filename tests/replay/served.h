// What the tests of serving share: an app whose connection to a replay has no socket. Time stands still unless it is
// moved.
#pragma once

#include <string>

#include "recorded.h"
#include "replay/replay.h"
#include "replay/serving.h"

namespace ibkr::replay::test {

inline Loaded loaded(RecordedFile& file, SessionChoice choice = {}) {
  file.close();
  auto found = load(file.path(), choice);
  REQUIRE_MESSAGE(found, (found ? "" : found.error().text));
  return std::move(*found);
}

class ServedApp {
 public:
  explicit ServedApp(Replay& replay, int version = 178, protocol::Hello hello = {100, 226, ""})
      : version_(version), serving_(replay) {
    says(protocol::hello_bytes(hello));
  }
  /// An app that has said START_API, and what it got for that.
  ServedApp(Replay& replay, int client_id, Lines& got) : ServedApp(replay) {
    asks(start_api(client_id));
    got = gets();
  }

  void says(std::string_view bytes) { serving_.receive(bytes, now_ns_, 1'700'000'000'000'000'000 + now_ns_); }
  void asks(const Message& message) {
    std::string payload, frame;
    REQUIRE(protocol::encode(message, version_, payload));
    protocol::append_frame(frame, payload);
    says(frame);
  }
  /// What is sent by now, described; the hello's answer as "answer".
  Lines gets() {
    Lines texts;
    std::optional<std::int64_t> next = now_ns_;
    while (next && *next <= now_ns_) {
      std::string out;
      next = serving_.give(now_ns_, out, 1000);
      framer_.feed(out, [&](std::string_view payload) {
        texts.push_back(std::exchange(greeted_, true) ? described(version_, payload) : "answer");
      });
    }
    serving_.taken();
    return texts;
  }
  void pass(int milliseconds) { now_ns_ += milliseconds * kMillisecond; }
  void leaves(Serving::End end = Serving::End::AppLeft) { serving_.ended(end, "it has left"); }
  const Serving& serving() const { return serving_; }

 private:
  int version_;
  Serving serving_;
  protocol::Framer framer_;
  std::int64_t now_ns_ = 0;
  bool greeted_ = false;
};

}  // namespace ibkr::replay::test
