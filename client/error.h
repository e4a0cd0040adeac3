// Error: why a call has no answer, or what TWS remarked. Travels as a value to whoever waits, and is thrown there.
//
//   Error ◄── Timeout        nothing came within the time
//         ◄── Disconnected   there is no connection, or it was lost under way
//         ◄── RequestError   TWS refused
//         ◄── UsageError     what was asked for cannot be done here
#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include "protocol/message.h"

namespace ibkr::client {

/// What went wrong, for programs. Decides the subclass that is thrown.
enum class Reason : std::uint8_t {
  Rejected,       ///< TWS answered with an error: RequestError
  Remark,         ///< TWS said something about it that does not end it; never thrown
  TimedOut,       ///< Timeout
  Cancelled,      ///< cancel() was called: UsageError
  NotConnected,   ///< connect() has not been called, or failed: Disconnected
  Lost,           ///< the connection went while the answer was under way: Disconnected
  Reconnecting,   ///< it is gone and being made anew: Disconnected
  GivenUp,        ///< it could not be made anew within the attempts allowed: Disconnected
  Closed,         ///< disconnect() or close() was called: Disconnected
  ConnectFailed,  ///< connect() did not get through; the text says at which step: Disconnected
  CannotEncode,   ///< the server version does not know the request, or a field of it: UsageError
  Misuse,         ///< a bug of the program: UsageError
  UserCode,       ///< a continuation threw something that is no Error: Error
};

/// What it is about.
enum class Concern : std::uint8_t { Connection, Request, Order, System };

/// How bad it is.
enum class Severity : std::uint8_t {
  Information,
  Farm,     ///< a farm of IB's comes or goes; data may pause
  Warning,  ///< it goes on, but not quite as asked
  Reject,   ///< this request or order is over; others go on
  Fatal,    ///< the connection is gone
};

class Error;
/// Throws it as the subclass that its reason names.
[[noreturn]] void raise(Error error);

/// A value, thrown as one of its subclasses by raise(); what() is then all of it in one line.
class Error : public std::exception {
 public:
  Error(Reason reason, Concern concern, Severity severity, std::string text);

  Reason reason;
  Concern concern;
  Severity severity;
  std::int32_t code = 0;   ///< TWS's number; 0 where the error is the client's own
  std::string text;        ///< what happened, in words: TWS's own where it is TWS's
  std::string request;     ///< name of the request, such as "ContractDataRequest"; "" where it is about none
  std::int64_t id = -1;    ///< the request's or the order's id; -1 where it has none
  std::string suggestion;  ///< what to do about it; "" where we know nothing
  std::string details;     ///< TWS's JSON about a rejected order that can be overridden, or ""

  /// "ContractDataRequest 1073741824: No security definition has been found (200). Check symbol, …"
  std::string to_string() const;
  /// The same once it was thrown by raise(); before that the text.
  const char* what() const noexcept override { return whole_.empty() ? text.c_str() : whole_.c_str(); }

 private:
  friend void raise(Error error);
  std::string whole_;
};

struct Timeout : Error {
  using Error::Error;
  explicit Timeout(Error error) : Error(std::move(error)) {}
};
struct Disconnected : Error {
  using Error::Error;
  explicit Disconnected(Error error) : Error(std::move(error)) {}
};
struct RequestError : Error {
  using Error::Error;
  explicit RequestError(Error error) : Error(std::move(error)) {}
};
struct UsageError : Error {
  using Error::Error;
  explicit UsageError(Error error) : Error(std::move(error)) {}
};

/// What TWS's ErrorMessage says, with what our table of codes knows of it. `request` is the one that it is about, null
/// where it is about none. `ends`: the request is over. Any other message is a bug.
Error error_of(const protocol::Message& message, const protocol::Message* request, bool ends);

/// An error of the client's own about a request, whose name and id it takes.
Error error_about(Reason reason, const protocol::Message& request, std::string text, std::string suggestion);

/// True when it is thrown as Disconnected.
bool is_about_connection(const Error& error);

}  // namespace ibkr::client
