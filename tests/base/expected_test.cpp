// Expected: what a caller gets from a success and from a failure, and that neither is taken for the other.
#include "base/expected.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using ibkr::Expected;
using ibkr::Unexpected;

namespace {

Expected<int, std::string> number(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) {
    return Unexpected("not a number: " + text);
  }
  return std::stoi(text);
}

}  // namespace

TEST_CASE("a value or an error, and reading the other one throws") {
  const auto good = number("42"), bad = number("x");
  CHECK(good.has_value());
  CHECK(*good == 42);
  CHECK_THROWS_AS((void)good.error(), std::bad_variant_access);
  CHECK_FALSE(bad);
  CHECK(bad.error() == "not a number: x");
  CHECK_THROWS_AS((void)bad.value(), std::bad_variant_access);
  CHECK(good.value_or(7) == 42);
  CHECK(bad.value_or(7) == 7);
}

TEST_CASE("steps go on with the value, and the first error comes through") {
  const auto half = [](int value) -> Expected<int, std::string> {
    if (value % 2 != 0) return Unexpected(std::string("odd"));
    return value / 2;
  };
  CHECK(*number("12").and_then(half).and_then(half) == 3);
  CHECK(number("6").and_then(half).and_then(half).error() == "odd");
  CHECK(number("-").and_then(half).error() == "not a number: -");
  CHECK(*number("5").transform([](int value) { return std::to_string(value + 1); }) == "6");
  CHECK(number("-").transform([](int value) { return value + 1; }).error() == "not a number: -");
  CHECK(number("-").transform_error([](std::string text) { return text.size(); }).error() == 15);
  CHECK(*number("5").transform_error([](std::string text) { return text.size(); }) == 5);
}

TEST_CASE("success without a value") {
  const Expected<void, std::string> good;
  const Expected<void, std::string> bad = Unexpected(std::string("no"));
  CHECK(good.has_value());
  CHECK_THROWS_AS((void)good.error(), std::bad_variant_access);
  CHECK_FALSE(bad.has_value());
  CHECK(bad.error() == "no");
}

TEST_CASE("values that can only be moved") {
  Expected<std::unique_ptr<int>, std::string> owner = std::make_unique<int>(3);
  CHECK(**owner == 3);
  const std::unique_ptr<int> taken = *std::move(owner);
  CHECK(*taken == 3);
}
