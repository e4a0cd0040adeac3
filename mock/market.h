// The mock market: a seeded random walk for each instrument, and the past that leads up to it. Same seed, same walk.
// Open around the clock: whoever develops on a Sunday wants fills too.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "mock/instruments.h"

namespace ibkr::mock {

/// A small generator of ours, because the standard distributions differ between libraries.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  /// 0 <= x < 1.
  double fraction();
  /// low <= n <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// About normal, mean 0, deviation 1.
  double normal();

 private:
  std::uint64_t state_;
};

/// What one sees of an instrument now. Prices in its currency, sizes in units.
struct Quote {
  double bid = 0, ask = 0, last = 0;
  std::int64_t bid_size = 0, ask_size = 0, last_size = 0;
  double open = 0, high = 0, low = 0, close = 0;  ///< of the day; close is the day before's
  std::int64_t volume = 0;
  Seconds last_time = 0;

  double mid() const { return (bid + ask) / 2; }
};

/// All instruments with their prices. One thread.
class Market {
 public:
  /// Opens at `now`.
  Market(std::uint64_t seed, Seconds now);
  /// Opens anew, with the same walk from its start.
  void open(Seconds now);

  std::span<const Instrument> instruments() const { return instruments_; }
  /// The instruments that agree with everything the contract says: by con id when it has one, else by symbol, kind,
  /// currency, exchange, expiry (a month or a day), strike, right, trading class. Empty when none does.
  std::vector<const Instrument*> find(const protocol::Contract& contract) const;
  /// Null when there is none.
  const Instrument* with_con_id(std::int32_t con_id) const;

  const Quote& quote(const Instrument& instrument) const { return listing(instrument).quote; }
  /// Moves every instrument by one step.
  void step(Seconds now);
  /// The moment of the last step.
  Seconds now() const { return now_; }

  /// The price at a moment up to now: seen since the market opened, made up (always the same way) before it.
  double price_at(const Instrument& instrument, Seconds when) const;
  /// Units traded between two moments.
  std::int64_t volume_between(const Instrument& instrument, Seconds from, Seconds to) const;

 private:
  struct Mark {
    Seconds at;
    double price;
  };
  struct Listing {
    Quote quote;
    double mid = 0;
    std::deque<Mark> marks;  ///< a price every few seconds since the market opened
  };
  const Listing& listing(const Instrument& instrument) const {
    return listings_[static_cast<std::size_t>(&instrument - instruments_.data())];
  }
  void requote(const Instrument& instrument, Listing& listing);
  void trade(const Instrument& instrument, Listing& listing);
  double made_up_price(const Instrument& instrument, Seconds when) const;

  std::uint64_t seed_;
  Seconds opened_at_ = 0;
  Seconds now_ = 0;
  Random random_;
  std::vector<Instrument> instruments_;
  std::vector<Listing> listings_;  ///< of instruments_, by position
};

/// The nearest price on the instrument's grid.
double on_tick(const Instrument& instrument, double price);
/// False when the price lies between two ticks.
bool is_on_tick(const Instrument& instrument, double price);

}  // namespace ibkr::mock
