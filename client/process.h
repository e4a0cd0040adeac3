// Process: which process something was made in. After fork() the child has the memory of a client and none of its
// threads, so that a client refuses there whatever would wait for them.
#pragma once

#include <cstdint>

namespace ibkr::client {

/// For a thread of the library's own: signals go to the program's threads.
void block_signals();

/// Remembers the process that it was made in.
class Process {
 public:
  Process();
  /// False in a child that was forked since. Any thread; costs a load.
  bool is_current() const;
  /// Throws the UsageError that says so.
  [[noreturn]] void refuse() const;

 private:
  std::uint32_t generation_;
};

}  // namespace ibkr::client
