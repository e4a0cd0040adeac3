#include "cli/captured_side.h"

#include <spdlog/spdlog.h>

#include "cli/command.h"
#include "protocol/catalogue.h"
#include "view/handshake.h"

namespace ibkr::cli {
namespace {

constexpr std::string_view kMagic{"API\0", 4};
constexpr std::size_t kPrefix = 4;

}  // namespace

bool CapturedSide::feed(std::string_view bytes) {
  if (state_ == State::Hello) return feed_hello(bytes);
  if (state_ == State::Frames) return feed_frames(bytes);
  start_ += bytes;
  const bool may_greet = std::string_view(start_).substr(0, kMagic.size()) == kMagic.substr(0, start_.size());
  if (may_greet && start_.size() < kMagic.size()) return true;
  if (may_greet && direction_ == protocol::Direction::In) {
    return fail("the stream begins with an app's hello: it is the app's side, which --direction out reads");
  }
  state_ = may_greet ? State::Hello : State::Frames;
  const std::string begun = std::move(start_);
  return may_greet ? feed_hello(begun) : feed_frames(begun);
}

bool CapturedSide::feed_hello(std::string_view bytes) {
  switch (hello_.feed(bytes)) {
    case protocol::HelloReader::State::NeedMore:
      return true;
    case protocol::HelloReader::State::Failed:
      return fail(hello_.error());
    case protocol::HelloReader::State::Done:
      break;
  }
  sink_.hello(hello_.hello());
  taken_ += hello_.raw().size();
  state_ = State::Frames;
  return feed_frames(hello_.rest());
}

bool CapturedSide::feed_frames(std::string_view bytes) {
  const bool good = framer_.feed(bytes, [&](std::string_view payload) {
    taken_ += kPrefix + payload.size();
    saw(payload);
  });
  return good || fail("byte " + std::to_string(taken_) + " of the stream: " + framer_.error());
}

void CapturedSide::saw(std::string_view payload) {
  const bool from_tws = direction_ == protocol::Direction::In;
  const auto answer = first_ && from_tws ? view::first_answer_in(payload) : std::nullopt;
  if (first_ && !from_tws && view::hello_answer_in(payload)) {
    spdlog::warn("the stream begins with the answer to a hello: it is the side of TWS, which --direction in reads");
  }
  first_ = false;
  if (!answer) {
    need_version();
    return sink_.payload(payload);
  }
  sink_.hello_answer(*answer, payload);
  if (answer->redirect) return;
  if (server_version_ != 0 && server_version_ != answer->server_version) {
    spdlog::warn("the stream says server version {}, so {} is not used", answer->server_version, server_version_);
  }
  if (answer->server_version < protocol::kMinServerVersion || answer->server_version > protocol::kMaxServerVersion) {
    spdlog::warn("server version {} is outside {}..{}, which are described; fields may be wrong",
                 answer->server_version, protocol::kMinServerVersion, protocol::kMaxServerVersion);
  }
  server_version_ = answer->server_version;
  sink_.agreed(server_version_);
}

void CapturedSide::need_version() const {
  if (server_version_ != 0) return;
  const protocol::Hello& hello = hello_.hello();
  if (direction_ == protocol::Direction::In) {
    throw UsageError(
        "the stream does not begin with the answer to a hello, so nothing tells its server version: give "
        "--server-version");
  }
  throw UsageError(
      "the app's side of a connection does not tell the server version that was agreed on: give "
      "--server-version" +
      (hello.max_version == 0
           ? std::string()
           : "; the app speaks " + std::to_string(hello.min_version) + " to " + std::to_string(hello.max_version)));
}

bool CapturedSide::fail(std::string reason) {
  sink_.fault(std::move(reason));
  return false;
}

void CapturedSide::end() {
  const std::size_t pending = state_ == State::Frames ? framer_.pending() : start_.size();
  if (state_ == State::Hello || (state_ == State::Start && pending > 0)) {
    sink_.fault("the stream ends inside its hello");
  } else if (pending > 0) {
    sink_.fault("the stream ends inside a frame that begins at its byte " + std::to_string(taken_) + ", after " +
                std::to_string(pending) + " bytes of it");
  }
}

}  // namespace ibkr::cli
