#include "mock/faults.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>

#include "protocol/catalogue.h"

namespace ibkr::mock {
namespace {

constexpr std::int64_t kMs = 1000000;
constexpr std::int64_t kSecond = 1000 * kMs;
constexpr std::size_t kMostLine = 2000;
constexpr std::int64_t kLongestTime = 366 * 24 * 3600 * kSecond;

using enum FaultKind;

// name, for, orders, by, text, what.
constexpr FaultInfo kFaults[] = {
    {CutFin, "cut fin", false, false, 0, false, "closes the connection as TWS does when it ends"},
    {CutReset, "cut rst", false, false, 0, false, "resets the connection, as when TWS or the network dies"},
    {CutTorn, "cut torn", false, false, 0, false, "closes the connection in the middle of a frame"},
    {Stall, "stall", true, false, 0, false, "sends nothing, then all of it at once"},
    {SlowHandshake, "slow handshake", true, false, 2 * kSecond, false, "answers the hello so much later"},
    {ClientIdInUse, "326", true, false, 0, false, "refuses every client id as in use, and closes"},
    {NightlyReset, "nightly reset", true, false, 0, false,
     "1100, closes all, refuses to connect, then closes who connects, then is back"},
    {LinkLost, "1100", true, false, 0, false, "has lost IB: quotes stop, order news wait; 1102 after `for`"},
    {LinkRestoredDataLost, "1101", false, false, 0, false, "has IB again, and has forgotten all market data"},
    {LinkRestored, "1102", false, false, 0, false, "has IB again, and all goes on"},
    {DataFarmBroken, "data farm broken", true, false, 0, false, "2103, quotes stop; 2104 and they go on"},
    {HistoryFarmBroken, "history farm broken", true, false, 0, false,
     "2105, bars are refused, live bars end (10182); 2106 at its end"},
    {Pacing, "pacing", true, false, 0, false, "enforces the limits: 100 (50 messages a second), 162, 420"},
    {DelayedData, "delayed data", true, false, 0, false,
     "no market data is subscribed: 10167 and delayed ticks, or 354 where the app asked for live ones"},
    {Reject, "reject", true, true, 0, true, "rejects orders: 201 with the reason, status Inactive"},
    {PartialFills, "partial fills", true, true, 0, false, "fills orders in three parts"},
    {StatusesTwice, "statuses twice", true, true, 0, false, "says every status twice"},
    {StatusesRegress, "statuses regress", true, true, 0, false, "says the status before again after each status"},
    {StatusesMissing, "statuses missing", true, true, 0, false, "says no status, as in an instant fill"},
    {ExecutionsFirst, "executions first", true, true, 0, false, "says of a fill before it says of the order"},
    {CommissionsLate, "commissions late", true, true, 2 * kSecond, false, "reports commissions so much later"},
    {CommissionsNever, "commissions never", true, true, 0, false,
     "reports no commissions, unless executions are asked"},
};

/// How many letters must change to make one of the other (Levenshtein), letter case apart.
std::size_t distance(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t changed = diagonal + (lower(left[i]) == lower(right[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

template <class Names>
std::string nearest(std::string_view word, const Names& names) {
  return std::string(*std::ranges::min_element(names, {}, [&](std::string_view name) { return distance(word, name); }));
}

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = text.find_first_not_of(kBlanks); at < text.size();
       at = text.find_first_not_of(kBlanks, at + words.back().size()))
    words.push_back(text.substr(at, std::min(text.find_first_of(kBlanks, at), text.size()) - at));
  return words;
}

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) (text += text.empty() ? "" : " ") += word;
  return text;
}

std::optional<std::uint64_t> count_of(std::string_view word) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return count;
}

std::optional<std::int64_t> time_of(std::string_view word) {
  struct Unit {
    std::string_view name;
    std::int64_t ns;
  };
  constexpr Unit kUnits[] = {{"ms", kMs}, {"s", kSecond}, {"m", 60 * kSecond}, {"h", 3600 * kSecond}};
  const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
  const auto count = count_of(word.substr(0, digits));
  const auto unit = std::ranges::find(kUnits, word.substr(digits), &Unit::name);
  if (!count || unit == std::end(kUnits) || *count > static_cast<std::uint64_t>(kLongestTime / unit->ns))
    return std::nullopt;
  return static_cast<std::int64_t>(*count) * unit->ns;
}

/// Reads one line, word by word; the first mistake ends it.
class FaultReader {
 public:
  explicit FaultReader(std::string_view line) {
    const std::size_t colon = line.find(':');
    words_ = words_of(line.substr(0, colon));
    has_text_ = colon != std::string_view::npos;
    if (has_text_) fault_.text = joined(words_of(line.substr(colon + 1)));
    fault_.said = joined(words_of(line));
  }

  Expected<Fault, std::string> read() {
    if (read_name())
      while (mistake_.empty() && !words_.empty()) read_clause();
    if (mistake_.empty()) check_text();
    if (!mistake_.empty()) return Unexpected(std::move(mistake_));
    return std::move(fault_);
  }

 private:
  bool read_name() {
    for (const FaultInfo& info : kFaults) {
      const auto name = words_of(info.name);
      if (words_.size() < name.size() || !std::equal(name.begin(), name.end(), words_.begin())) continue;
      words_.erase(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(name.size()));
      info_ = &info;
      fault_.kind = info.kind;
      fault_.by_ns = info.by_ns;
      return true;
    }
    return unknown_name();
  }

  /// Compares as many words as each name has.
  bool unknown_name() {
    const auto begin_as_long = [this](const FaultInfo& info) {
      return joined(std::span(words_).first(std::min(words_.size(), words_of(info.name).size())));
    };
    // Half of a name is nearer to it than to another of its length: what is missing counts less than what is wrong.
    const auto share_wrong = [&](const FaultInfo& info) {
      const std::string begin = begin_as_long(info);
      return static_cast<double>(distance(begin, info.name)) /
             static_cast<double>(std::max(begin.size(), info.name.size()));
    };
    const auto nearest = std::ranges::min_element(kFaults, {}, share_wrong);
    mistake_ = quoted(begin_as_long(*nearest)) + " is no fault; the nearest is " + quoted(nearest->name) +
               " (ibkr mock --list-faults has them all)";
    return false;
  }

  void read_clause() {
    static constexpr std::array<std::string_view, 6> kClauses = {"at", "after", "on", "for", "next", "by"};
    const std::string_view word = take();
    if (word == "at") return read_at();
    if (word == "after") return read_after();
    if (word == "on") return read_on();
    if (word == "for") return read_for();
    if (word == "next") return read_next();
    if (word == "by") return read_by();
    mistake_ = quoted(word) + " begins no clause; the nearest is " + quoted(nearest(word, kClauses));
  }

  void read_at() {
    claim_when("at", When::By::Time);
    fault_.when.time_ns = time("at");
  }
  void read_after() {
    claim_when("after", When::By::Frames);
    fault_.when.count = count("after");
    const std::string_view unit = take();
    if (unit != "frames" && unit != "frame") expected("frames", unit, "after " + std::to_string(fault_.when.count));
  }
  void read_on() {
    claim_when("on", When::By::Request);
    const std::string_view name = take();
    fault_.when.request = protocol::find_message(protocol::Direction::Out, name);
    fault_.when.count = 1;
    if (fault_.when.request == nullptr) return unknown_request(name);
    if (!words_.empty() && count_of(words_.front())) fault_.when.count = count("on");
    if (fault_.when.count == 0) note("on " + std::string(name) + " 0: requests are counted from 1");
  }
  void read_for() {
    allow("for", info_->may_last, fault_.lasts_ns.has_value());
    fault_.lasts_ns = time("for");
  }
  void read_next() {
    allow("next", info_->hits_orders, fault_.orders.has_value());
    fault_.orders = 1;
    if (!words_.empty() && count_of(words_.front())) fault_.orders = count("next");
    const std::string_view unit = take();
    if (unit != "order" && unit != "orders") expected("orders", unit, "next");
    if (fault_.orders == std::uint64_t{0}) note("next 0 orders: a fault needs an order at least");
  }
  void read_by() {
    allow("by", info_->by_ns != 0, has_by_);
    has_by_ = true;
    fault_.by_ns = time("by");
  }

  void check_text() {
    if (info_->has_text && fault_.text.empty())
      return note(quoted(info_->name) + " needs its reason behind a colon: " + std::string(info_->name) +
                  ": Insufficient margin");
    if (!info_->has_text && has_text_) note(quoted(info_->name) + " takes no text behind a colon");
  }

  void unknown_request(std::string_view name) {
    std::vector<std::string_view> names;
    for (const auto* message : protocol::all_messages())
      if (message->direction == protocol::Direction::Out) names.push_back(message->name);
    note(quoted(name) + " is no request; the nearest is " + quoted(nearest(name, names)));
  }
  void claim_when(std::string_view clause, When::By by) {
    if (fault_.when.by != When::By::Now)
      return note(quoted(clause) + " is a second clause that says when: take one of at, after, on");
    fault_.when.by = by;
  }
  void allow(std::string_view clause, bool allowed, bool again) {
    if (!allowed) return note(quoted(info_->name) + " takes no " + quoted(clause));
    if (again) note(quoted(clause) + " is there twice");
  }
  void expected(std::string_view wanted, std::string_view found, const std::string& behind) {
    note("behind " + quoted(behind) + " comes " + quoted(wanted) + ", not " + quoted(found));
  }

  std::int64_t time(std::string_view clause) {
    const std::string_view word = take();
    const auto time = time_of(word);
    if (!time) note(quoted(word) + " is no time behind " + quoted(clause) + ": write 500ms, 5s, 2m or 1h");
    return time.value_or(0);
  }
  std::uint64_t count(std::string_view clause) {
    const std::string_view word = take();
    const auto count = count_of(word);
    if (!count) note(quoted(word) + " is no whole number behind " + quoted(clause));
    return count.value_or(0);
  }
  std::string_view take() {
    if (words_.empty()) return "";
    const std::string_view word = words_.front();
    words_.erase(words_.begin());
    return word;
  }
  void note(std::string mistake) {
    if (mistake_.empty()) mistake_ = std::move(mistake);
  }

  std::vector<std::string_view> words_;
  const FaultInfo* info_ = nullptr;
  bool has_text_ = false;
  bool has_by_ = false;
  Fault fault_;
  std::string mistake_;
};

}  // namespace

std::span<const FaultInfo> all_faults() { return kFaults; }

const FaultInfo& info_of(FaultKind kind) { return *std::ranges::find(kFaults, kind, &FaultInfo::kind); }

Expected<Fault, std::string> parse_fault(std::string_view line) {
  if (line.size() > kMostLine) return Unexpected(std::string("a fault is at most 2000 bytes long"));
  return FaultReader(line).read();
}

Expected<std::vector<Fault>, std::string> parse_fault_script(std::string_view script) {
  std::vector<Fault> faults;
  for (std::size_t number = 1; !script.empty(); ++number) {
    const std::size_t end = std::min(script.find('\n'), script.size());
    const std::string_view line = script.substr(0, end);
    script.remove_prefix(std::min(end + 1, script.size()));
    const auto words = words_of(line);
    if (words.empty() || words.front().starts_with('#')) continue;
    auto fault = parse_fault(line);
    if (!fault) return Unexpected(std::to_string(number) + ": " + fault.error());
    faults.push_back(std::move(*fault));
  }
  return faults;
}

}  // namespace ibkr::mock
