#include "replay/replay.h"

#include <algorithm>

#include "protocol/catalogue.h"
#include "replay/names.h"

namespace ibkr::replay {

namespace {

bool speaks(const protocol::Hello& hello, int version) {
  return hello.min_version <= version && version <= hello.max_version;
}

LoadError about(const std::string& file, LoadError error) {
  if (error.text.find(file) == std::string::npos) error.text = file + ": " + error.text;
  return error;
}

}  // namespace

Expected<Loaded, LoadError> load(const std::string& file, const SessionChoice& choice) {
  auto reader = journal::Reader::open(file);
  if (!reader) return Unexpected(LoadError{false, reader.error()});
  Loaded loaded;
  for (std::string& words : (*reader)->quick_check()) {
    loaded.problems.add({Problem::Kind::File, 0, 0, 0, std::move(words)});
  }
  const auto sessions = (*reader)->sessions();
  if (!sessions) {
    return Unexpected(LoadError{
        true, "the file is damaged: " + sessions.error() + "; replay an unharmed copy of it, or record it again"});
  }
  auto chosen = choose(*sessions, choice);
  if (!chosen) return Unexpected(about(file, {!loaded.problems.empty(), chosen.error()}));
  std::size_t bytes_left = kMaxRecordingBytes;
  for (const journal::SessionInfo& session : chosen->sessions) {
    auto recording = Recording::load(**reader, session, bytes_left);
    if (!recording) return Unexpected(about(file, recording.error()));
    bytes_left -= std::min(bytes_left, recording->bytes_held());
    for (const Problem& problem : recording->problems()) loaded.problems.add(problem);
    loaded.recordings.push_back(std::move(*recording));
  }
  loaded.passed_over = std::move(chosen->passed_over);
  loaded.of_earlier_runs = chosen->of_earlier_runs;
  return loaded;
}

Replay::Replay(Loaded loaded, ServingOptions options) : loaded_(std::move(loaded)), options_(options) {
  verdict_.problems = loaded_.problems;
  taken_.resize(loaded_.recordings.size());
  served_.resize(loaded_.recordings.size());
  for (const Recording& recording : loaded_.recordings) {
    contents_.emplace_back(recording);
    learn_names(recording, pseudonyms_);
  }
}

bool Replay::finished() const {
  return !options_.repeat && open_ == 0 && std::ranges::all_of(served_, [](bool served) { return served; });
}

std::optional<Replay::Turn> Replay::greeted_as(const protocol::Hello& hello) const {
  std::optional<Turn> left, spoken;
  for (Turn turn = 0; turn < taken_.size(); ++turn) {
    const journal::SessionInfo& session = loaded_.recordings[turn].session();
    if (!speaks(hello, session.server_version)) continue;
    const bool same_hello =
        session.client_min_version == hello.min_version && session.client_max_version == hello.max_version;
    if (!taken_[turn] && same_hello) return turn;
    if (!taken_[turn] && !left) left = turn;
    if (!spoken) spoken = turn;
  }
  return left ? left : spoken;
}

std::optional<Replay::Turn> Replay::first_left(int server_version, std::optional<std::int64_t> client_id) const {
  for (Turn turn = 0; turn < taken_.size(); ++turn) {
    const journal::SessionInfo& session = loaded_.recordings[turn].session();
    if (taken_[turn] || session.server_version != server_version) continue;
    if (!client_id || session.client_id == client_id) return turn;
  }
  return std::nullopt;
}

std::optional<Replay::Turn> Replay::take(int server_version, std::int64_t client_id) {
  auto turn = first_left(server_version, client_id);
  if (!turn) turn = first_left(server_version, std::nullopt);
  if (!turn && options_.repeat) {
    known_ids_ = {};
    for (Turn again = 0; again < taken_.size(); ++again) {
      if (loaded_.recordings[again].server_version() == server_version) taken_[again] = false;
    }
    turn = first_left(server_version, client_id);
    if (!turn) turn = first_left(server_version, std::nullopt);
  }
  if (turn) taken_[*turn] = served_[*turn] = true;
  return turn;
}

Verdict Replay::verdict() const {
  Verdict verdict = verdict_;
  for (Turn turn = 0; turn < taken_.size(); ++turn) {
    if (!taken_[turn]) verdict.not_served.push_back(loaded_.recordings[turn].session().id);
  }
  return verdict;
}

}  // namespace ibkr::replay
