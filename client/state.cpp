#include "client/state.h"

namespace ibkr::client {

std::string_view to_string(State state) {
  switch (state) {
    case State::Disconnected:
      return "disconnected";
    case State::Connecting:
      return "connecting";
    case State::Connected:
      return "connected";
    case State::Reconnecting:
      return "reconnecting";
    case State::GivenUp:
      return "given up";
    case State::Closed:
      return "closed";
  }
  return "";
}

}  // namespace ibkr::client
