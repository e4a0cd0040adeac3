// Recording: one session of a journal, taken apart into what the app asked and what came for it. Immutable once loaded;
// any number of replays share it. Payloads are kept as recorded and decoded only when they are needed.
//
//   requests()  0 StartApi   1 PositionsRequest   2 PlaceOrder …        what the app sent, in order
//   frames()    0 ManagedAccounts(0)  1 NextValidId(0)  2 Error(-)  3 Position(1) …   what came, and for which request
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "journal/reader.h"
#include "protocol/codec.h"
#include "protocol/error.h"
#include "replay/recorded.h"

namespace ibkr::replay {

/// What makes a recording less than what was on the wire.
struct Problem {
  enum class Kind : std::uint8_t {
    Gap,            ///< `count` frames or events were not recorded, as the recorder says
    MissingRows,    ///< `count` rows are not there that its session counts
    NoHelloAnswer,  ///< of TWS
    Undecodable,    ///< a frame of a known type; `detail` says which and why
    OtherName,      ///< a frame is not of the type that its row says; `detail` has both
    TooLong,        ///< a payload of `count` bytes, which no frame can have; passed over
    Unframed,       ///< bytes that were no frames; `detail` says whose
    File,           ///< SQLite finds the file damaged; `detail` has its words
  };
  Kind kind;
  journal::SessionId session = 0;  ///< 0: the whole file
  journal::Sequence sequence = 0;  ///< messages.message_id; 0: none in particular
  std::int64_t count = 0;
  std::string detail;
};

/// Why a session cannot be loaded.
struct LoadError {
  bool damaged = false;  ///< the recording is; else it is just not one that can be replayed
  std::string text;      ///< what, and what to do
};

/// The most payload bytes that a session may have to be replayed: it is held in memory.
inline constexpr std::size_t kMaxRecordingBytes = std::size_t{2} << 30;

class Recording {
 public:
  /// Loads a session. Fails when it never got a server version, when its version is not one that we know, when the file
  /// cannot be read within it, and when it is larger than `max_bytes`. What else is wrong with it is in problems().
  static Expected<Recording, LoadError> load(journal::Reader& reader, const journal::SessionInfo& session,
                                             std::size_t max_bytes = kMaxRecordingBytes);

  const journal::SessionInfo& session() const { return session_; }
  int server_version() const { return session_.server_version; }
  /// What is wrong with it, as far as the session itself shows; the first kMaxProblems.
  const std::vector<Problem>& problems() const { return problems_; }
  static constexpr std::size_t kMaxProblems = 1000;
  /// The payload of TWS's first frame, as recorded; one made of the session's row where it is missing.
  std::string_view hello_answer() const { return bytes(hello_answer_); }
  const std::vector<RecordedRequest>& requests() const { return requests_; }
  const std::vector<RecordedFrame>& frames() const { return frames_; }
  /// Frames that no request caused: they come by themselves. Ascending.
  const std::vector<FrameIndex>& pushes() const { return pushes_; }
  std::size_t bytes_held() const { return bytes_.size(); }
  std::string_view bytes(Payload payload) const { return std::string_view(bytes_).substr(payload.at, payload.size); }

  /// A request's message. It must have a type.
  protocol::Message request(RequestIndex index) const;
  /// A frame's message. It must be decodable.
  protocol::Message frame(FrameIndex index) const;

 private:
  struct Following;
  Recording() = default;
  void add_hello_answer(const journal::Frame& frame);
  void add_request(const journal::Frame& frame, Following& following);
  void pass_over_what_came_before(Following& following);
  void give_up_unanswered(const protocol::MessageInfo& type, RequestIndex index, std::int64_t at_ns,
                          Following& following);
  void add_frame(const journal::Frame& frame, protocol::Exchanges& exchanges);
  void spare_what_ended_later();
  void check(const journal::Frame& frame, const Expected<protocol::Message, protocol::DecodeError>& message);
  void check_rows(journal::Reader& reader);
  void check_events(journal::Reader& reader);
  void note(Problem problem);
  Payload keep(std::string_view payload);
  std::int64_t since_start(const journal::Frame& frame) const;

  journal::SessionInfo session_;
  std::string bytes_;
  Payload hello_answer_;
  std::int64_t start_ns_ = 0;
  std::vector<RecordedRequest> requests_;
  std::vector<RecordedFrame> frames_;
  std::vector<FrameIndex> pushes_;
  std::vector<Problem> problems_;
  std::int64_t rows_out_ = 0;
  std::int64_t rows_in_ = 0;
};

}  // namespace ibkr::replay
