// Transport: carries the bytes of one connection. A socket (socket_transport.h), or whatever else speaks as TWS does.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/loop.h"

namespace ibkr::client {

/// One connection, once. I/O thread only. Destroying it closes it, and nothing is told any more.
class Transport {
 public:
  /// Told by the loop only, never from inside a call to the transport. May destroy the transport.
  class Owner {
   public:
    virtual void on_open() = 0;
    /// The view is valid during the call only.
    virtual void on_bytes(std::string_view bytes) = 0;
    /// What waited to be sent has left.
    virtual void on_drain() = 0;
    /// It could not be opened, or has ended; the last call. `why` is for people.
    virtual void on_gone(const std::string& why) = 0;

   protected:
    ~Owner() = default;
  };

  virtual ~Transport() = default;
  /// Once, before anything else. `owner` outlives the transport.
  virtual void open(Owner& owner) = 0;
  /// After on_open.
  virtual void write(std::string_view bytes) = 0;
  /// Bytes that were written and have not left.
  virtual std::size_t queued_bytes() const = 0;
};

/// Makes the transport of each connection, on the I/O thread.
using MakeTransport = std::function<std::unique_ptr<Transport>(net::Loop&)>;

}  // namespace ibkr::client
