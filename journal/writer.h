// Writer: records what was on the wire into one SQLite file (journal/FORMAT.md), without ever making the wire wait.
//
//   loop thread                         journal thread
//   frame() ─► Queue (bytes, bounded) ─► take ─► decode ─► INSERT … COMMIT ─► release
//                                         every 10 ms, or sooner when much waits
//
// It does not frame, forward or log: the proxy does. Reading is journal/reader.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/expected.h"
#include "journal/types.h"
#include "protocol/frame.h"
#include "protocol/schema.h"

namespace ibkr::journal {

struct WriterOptions {
  bool json = true;                                  ///< fill messages.fields
  std::size_t queue_bytes = std::size_t{256} << 20;  ///< what may wait in memory
  WhenFull when_full = WhenFull::Drop;
  /// WhenFull::Wait: how long a call waits for a disk that takes nothing at all before it gives up and drops, so that a
  /// full disk does not hang the caller for ever. It waits as long as it must for one that is only slow.
  std::chrono::milliseconds patience{30'000};
  std::chrono::milliseconds commit_interval{10};
  /// Says, once per change, that recording is in trouble (disk full, queue full, file deleted) or has recovered, and
  /// what was lost. Called on the journal thread, or on the thread whose frame() found the queue full. Must not call
  /// the Writer.
  std::function<void(const std::string& text)> on_trouble;
};

/// One open journal. Every method may be called from any thread; none but flush() and close() waits for the disk,
/// unless WhenFull::Wait says so: then all that record do, and healthy() tells whether something was dropped all the
/// same. Calls for one session must come in the order of its wire. Views are copied before a call returns.
class Writer {
 public:
  /// Creates the file, or opens it to append; seals sessions that a crash left open. Each opening is a recording of its
  /// own, which its sessions name. Fails with a text that says what, where and what to do: another process records into
  /// it (which), not a journal, a newer format, no such directory.
  static Expected<std::unique_ptr<Writer>, std::string> open(const std::string& path, WriterOptions options = {});
  /// Closes, if close() was not called.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Begins a session; the number is known at once, its row is written with the next commit. One that begins midway,
  /// at a stated server version, takes frames at once.
  SessionId begin_session(SessionStart start);
  /// The app's hello. `raw`: its bytes as they came ("API\0", length, range).
  void hello(SessionId session, const protocol::Hello& hello, std::string_view raw, Stamp at);
  /// TWS's answer: the payload of its first frame. The server version in it decides how later frames are decoded.
  void hello_answer(SessionId session, const protocol::HelloAnswer& answer, std::string_view payload, Stamp at);
  /// One whole frame, without its length prefix. Costs a lock and a copy. Returns its sequence number, which is used up
  /// also when the frame is dropped because the queue is full; a gap event then says which are missing. With
  /// WhenFull::Wait a frame is dropped only when the disk has taken nothing for `patience`; one larger than the whole
  /// queue is recorded when nothing else waits.
  Sequence frame(SessionId session, protocol::Direction direction, std::string_view payload, Stamp at);
  /// Something worth keeping that is no frame: `kind` is one word ("error", "note", "truncated"), `raw` may be empty.
  /// Session 0 means the whole journal. Dropped like a frame when the queue is full.
  void event(SessionId session, std::string_view kind, std::string_view text, std::string_view raw, Stamp at);
  /// Ends a session: its counts are written and it is indexed and sealed.
  void end_session(SessionId session, EndStatus status, std::string_view reason, Stamp at);

  /// False while frames are being dropped, the file cannot be written, or is no longer there under its name; for a
  /// proxy that would rather refuse traffic.
  bool healthy() const;
  /// The last sequence number that is on disk: everything up to it, gaps aside, survives kill -9 and power loss.
  Sequence committed() const;
  /// Bytes that wait in memory.
  std::size_t queued_bytes() const;
  /// Waits until all that was given before the call is committed. False when that did not happen in time.
  bool flush(std::chrono::milliseconds timeout);
  /// Commits what waits, seals every session (those not ended get status error), joins the journal thread and leaves
  /// one self-contained file. Fails, naming the loss, where the disk still refuses, or where the file was deleted or
  /// moved meanwhile. Nothing may be recorded after it.
  Expected<void, std::string> close();

 private:
  class Impl;
  explicit Writer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ibkr::journal
