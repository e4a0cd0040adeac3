#include "mock/fault_schedule.h"

#include <algorithm>

namespace ibkr::mock {
namespace {

/// Faults that are over as soon as they have begun.
bool is_instant(FaultKind kind) {
  const FaultInfo& info = info_of(kind);
  return !info.may_last && !info.hits_orders;
}

bool is_cut(FaultKind kind) {
  return kind == FaultKind::CutFin || kind == FaultKind::CutReset || kind == FaultKind::CutTorn;
}

/// Faults of one connection, where its frames or requests brought them about. The others are TWS's own.
bool is_bound(FaultKind kind) { return kind == FaultKind::Stall; }

}  // namespace

void FaultSchedule::add(Fault fault) {
  Entry& entry = entries_.emplace_back(Entry{std::move(fault), now_ns_});
  if (entry.fault.when.by == When::By::Now) begin(entry, 0);
  sweep();
}

void FaultSchedule::begin(Entry& entry, ConnectionId connection) {
  entry.state = is_instant(entry.fault.kind) ? State::Over : State::UnderWay;
  entry.begun_ns = now_ns_;
  entry.connection = connection;
  if (callbacks_.begins(entry.fault, connection)) entry.has_met = true;
}

/// When an entry begins or ends by time; none where it does not.
std::optional<std::int64_t> FaultSchedule::due_ns(const Entry& entry) {
  switch (entry.state) {
    case State::Waiting:
      if (entry.fault.when.by == When::By::Time) return entry.told_ns + entry.fault.when.time_ns;
      return std::nullopt;
    case State::UnderWay:
      if (entry.fault.lasts_ns) return entry.begun_ns + *entry.fault.lasts_ns;
      return std::nullopt;
    case State::Over:
      return std::nullopt;
  }
  return std::nullopt;
}

void FaultSchedule::advance(std::int64_t ns) {
  const std::int64_t until = now_ns_ + ns;
  for (;;) {
    Entry* next = nullptr;
    for (Entry& entry : entries_) {
      const auto due = due_ns(entry);
      if (due && *due <= until && (next == nullptr || *due < *due_ns(*next))) next = &entry;
    }
    if (next == nullptr) break;
    now_ns_ = std::max(now_ns_, *due_ns(*next));
    if (next->state == State::Waiting) {
      begin(*next, 0);
    } else {
      next->state = State::Over;
      callbacks_.ends(next->fault);
    }
  }
  now_ns_ = until;
  sweep();
}

void FaultSchedule::requested(ConnectionId connection, const protocol::MessageInfo& type) {
  for (Entry& entry : entries_) {
    const When& when = entry.fault.when;
    if (entry.state != State::Waiting || when.by != When::By::Request || when.request != &type) continue;
    if (++entry.counted[connection] == when.count) begin(entry, connection);
  }
  sweep();
}

std::optional<std::uint64_t> FaultSchedule::frames_to_go(ConnectionId connection) const {
  std::optional<std::uint64_t> least;
  for (const Entry& entry : entries_) {
    if (entry.state != State::Waiting || entry.fault.when.by != When::By::Frames) continue;
    const auto counted = entry.counted.find(connection);
    const std::uint64_t gone = counted == entry.counted.end() ? 0 : counted->second;
    if (gone >= entry.fault.when.count) continue;
    least = std::min(least.value_or(entry.fault.when.count), entry.fault.when.count - gone);
  }
  return least;
}

void FaultSchedule::sent(ConnectionId connection, std::uint64_t frames) {
  bool has_cut = false;  // each connection is cut once: the next cut is the next connection's
  for (Entry& entry : entries_) {
    if (entry.state != State::Waiting || entry.fault.when.by != When::By::Frames) continue;
    std::uint64_t& counted = entry.counted[connection];
    counted += frames;
    const bool cuts = is_cut(entry.fault.kind);
    if (counted < entry.fault.when.count || (cuts && has_cut)) continue;
    has_cut = has_cut || cuts;
    begin(entry, connection);
  }
  sweep();
}

void FaultSchedule::gone(ConnectionId connection) {
  for (Entry& entry : entries_) {
    entry.counted.erase(connection);
    if (entry.connection == connection && entry.state == State::UnderWay && is_bound(entry.fault.kind))
      entry.state = State::Over;
  }
  sweep();
}

bool FaultSchedule::concerns(const Entry& entry, FaultKind kind, ConnectionId connection) {
  return entry.state == State::UnderWay && entry.fault.kind == kind &&
         (!is_bound(kind) || entry.connection == 0 || entry.connection == connection);
}

bool FaultSchedule::is_under_way(FaultKind kind, ConnectionId connection) const {
  return std::ranges::any_of(entries_, [&](const Entry& entry) { return concerns(entry, kind, connection); });
}

const Fault* FaultSchedule::use(FaultKind kind, ConnectionId connection) {
  for (Entry& entry : entries_) {
    if (!concerns(entry, kind, connection)) continue;
    entry.has_met = true;
    return &entry.fault;
  }
  return nullptr;
}

const Fault* FaultSchedule::use_for_order(FaultKind kind) {
  for (Entry& entry : entries_) {
    if (!concerns(entry, kind, 0)) continue;
    entry.has_met = true;
    if (entry.fault.orders && ++entry.orders == *entry.fault.orders) entry.state = State::Over;
    return &entry.fault;
  }
  return nullptr;
}

void FaultSchedule::end(FaultKind kind) {
  for (Entry& entry : entries_)
    if (concerns(entry, kind, 0)) entry.state = State::Over;
}

void FaultSchedule::sweep() {
  entries_.remove_if([](const Entry& entry) {
    const bool all_orders = !entry.fault.orders || entry.orders == *entry.fault.orders;
    return entry.state == State::Over && entry.has_met && all_orders;
  });
}

std::vector<std::string> FaultSchedule::unmet() const {
  std::vector<std::string> lines;
  for (const Entry& entry : entries_) {
    const std::string& said = entry.fault.said;
    if (entry.state == State::Waiting) {
      lines.push_back(said + ": has never begun");
    } else if (!entry.has_met) {
      lines.push_back(said + ": has begun and met nothing");
    } else if (entry.fault.orders && entry.orders < *entry.fault.orders) {
      lines.push_back(said + ": has met " + std::to_string(entry.orders) + " of " +
                      std::to_string(*entry.fault.orders) + " orders");
    }
  }
  return lines;
}

}  // namespace ibkr::mock
