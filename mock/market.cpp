#include "mock/market.h"

#include <algorithm>
#include <cmath>

namespace ibkr::mock {
namespace {

constexpr double kSecondsOfYear = 365.0 * static_cast<double>(kDay);
constexpr Seconds kMarkEvery = 5;
constexpr std::size_t kMostMarks = static_cast<std::size_t>(kDay / kMarkEvery);

std::uint64_t mixed(std::uint64_t x) {  // splitmix64's finaliser
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

double unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1.0p-53; }

/// -1..1, always the same for the same arguments.
double lattice(std::uint64_t key, std::int64_t at) {
  return 2 * unit(mixed(key + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(at))) - 1;
}

/// The logarithm of a price path that is rough at every scale from seconds to half a year, as prices are: a sum of
/// waves of random height, each twice as long as the one before.
double log_path(std::uint64_t key, double volatility, Seconds when) {
  constexpr Seconds kShortest = 4;
  constexpr int kWaves = 22;
  double sum = 0;
  for (int wave = 0; wave < kWaves; ++wave) {
    const Seconds period = kShortest << wave;
    const std::int64_t left = when / period;
    const double along = static_cast<double>(when % period) / static_cast<double>(period);
    const std::uint64_t wave_key = mixed(key + static_cast<std::uint64_t>(wave));
    const double height = lattice(wave_key, left) * (1 - along) + lattice(wave_key, left + 1) * along;
    sum += height * volatility * std::sqrt(static_cast<double>(period) / kSecondsOfYear);
  }
  return sum;
}

bool same(const std::optional<std::string>& wanted, const std::optional<std::string>& has) {
  return !wanted || wanted->empty() || (has && *wanted == *has);
}

bool lists(const std::string& exchanges, const std::string& exchange) {
  return ("," + exchanges + ",").find("," + exchange + ",") != std::string::npos;
}

bool agrees(const protocol::Contract& wanted, const Instrument& instrument) {
  const protocol::Contract& has = instrument.contract;
  const std::string exchange = wanted.exchange.value_or("");
  if (!exchange.empty() && !lists(*instrument.details.valid_exchanges, exchange)) return false;
  if (wanted.con_id.value_or(0) != 0) return wanted.con_id == has.con_id;
  if (wanted.symbol.value_or("").empty() && wanted.local_symbol.value_or("").empty()) return false;
  const std::string expiry = wanted.last_trade_date_or_contract_month.value_or("");
  if (!expiry.empty() && has.last_trade_date_or_contract_month.value_or("").rfind(expiry, 0) != 0) return false;
  const double strike = wanted.strike.value_or(0);
  if (strike > 0 && strike < 1e300 && strike != has.strike.value_or(0)) return false;
  const std::string right = wanted.right.value_or("");
  if (!right.empty() && right != "0" && right != "?" && right.front() != has.right.value_or(" ").front()) return false;
  return same(wanted.symbol, has.symbol) && same(wanted.local_symbol, has.local_symbol) &&
         same(wanted.sec_type, has.sec_type) && same(wanted.currency, has.currency) &&
         same(wanted.primary_exch, has.primary_exch) && same(wanted.trading_class, has.trading_class);
}

}  // namespace

std::uint64_t Random::next() { return mixed(state_ += 0x9e3779b97f4a7c15ULL); }
double Random::fraction() { return unit(next()); }
std::int64_t Random::between(std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
}
double Random::normal() {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += fraction();
  return sum;
}

double on_tick(const Instrument& instrument, double price) {
  constexpr double kDigits = 1e6;  // multiples of 0.01 come out as people write them
  return std::round(std::round(price / instrument.tick) * instrument.tick * kDigits) / kDigits;
}

bool is_on_tick(const Instrument& instrument, double price) {
  return std::abs(price - on_tick(instrument, price)) < 1e-7;
}

Market::Market(std::uint64_t seed, Seconds now) : seed_(seed), random_(seed), instruments_(make_instruments(now)) {
  open(now);
}

void Market::open(Seconds now) {
  opened_at_ = now_ = now;
  random_ = Random(seed_);
  listings_.assign(instruments_.size(), Listing{});
  const Seconds close_before = eastern_midnight(now) - 8 * kHour;
  for (std::size_t i = 0; i < instruments_.size(); ++i) {
    Listing& listing = listings_[i];
    Quote& quote = listing.quote;
    listing.mid = instruments_[i].start_price;
    quote.open = quote.high = quote.low = quote.last = on_tick(instruments_[i], listing.mid);
    quote.close = made_up_price(instruments_[i], close_before);
    quote.volume = 10000 * instruments_[i].lot;
    quote.last_size = instruments_[i].lot;
    quote.last_time = now;
    requote(instruments_[i], listing);
  }
}

std::vector<const Instrument*> Market::find(const protocol::Contract& contract) const {
  std::vector<const Instrument*> found;
  for (const Instrument& instrument : instruments_)
    if (agrees(contract, instrument)) found.push_back(&instrument);
  return found;
}

const Instrument* Market::with_con_id(std::int32_t con_id) const {
  const auto found = std::find_if(instruments_.begin(), instruments_.end(),
                                  [&](const Instrument& instrument) { return instrument.con_id() == con_id; });
  return found == instruments_.end() ? nullptr : &*found;
}

void Market::requote(const Instrument& instrument, Listing& listing) {
  Quote& quote = listing.quote;
  const double half_spread = instrument.tick * static_cast<double>(random_.between(1, 2)) / 2;
  quote.bid = std::max(instrument.tick, on_tick(instrument, listing.mid - half_spread));
  quote.ask =
      std::max(on_tick(instrument, quote.bid + instrument.tick), on_tick(instrument, listing.mid + half_spread));
  quote.bid_size = instrument.lot * random_.between(2, 20);
  quote.ask_size = instrument.lot * random_.between(2, 20);
}

void Market::trade(const Instrument& instrument, Listing& listing) {
  Quote& quote = listing.quote;
  quote.last = random_.next() % 2 == 0 ? quote.bid : quote.ask;
  quote.last_size = instrument.lot * random_.between(1, 3);
  quote.volume += quote.last_size;
  quote.last_time = now_;
  quote.high = std::max(quote.high, quote.last);
  quote.low = std::min(quote.low, quote.last);
}

void Market::step(Seconds now) {
  now_ = now;
  for (std::size_t i = 0; i < instruments_.size(); ++i) {
    const Instrument& instrument = instruments_[i];
    Listing& listing = listings_[i];
    // A walk that stays near its start: a mock that runs for weeks must not end at zero.
    const double home = (instrument.start_price - listing.mid) * 1e-4;
    listing.mid += random_.normal() * 0.8 * instrument.tick + home;
    requote(instrument, listing);
    if (random_.next() % 2 == 0) trade(instrument, listing);
    if (!listing.marks.empty() && now < listing.marks.back().at + kMarkEvery) continue;
    listing.marks.push_back({now, instrument.has_trades ? listing.quote.last : listing.quote.bid});
    if (listing.marks.size() > kMostMarks) listing.marks.pop_front();
  }
}

double Market::made_up_price(const Instrument& instrument, Seconds when) const {
  const std::uint64_t key = mixed(seed_ + static_cast<std::uint64_t>(instrument.con_id()));
  const double path = log_path(key, instrument.volatility, when) - log_path(key, instrument.volatility, opened_at_);
  return std::max(instrument.tick, on_tick(instrument, instrument.start_price * std::exp(path)));
}

double Market::price_at(const Instrument& instrument, Seconds when) const {
  const Listing& listed = listing(instrument);
  if (when >= now_) return instrument.has_trades ? listed.quote.last : listed.quote.bid;
  const auto& marks = listed.marks;
  if (marks.empty() || when < marks.front().at) return made_up_price(instrument, when);
  const auto after =
      std::upper_bound(marks.begin(), marks.end(), when, [](Seconds at, const Mark& mark) { return at < mark.at; });
  return std::prev(after)->price;
}

std::int64_t Market::volume_between(const Instrument& instrument, Seconds from, Seconds to) const {
  const double busy = 1.5 + lattice(seed_ ^ static_cast<std::uint64_t>(instrument.con_id()), from);
  return instrument.lot * static_cast<std::int64_t>(busy * static_cast<double>(to - from));
}

}  // namespace ibkr::mock
