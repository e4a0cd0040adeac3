// Sealer: finishes sessions that have ended, a slice at a time so that recording of the others goes on: indexes their
// messages, then marks them sealed. And ends those that a crash left open.
#pragma once

#include <deque>

#include "journal/database.h"
#include "journal/types.h"

namespace ibkr::journal {

class Sealer {
 public:
  explicit Sealer(Database& database);

  /// Ends every session that is still active in the file with status error and this reason, from what its messages
  /// say, and lists all that are not sealed. In one transaction of its own.
  void adopt(std::string_view reason);
  /// Lists an ended session. `first`..`last` covers its messages.
  void add(SessionId session, Sequence first, Sequence last) { jobs_.push_back({session, first, last}); }
  /// Does one slice, in a transaction of its own; after an error the same slice is done again.
  void step();
  bool done() const { return jobs_.empty(); }

 private:
  struct Job {
    SessionId session;
    Sequence next;
    Sequence last;
  };
  Database& database_;
  std::deque<Job> jobs_;
  Statement index_;
  Statement seal_;
};

}  // namespace ibkr::journal
