// Decode and encode, ns per message, beside the least that reading the same bytes can cost: a pass that finds every NUL.
//
//   bench_codec [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <vector>

#include "protocol/codec.h"
#include "protocol/json.h"
#include "protocol/messages.h"

using namespace ibkr::protocol;
using Clock = std::chrono::steady_clock;

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

struct Cost {
  double ns;
  double allocations;
};

/// The median of several rounds, each long enough for the clock.
template <class Work>
Cost cost(int rounds, Work&& work) {
  constexpr int kPerRound = 20000;
  std::vector<double> ns;
  std::size_t allocated = 0;
  for (int round = 0; round < rounds; ++round) {
    allocated = allocations;
    const auto start = Clock::now();
    for (int i = 0; i < kPerRound; ++i) work();
    ns.push_back(std::chrono::duration<double, std::nano>(Clock::now() - start).count() / kPerRound);
    allocated = allocations - allocated;
  }
  std::ranges::nth_element(ns, ns.begin() + static_cast<std::ptrdiff_t>(ns.size() / 2));
  return {ns[ns.size() / 2], static_cast<double>(allocated) / kPerRound};
}

void report(const char* what, Cost measured, double baseline) {
  std::printf("  %-28s %9.1f ns  %6.1f x baseline  %5.1f allocations\n", what, measured.ns, measured.ns / baseline,
              measured.allocations);
}

void measure(const char* title, const Message& message, int version, int rounds) {
  std::string payload;
  if (!encode(message, version, payload)) std::abort();
  const auto head = *read_head(payload, version);
  Message target(message.type());
  volatile std::size_t sink = 0;
  const Cost baseline = cost(rounds, [&] {
    std::size_t fields = 0;
    for (const char c : payload) {
      fields += c == '\0';
      asm volatile("" : "+r"(fields));  // byte by byte, as a parser sees it
    }
    sink = fields;
  });
  std::printf("%s at %d: %zu bytes; baseline %.1f ns\n", title, version, payload.size(), baseline.ns);
  report("decode into a struct", cost(rounds, [&] {
    if (!decode_into(target, version, head, payload)) std::abort();
  }), baseline.ns);
  std::string out;
  report("encode", cost(rounds, [&] {
    out.clear();
    if (!encode(message, version, out)) std::abort();
  }), baseline.ns);
  report("fields as JSON", cost(rounds, [&] {
    out.clear();
    append_fields_json(message, out);
  }), baseline.ns);
}

Message tick() {
  TickPrice t;
  t.req_id = 9001;
  t.tick_type = 1;
  t.price = 150.25;
  t.size = Decimal(100);
  t.attr_mask = 1;
  return Message(t);
}

/// A working limit order of one stock as a Gateway describes it: some 150 text fields, most of them empty or zero.
Message order() {
  OpenOrder o;
  o.order_id = 13;
  Contract& contract = o.contract.emplace();
  contract.con_id = 265598;
  contract.symbol = "AAPL";
  contract.sec_type = "STK";
  contract.strike = 0;
  contract.right = "?";
  contract.exchange = "SMART";
  contract.currency = "USD";
  contract.local_symbol = "AAPL";
  contract.trading_class = "NMS";
  Order& order = o.order.emplace();
  order.client_id = 7;
  order.perm_id = 1376327563;
  order.action = "BUY";
  order.total_quantity = Decimal(100);
  order.order_type = "LMT";
  order.lmt_price = 150.25;
  order.aux_price = 0;
  order.tif = "DAY";
  order.account = "DU1234567";
  order.origin = 0;
  order.outside_rth = false;
  order.discretionary_amt = 0;
  order.exempt_code = -1;
  order.oca_type = 3;
  order.delta_neutral_order_type = "None";
  order.clearing_intent = "IB";
  order.trailing_percent = 1.5;
  order.order_ref = "entry-1";
  OrderState& state = o.order_state.emplace();
  state.status = "Submitted";
  state.commission_and_fees_currency = "USD";
  return Message(o);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 21;
  for (const int version : {178, 226}) {
    measure("TickPrice", tick(), version, rounds);
    measure("OpenOrder", order(), version, rounds);
  }
}
