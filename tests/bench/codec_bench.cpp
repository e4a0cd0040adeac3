// Decode and encode, ns per message, beside the least that reading the same bytes can cost: a pass that finds every
// NUL.
//
//   bench_codec [--rounds N]     a table; each figure is the least of N rounds, as other programs only ever add time
//   bench_codec --lines          the same for programs: name, server version, operation, ns, allocations on each line
//   bench_codec --payloads       the payloads that are measured: name, server version, hex on each line
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <string>

#include "protocol/codec.h"
#include "protocol/json.h"
#include "protocol/messages.h"
#include "protocol/storage.h"

using namespace ibkr::protocol;
using SteadyClock = std::chrono::steady_clock;

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

/// The least of several rounds, each long enough for the clock.
template <class Work>
Cost cost(int rounds, Work&& work) {
  constexpr int kPerRound = 20000;
  Cost least{std::numeric_limits<double>::max(), 0};
  for (int round = 0; round < rounds; ++round) {
    const std::size_t allocated = allocations;
    const auto start = SteadyClock::now();
    for (int i = 0; i < kPerRound; ++i) work();
    const double ns = std::chrono::duration<double, std::nano>(SteadyClock::now() - start).count() / kPerRound;
    least = {std::min(least.ns, ns), static_cast<double>(allocations - allocated) / kPerRound};
  }
  return least;
}

enum class Print { Table, Lines, Payloads };

struct Subject {
  std::string name;
  Message message;
  int version;
  std::string payload;
};

class Report {
 public:
  Report(const Subject& subject, Print print) : subject_(subject), print_(print) {}

  /// The first one is the baseline of the others.
  void add(const char* operation, Cost measured) {
    if (baseline_ns_ == 0) baseline_ns_ = measured.ns;
    if (print_ == Print::Lines) {
      std::printf("%s %d %s %.2f %.1f\n", name(), subject_.version, operation, measured.ns, measured.allocations);
    } else {
      std::printf("%-10s at %d %9s %9.1f ns  %6.1f x baseline  %5.1f allocations\n", name(), subject_.version,
                  operation, measured.ns, measured.ns / baseline_ns_, measured.allocations);
    }
  }

 private:
  const char* name() const { return subject_.name.c_str(); }

  const Subject& subject_;
  Print print_;
  double baseline_ns_ = 0;
};

void measure(const Subject& subject, int rounds, Print print) {
  const auto& [name, message, version, payload] = subject;
  Report report(subject, print);
  volatile std::size_t sink = 0;
  report.add("baseline", cost(rounds, [&, &bytes = payload] {
               std::size_t fields = 0;
               for (const char c : bytes) {
                 fields += c == '\0';
                 asm volatile("" : "+r"(fields));  // byte by byte, as a parser sees it
               }
               sink = fields;
             }));
  const auto head = *read_head(payload, version);
  Message target(message.type());
  report.add("decode", cost(rounds, [&, at = version, &bytes = payload] {
               if (!decode_into(target, at, head, bytes)) std::abort();
             }));
  report.add("fresh", cost(rounds, [&, at = version, &bytes = payload] {
               if (!decode(Direction::In, at, bytes)) std::abort();  // as "decode", into a new message each time
             }));
  std::string out;
  report.add("encode", cost(rounds, [&, at = version, &source = message] {
               out.clear();
               if (!encode(source, at, out)) std::abort();
             }));
  report.add("json", cost(rounds, [&, &source = message] {
               out.clear();
               append_fields_json(source, out);
             }));
}

void print_payload(const Subject& subject) {
  std::printf("%s %d ", subject.name.c_str(), subject.version);
  for (const char c : subject.payload) std::printf("%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  std::printf("\n");
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

/// Sets every scalar field of a struct and of its parts; lists stay empty.
void fill(const StructInfo& info, void* object) {
  for (const FieldInfo& field : info.fields) {
    switch (field.kind) {
      case Kind::Int32:
        set<std::int32_t>(field, object) = 21;
        break;
      case Kind::Int64:
        set<std::int64_t>(field, object) = 1376327563;
        break;
      case Kind::Double:
        set<double>(field, object) = 150.25;
        break;
      case Kind::Bool:
        set<bool>(field, object) = true;
        break;
      case Kind::Decimal:
        set<Decimal>(field, object) = Decimal(100);
        break;
      case Kind::String:
        set<std::string>(field, object) = "21";
        break;
      case Kind::Struct:
        fill(*field.type, make_part(field, object));
        break;
      case Kind::Int32List:
      case Kind::DoubleList:
      case Kind::StringList:
      case Kind::StructList:
        break;
    }
  }
}

/// An order with everything that an order can have.
Message full_order() {
  Message message(OpenOrder::info);
  fill(*message.type().body, message.body());
  return message;
}

Subject subject(const char* name, const Message& message, int version) {
  Subject made{name, message, version, ""};
  if (!encode(message, version, made.payload)) std::abort();
  return made;
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 101;
  Print print = Print::Table;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
      rounds = std::atoi(argv[++i]);
    } else if (std::strcmp(argv[i], "--lines") == 0) {
      print = Print::Lines;
    } else if (std::strcmp(argv[i], "--payloads") == 0) {
      print = Print::Payloads;
    } else {
      std::fprintf(stderr, "usage: bench_codec [--rounds N] [--lines | --payloads]\n");
      return 2;
    }
  }
  for (const Subject& each :
       {subject("TickPrice", tick(), 178), subject("OpenOrder", order(), 178), subject("TickPrice", tick(), 226),
        subject("OpenOrder", order(), 226), subject("FullOrder", full_order(), 226)}) {
    if (print == Print::Payloads) {
      print_payload(each);
    } else {
      measure(each, rounds, print);
    }
  }
}
