#include "replay/mismatch.h"

namespace ibkr::replay {
namespace {

std::string shown(const std::string& value) { return value.empty() ? "nothing" : value; }

std::string start(const Mismatch& mismatch) { return "no recorded request matches " + mismatch.name; }

std::string end(const Mismatch& mismatch) {
  return mismatch.elsewhere ? "; session " + std::to_string(*mismatch.elsewhere) + " has it" : "";
}

std::string nearest(const Mismatch& mismatch) {
  return "; nearest is #" + std::to_string(*mismatch.nearest) + (mismatch.used ? " (served already)" : "") + ":";
}

}  // namespace

std::string Differing::line() const { return path + ": recorded " + shown(recorded) + ", live " + shown(live); }

std::string Mismatch::summary() const {
  if (!nearest) return start(*this) + "; the session has none" + end(*this);
  if (differences.empty()) {
    return start(*this) + "; #" + std::to_string(*nearest) + " is equal, and has been served already" + end(*this);
  }
  std::string text = start(*this) + replay::nearest(*this) + " " + differences[0].line();
  const std::size_t others = differences.size() - 1 + more;
  if (others > 0) text += ", and " + std::to_string(others) + " more";
  return text + end(*this);
}

std::string Mismatch::report() const {
  if (differences.size() < 2) return summary();
  std::string text = start(*this) + end(*this) + replay::nearest(*this);
  for (const Differing& difference : differences) text += "\n  " + difference.line();
  if (more > 0) text += "\n  and " + std::to_string(more) + " more";
  return text;
}

}  // namespace ibkr::replay
