// Session: one app, one TWS connection dialled for it, and the bytes between them.
//
//            read                  write first             then
//   app  ──► on_data ──► stamp ──► upstream.write ──► Tap::saw(Out)
//   TWS  ──► on_data ──► stamp ──► app.write      ──► Tap::saw(In)
//
// When one side does not take its bytes, the other is not read. FIN and RST pass through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "journal/writer.h"
#include "net/tcp.h"
#include "proxy/options.h"
#include "proxy/tap.h"

namespace ibkr::proxy {

/// Loop thread only.
class Session {
 public:
  using OnEnd = std::function<void(Session&)>;

  /// Begins to dial. `options` and `journal` must outlive the session. `on_end` is called once, from the loop or from
  /// stop() or cut(), when both connections are closed and the journal knows the end; it may destroy the session.
  Session(net::Loop& loop, const ProxyOptions& options, journal::Writer& journal, std::unique_ptr<net::Connection> app,
          OnEnd on_end);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Still waiting for the upstream?
  bool dialling() const { return dial_ != nullptr; }
  /// When it should have accepted, in nanoseconds of the monotonic clock.
  std::int64_t dial_deadline_ns() const { return dial_deadline_ns_; }
  /// Waits for the upstream no longer: the session ends. Only while dialling().
  void give_up_dial();
  /// Reads no more, and ends once what was read has been handed on.
  void stop();
  /// Ends now, with what is queued dropped.
  void cut();
  /// Bytes read and not yet taken by the kernel, both directions.
  std::size_t queued_bytes() const;

 private:
  struct Side {
    std::unique_ptr<net::Connection> connection;
    Side* other = nullptr;
    protocol::Direction direction = protocol::Direction::Out;  // of the bytes that come from here
    bool ended = false;                                        // FIN seen
    std::string_view name() const { return direction == protocol::Direction::Out ? "app" : "tws"; }
  };

  void listen_to(Side& side);
  void on_dialled(net::Dial::Result result);
  void on_data(Side& from, std::string_view bytes);
  void on_end_of(Side& from);
  void on_drain(Side& side);
  void on_close(Side& side, const net::CloseReason& reason);
  void hand_on(Side& from, std::string_view bytes);
  void give_up(const std::string& why);
  void refuse();
  void remember(std::string_view who, std::string_view how);
  void finish(journal::EndStatus status);

  const ProxyOptions& options_;
  journal::Writer& journal_;
  OnEnd on_end_;
  Tap tap_;
  Side app_;
  Side tws_;
  std::unique_ptr<net::Dial> dial_;
  std::int64_t dial_deadline_ns_ = 0;
  std::string early_;   // what the app sent before the upstream accepted
  std::string reason_;  // who ended it, how, in which phase
  bool stopping_ = false;
};

}  // namespace ibkr::proxy
