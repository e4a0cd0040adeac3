// If a decimal loses a digit, an order of 0.00001 coins is recorded, compared or replayed as another one.
#include "protocol/decimal.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "protocol/unset.h"

using namespace ibkr::protocol;

namespace {

Decimal decimal(std::string_view text) {
  const auto parsed = Decimal::parse(text);
  REQUIRE_MESSAGE(parsed, text);
  return *parsed;
}

}  // namespace

TEST_CASE("every spelling of a number keeps its text and its value") {
  for (const char* text : {"0",
                           "100",
                           "100.0",
                           "-0.00012",
                           "123456789.123456789",
                           "999999999999999999",
                           "1e-05",
                           "1E-8",
                           "+5",
                           "05",
                           ".5",
                           "5.",
                           "-0",
                           "500000e-5",
                           "0E-8",
                           "100.000000000000000000",
                           "1E+30",
                           "1E+2",
                           "123456789012.12345678",
                           "0.1000000000000000055511151231257827021181583404541015625",
                           "12345678901234567890",
                           "NaN",
                           "nan",
                           "Infinity",
                           "-Infinity",
                           "Infinite",
                           "+Inf",
                           " 5",
                           "5\n",
                           "\t-1e-05 ",
                           " Infinity",
                           "1e-999999999"}) {
    CHECK(decimal(text).to_string() == text);
    const Decimal copy = decimal(text);
    CHECK(copy == decimal(text));
    CHECK(copy.to_string() == text);
  }
  for (const char* other :
       {"100.0", "1e2", "+100", "0100", "100.", "1000e-1", "100.0000000000000000000000", "1E+2", " 100", "100 "})
    CHECK_MESSAGE(decimal(other) == Decimal(100), other);
  for (const char* zero : {"0", "-0", "0E-8", "0.000", "0e999999999", ".0", "-0.00000000000000000000"}) {
    CHECK_MESSAGE(decimal(zero) == Decimal(), zero);
    CHECK_MESSAGE(decimal(zero).is_zero(), zero);
  }
  for (const char* bad :
       {"",      ".", "-",   "+",   "1e",  "1e+",   "e5",           "abc",          "1..2", "--1",  "+-1",
        "1e+-5", " ", "1 0", "- 1", "0x1", "1_000", "\xEF\xBC\x91", "1e1234567890", "in",   "nano", "1,5"})
    CHECK_FALSE_MESSAGE(Decimal::parse(bad), bad);
}

TEST_CASE("a text that is longer than any number sent is none") {
  CHECK(Decimal::parse("0." + std::string(Decimal::kMaxText - 2, '1')));
  CHECK_FALSE(Decimal::parse("0." + std::string(Decimal::kMaxText - 1, '1')));
}

TEST_CASE("decimals are ordered by value, whatever their size") {
  const std::vector<const char*> ascending = {"-Infinity",
                                              "-1E+30",
                                              "-999999999999999999",
                                              "-2.5",
                                              "-1e-30",
                                              "0",
                                              "1e-999999999",
                                              "1e-30",
                                              "0.1",
                                              "0.1000000000000000055511151231257827",
                                              "0.2",
                                              "1",
                                              "9.99e0",
                                              "10.0",
                                              "1E+2",
                                              "999999999999999999",
                                              "1000000000000000000",
                                              "1E+30",
                                              "1e999999999",
                                              "Infinity",
                                              "NaN"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      CAPTURE(ascending[i]);
      CAPTURE(ascending[j]);
      CHECK(Decimal::compare(decimal(ascending[i]), decimal(ascending[j])) == (i < j ? -1 : i > j ? 1 : 0));
      CHECK((decimal(ascending[i]) < decimal(ascending[j])) == (i < j));
      CHECK((decimal(ascending[i]) == decimal(ascending[j])) == (i == j));
    }
  }
}

TEST_CASE("sums and differences are exact") {
  CHECK((decimal("0.1") + decimal("0.25")).to_string() == "0.35");
  CHECK((Decimal(1) - decimal("1.5")).to_string() == "-0.5");
  CHECK((decimal("100") - decimal("1e-05")).to_string() == "99.99999");
  CHECK((decimal("999999999999999999") + Decimal(1)).to_string() == "1000000000000000000");
  CHECK((decimal("999999999999999999.9") - decimal("999999999999999999")).to_string() == "0.9");
  CHECK((decimal("1E+30") + decimal("0.1")).to_string() == "1000000000000000000000000000000.1");
  CHECK((decimal("1E+30") - decimal("1E+30")).to_string() == "0");
  CHECK((decimal("1E-30") + decimal("1E-30")).to_string() == "0.000000000000000000000000000002");
  CHECK(decimal("1E+60") + Decimal() == decimal("1E+60"));
  CHECK(-decimal("1e-05") == decimal("-0.00001"));
  CHECK(-Decimal(std::numeric_limits<std::int64_t>::min()) == decimal("9223372036854775808"));
  CHECK((decimal("1e999999999") + Decimal(1)).is_nan());  // a thousand million digits
  CHECK((decimal("Infinity") - decimal("Infinity")).is_nan());
  CHECK(decimal("Infinity") - Decimal(5) == decimal("inf"));
  CHECK(Decimal(5) - decimal("Infinity") == decimal("-Infinity"));
  CHECK((decimal("NaN") + Decimal(1)).is_nan());

  std::mt19937_64 generator(3);
  for (int i = 0; i < 2000; ++i) {
    const auto number = [&] {
      std::string text = generator() % 2 ? "-" : "";
      for (auto digits = 1 + generator() % 30; digits > 0; --digits) text += static_cast<char>('0' + generator() % 10);
      return text + "e" + std::to_string(static_cast<int>(generator() % 40) - 20);
    };
    const Decimal a = decimal(number()), b = decimal(number());
    CAPTURE(a.to_string());
    CAPTURE(b.to_string());
    CHECK(a + b - b == a);
    CHECK(a + b == b + a);
    CHECK((a < b) == (a - b < Decimal()));
    CHECK((a + b).to_double() == doctest::Approx(a.to_double() + b.to_double()).epsilon(1e-6));
  }
}

TEST_CASE("doubles in and out") {
  CHECK(Decimal::from_double(150.256, 2).to_string() == "150.26");
  CHECK(Decimal::from_double(1e30, 2) == decimal("1e30"));
  CHECK(Decimal::from_double(INFINITY, 2) == decimal("Infinity"));
  CHECK(Decimal::from_double(NAN, 2).is_nan());
  CHECK(decimal("0.1000000000000000055511151231257827021181583404541015625").to_double() == 0.1);
  CHECK(decimal("0.123456789012345678").to_double() == 0.123456789012345678);
  CHECK(decimal("+.5e1").to_double() == 5);
  CHECK(decimal("-Infinite").to_double() == -INFINITY);
}

TEST_CASE("a copy, a move and an assignment are independent values") {
  for (const char* first : {"5", "1e-05"}) {
    for (const char* second : {"7.0", "0E-30"}) {
      Decimal a = decimal(first);
      Decimal b = a;
      b = decimal(second);
      CHECK(a.to_string() == first);
      CHECK(b.to_string() == second);
      a = b;
      CHECK(a.to_string() == second);
      Decimal c = std::move(a);
      CHECK(c.to_string() == second);
      a = std::move(c);
      const Decimal& same = a;
      a = same;
      CHECK(a.to_string() == second);
    }
  }
}

TEST_CASE("a decimal as a whole number, whatever its spelling") {
  const auto whole = [](const char* text) { return decimal(text).to_int64(); };
  CHECK(whole("12") == 12);
  CHECK(whole("-12.000") == -12);
  CHECK(whole("+9007199254740993") == 9007199254740993);
  CHECK(whole("9223372036854775807.0") == INT64_MAX);
  CHECK(whole("-9223372036854775808") == INT64_MIN);
  CHECK(whole("1.5e1") == 15);
  CHECK(whole("0E-30") == 0);
  for (const char* none : {"1.5", "9223372036854775808", "1e19", "1e999999999", "1e-1", "NaN", "Infinity"})
    CHECK_FALSE_MESSAGE(whole(none), none);
}

TEST_CASE("marks for unset, in any spelling") {
  for (const char* mark :
       {"2147483647", "9223372036854775807", "-9223372036854775808", "170141183460469231731687303715884105727",
        "1.7976931348623157E308", "1.7976931348623157e+308", "1.797693134862315708e308", "+2147483647", "2147483647.0",
        "17976931348623157e292", "9.223372036854775807E+18",
        // as doubles spell them
        "9.223372036854776E+18", "9223372036854775808", "-9.223372036854776e18", "1.7014118346046923e+38",
        "170141183460469231731687303715884105728", "1.79769313486232E+308", "1.79769e+308", " 2147483647 "})
    CHECK_MESSAGE(means_unset(decimal(mark)), mark);
  for (const char* number :
       {"2147483646", "-2147483647", "9223372036854775806", "9223372036854775809", "1e308", "1.7014118346046924e+38",
        "1.79768e308", "1e309", "-1.7014118346046923e+38", "NaN", "Infinity", "1e-05"})
    CHECK_FALSE_MESSAGE(means_unset(decimal(number)), number);
}
