// TCP: Listener accepts, connect() dials, both give a Connection.
//
// Everything here lives on one loop's thread. Callbacks come from the loop only, never from inside a call to these
// classes, and may destroy the object that they came from.
//
//   Listener ── on_accept ──┐
//                           ├──► Connection ── on_data, on_end, on_drain, on_close
//   connect() ── callback ──┘
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/expected.h"
#include "net/address.h"
#include "net/loop.h"

namespace ibkr::net {

/// Why a connection ended without its owner closing it.
struct CloseReason {
  enum class Kind {
    Finished,  ///< both sides have sent FIN and everything was delivered
    Reset,     ///< the peer sent RST, or went away while data was on its way to it
    Failed,    ///< the system gave another error: no route, keep-alive timed out, out of memory
  };
  Kind kind = Kind::Finished;
  std::string message;  ///< for people: "connection reset by peer"
};

/// What a connection tells its owner. Every member may be empty.
struct ConnectionCallbacks {
  /// Bytes in the order sent. The view is valid during the call only.
  std::function<void(std::string_view)> on_data = {};
  /// The peer has sent FIN: no more data will come. Writing still works; answer with shutdown_write() or close(). A
  /// reset that follows the FIN is noticed with the next write only.
  std::function<void()> on_end = {};
  /// Bytes had been waiting in the write queue, and now the kernel has taken all of them.
  std::function<void()> on_drain = {};
  /// The last callback: the connection is closed and can be destroyed. Comes exactly once, unless the owner called
  /// close() or reset() or destroyed the connection: then nothing comes any more.
  std::function<void(const CloseReason&)> on_close = {};
};

/// One TCP connection, TCP_NODELAY and keep-alive on. Destroying it closes it. About 600 bytes when idle.
class Connection {
 public:
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sets the callbacks and begins to read. Once; before it nothing is read and a failure is not reported. `callbacks`
  /// and what they captured are destroyed some time after the connection.
  void start(ConnectionCallbacks callbacks);

  /// Sends bytes: first straight to the kernel, and what that does not take is copied to the write queue. Errors come
  /// as on_close. After the connection's end it does nothing; after shutdown_write() it is a bug.
  void write(std::string_view bytes);
  /// Bytes that write() took and the kernel has not taken yet. The queue has no limit of its own: whoever writes stops
  /// at his own limit and goes on at on_drain.
  std::size_t queued_bytes() const;

  /// While paused no on_data, on_end or reset is seen, and the peer is held back by TCP once the kernel's buffers are
  /// full. Bytes of the current on_data are not taken back.
  void pause_reading();
  void resume_reading();

  /// Sends FIN after what is queued. When the peer's FIN has come too, the connection ends as Finished.
  void shutdown_write();
  /// Closes now with RST, dropping what is queued. The peer sees "connection reset".
  void reset();
  /// Closes now, dropping what is queued; what the kernel has taken is still delivered, unless the peer's bytes were
  /// left unread: then the system sends RST. For a polite end use shutdown_write().
  void close();
  /// False after close(), reset() or once on_close has come.
  bool is_open() const;

  /// The two ends, as numbers. Kept from when the connection was made; port 0 when the peer was gone by then.
  Address peer_address() const;
  Address local_address() const;

 private:
  friend class Listener;
  friend class Dial;
  struct State;
  explicit Connection(State* state) : state_(state) {}
  State* state_;  // freed by the loop, after the callback that may be running
};

/// Accepts connections.
class Listener {
 public:
  using OnAccept = std::function<void(std::unique_ptr<Connection>)>;
  using OnError = std::function<void(const std::string&)>;

  /// Binds and listens on the loop; port 0 takes a free port, see local_address(). A name is looked up (blocking), and
  /// its IPv4 address preferred. The error says what was wrong (port in use, not our address, …) and what to do.
  ///
  /// When the process runs out of descriptors, on_error gets one message, accepting stops for 100 ms at a time, and
  /// waiting connections are accepted once descriptors are free again.
  static Expected<std::unique_ptr<Listener>, std::string> open(Loop& loop, const Address& address, OnAccept on_accept,
                                                               OnError on_error = {});
  /// Stops listening. Accepted connections are not touched.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The address really bound, with the port that the system chose.
  const Address& local_address() const;

 private:
  struct State;
  explicit Listener(State* state) : state_(state) {}
  State* state_;  // freed by the loop, after the callback that may be running
};

/// A connection attempt under way. Destroying it gives the attempt up: no callback comes.
class Dial {
 public:
  using Result = Expected<std::unique_ptr<Connection>, std::string>;
  ~Dial();
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;

 private:
  friend std::unique_ptr<Dial> connect(Loop&, const Address&, std::function<void(Result)>);
  struct State;
  explicit Dial(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // shared with what the loop has under way
};

/// Looks the host up (without blocking the loop), tries each of its addresses, IPv4 first, and calls back once with the
/// connection (call start() on it) or the last address's error ("connection refused"). Never calls back from inside
/// this call. There is no time limit but the system's; destroy the Dial to give up.
[[nodiscard]] std::unique_ptr<Dial> connect(Loop& loop, const Address& address, std::function<void(Dial::Result)> done);

}  // namespace ibkr::net
