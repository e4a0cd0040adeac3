// Answers: recorded frames as one connection gets them: the recorded bytes where no id changes, else encoded again with
// the ids that the app uses. Player says which and when.
#pragma once

#include <string>

#include "replay/ids.h"
#include "replay/recording.h"

namespace ibkr::replay {

/// For one connection. The recording and the ids must outlive it.
class Answers {
 public:
  Answers(const Recording& recording, const Ids& ids) : recording_(recording), ids_(ids) {}
  /// Appends a frame, length prefix included. One that cannot be encoded with live ids is sent as recorded, and false
  /// returned.
  bool append(FrameIndex frame, std::string& out) const;

 private:
  const Recording& recording_;
  const Ids& ids_;
};

}  // namespace ibkr::replay
