#include "replay/choice.h"

#include <algorithm>
#include <charconv>

namespace ibkr::replay {

using journal::SessionId;
using journal::SessionInfo;

namespace {

std::string why_not(const SessionInfo& session) {
  const std::string ended = session.end_reason.empty() ? "" : ": " + session.end_reason;
  if (session.server_version == 0) return "it did not get past the handshake" + ended;
  return "its app did not send START_API" + ended;
}

std::string names(const std::vector<SessionInfo>& sessions) {
  std::string text;
  for (const SessionInfo& session : sessions) {
    if (session.got_past_start_api()) text += (text.empty() ? "" : ", ") + std::to_string(session.id);
  }
  return text.empty() ? "none" : text;
}

Expected<Chosen, std::string> choose_listed(const std::vector<SessionInfo>& sessions, std::vector<SessionId> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  Chosen chosen;
  for (const SessionId id : ids) {
    const auto found = std::ranges::find(sessions, id, &SessionInfo::id);
    if (found == sessions.end()) {
      return Unexpected("there is no session " + std::to_string(id) +
                        "; sessions that can be replayed: " + names(sessions) + " (see `ibkr sessions`)");
    }
    if (!found->got_past_start_api()) {
      return Unexpected("session " + std::to_string(id) + " cannot be replayed, as " + why_not(*found) +
                        "; sessions that can: " + names(sessions));
    }
    chosen.sessions.push_back(*found);
  }
  return chosen;
}

}  // namespace

Expected<SessionChoice, std::string> parse_session_choice(std::string_view text) {
  if (text == "last") return SessionChoice{};
  if (text == "all") return SessionChoice{SessionChoice::Which::All};
  SessionChoice choice{SessionChoice::Which::Listed};
  for (std::string_view rest = text;;) {
    const std::string_view number = rest.substr(0, rest.find(','));
    SessionId id = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), id);
    if (error != std::errc() || end != number.data() + number.size() || id < 1) {
      return Unexpected("\"" + std::string(text) +
                        "\" names no sessions: give a number such as 2, several such as 1,2, or all");
    }
    choice.ids.push_back(id);
    if (number.size() == rest.size()) return choice;
    rest.remove_prefix(number.size() + 1);
  }
}

Expected<Chosen, std::string> choose(const std::vector<SessionInfo>& sessions, const SessionChoice& choice) {
  if (choice.which == SessionChoice::Which::Listed) return choose_listed(sessions, choice.ids);
  const auto last = std::find_if(sessions.rbegin(), sessions.rend(),
                                 [](const SessionInfo& session) { return session.got_past_start_api(); });
  if (sessions.empty()) return Unexpected(std::string("it has no sessions yet; record one with `ibkr proxy`"));
  if (last == sessions.rend()) {
    return Unexpected("none of its sessions (" + std::to_string(sessions.size()) +
                      ") got past START_API, the last one because " + why_not(sessions.back()) +
                      "; record a session with `ibkr proxy`");
  }
  const bool all = choice.which == SessionChoice::Which::All;
  Chosen chosen;
  for (const SessionInfo& session : sessions) {
    // Older files do not know runs: there the last session is one of its own.
    const bool same_run = session.id == last->id || (last->recording != 0 && session.recording == last->recording);
    if (!all && !same_run && session.id < last->id) {
      ++chosen.of_earlier_runs;
    } else if (session.got_past_start_api()) {
      chosen.sessions.push_back(session);
    } else {
      chosen.passed_over.push_back({session.id, why_not(session)});
    }
  }
  return chosen;
}

}  // namespace ibkr::replay
