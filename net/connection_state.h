// libuv's side of a Connection. Included by the .cpp files of net/ only.
//
//   write() ──► kernel                      while nothing waits
//          └──► queued ──► in_flight ──► kernel    once the kernel has refused bytes; one uv_write at a time
//
// The state outlives its Connection until libuv has let go of the handle, so a callback may destroy its Connection.
#pragma once

#include <uv.h>

#include <memory>
#include <string>

#include "net/tcp.h"

namespace ibkr::net {

struct Connection::State {
  struct Flight {
    uv_write_t request{};
    std::string bytes;
  };

  /// A handle without a socket. The caller connects it, or adopts a socket, and owns it: wrap() or abandon().
  static State* make(Loop& loop);
  /// Takes the connected socket `fd`. Closes it when libuv refuses; returns libuv's code.
  int adopt(int fd);
  /// To be called once connected.
  std::unique_ptr<Connection> wrap();
  /// Closes, and frees the state when libuv has let go of it. No callback comes any more.
  void abandon();

  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&tcp); }
  uv_handle_t* handle() { return reinterpret_cast<uv_handle_t*>(&tcp); }

  void begin_close();
  void update_reading();
  void on_read(ssize_t count, const char* data);
  void on_peer_end();
  void fly(std::string bytes);
  void on_flown(int status);
  void send_fin();
  void on_fin_sent(int status);
  void on_write_failed(int status);
  void finish(CloseReason reason);

  uv_tcp_t tcp{};
  Loop* loop = nullptr;
  ConnectionCallbacks callbacks;
  Address peer;
  Address local;
  std::string queued;
  std::unique_ptr<Flight> in_flight;
  std::unique_ptr<uv_shutdown_t> fin;
  int write_error = 0;
  bool started = false;
  bool paused = false;
  bool reading = false;
  bool peer_ended = false;
  bool fin_requested = false;
  bool fin_sent = false;
  bool closing = false;  // uv_close has been called
  bool closed = false;   // libuv has let go
  bool orphaned = false;
};

}  // namespace ibkr::net
