// If a value is lost between bytes and message, a recorded order is replayed, compared or transcoded as another one.
// Payloads are synthetic; '|' stands for NUL.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "protocol/catalogue.h"
#include "protocol/codec.h"
#include "protocol/compare.h"
#include "protocol/json.h"
#include "protocol/messages.h"
#include "protocol/transcode.h"

using namespace ibkr::protocol;

namespace {

std::string bytes(std::string payload) {
  std::ranges::replace(payload, '|', '\0');
  return payload;
}
std::string shown(std::string payload) {
  std::ranges::replace(payload, '\0', '|');
  return payload;
}

Message read(std::string_view payload, int version, Direction direction = Direction::In) {
  auto message = decode(direction, version, payload);
  if (!message) FAIL(message.error().to_string());
  return *std::move(message);
}

std::string written(const Message& message, int version) {
  std::string payload;
  REQUIRE(encode(message, version, payload));
  return payload;
}

/// Decodes, checks that the bytes come back from the message and from its JSON.
Message round(std::string_view payload, int version, Direction direction = Direction::In) {
  const Message message = read(payload, version, direction);
  CHECK(shown(written(message, version)) == shown(std::string(payload)));
  std::string json;
  append_json(message, wire_at(message.type(), version), json);
  CAPTURE(json);
  const auto parsed = from_json(direction, json);
  if (!parsed) FAIL(parsed.error().to_string());
  CHECK(shown(written(parsed->message, version)) == shown(std::string(payload)));
  CHECK(compare(message, parsed->message, {.unknown = true}).empty());
  return message;
}

std::string tick(const std::string& size) { return bytes("1|6|9001|1|1.5|" + size + "|0|"); }

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string field(unsigned number, std::string_view text) {
  return varint(number << 3 | 2) + varint(text.size()) + std::string(text);
}
std::string field(unsigned number, double value) {
  std::string out = varint(number << 3 | 1);
  out.resize(out.size() + sizeof value);
  std::memcpy(out.data() + out.size() - sizeof value, &value, sizeof value);
  return out;
}
std::string field(unsigned number, std::int64_t value) {
  return varint(number << 3) + varint(static_cast<std::uint64_t>(value));
}

/// OrderStatus in protobuf: filled (3) before remaining (4).
std::string status(std::string_view filled) {
  return std::string("\0\0\0\xcb", 4) + field(1, std::int64_t{5}) + field(2, "Filled") + field(3, filled) +
         field(4, "1.0");
}

}  // namespace

TEST_CASE("decimals keep value and spelling on both wires") {
  for (const char* text : {"5",
                           "1e-05",
                           "1E-8",
                           "0E-8",
                           "500000e-5",
                           "+5",
                           "05",
                           ".5",
                           "5.",
                           "-0",
                           "1E+30",
                           "0E-30",
                           "NaN",
                           "Infinity",
                           "Infinite",
                           "-Infinity",
                           " 5",
                           "5 ",
                           "\r5\n",
                           "0.1000000000000000055511151231257827021181583404541015625",
                           "123456789012.12345678",
                           "100.000000000000000000"}) {
    CAPTURE(text);
    const Message from_text = round(tick(text), 178);
    const auto& size = from_text.as<TickPrice>().size;
    REQUIRE(size);
    CHECK(size->to_string() == text);
    CHECK(from_text.residue.empty());
    const Message from_protobuf = round(status(text), kMaxServerVersion);
    const auto& filled = from_protobuf.as<OrderStatus>().filled;
    REQUIRE(filled);
    CHECK(filled->to_string() == text);
    CHECK(from_protobuf.as<OrderStatus>().unknown_fields.empty());
    CHECK(*filled == *size);
    std::string as_text;
    REQUIRE(transcode(from_protobuf, 178, OnLoss::Refuse, as_text));
    CHECK(shown(as_text).starts_with(std::string("3|5|Filled|") + text + "|1.0|"));
  }
}

TEST_CASE("equal decimals are no difference, others are one") {
  const auto differences = [](std::string_view left, std::string_view right) {
    return compare(read(status(left), kMaxServerVersion), read(status(right), kMaxServerVersion)).size();
  };
  CHECK(differences("5", "500000e-5") == 0);
  CHECK(differences("5", "5.0") == 0);
  CHECK(differences("+5", "05") == 0);
  CHECK(differences("NaN", "nan") == 0);
  CHECK(differences("Infinity", "Infinite") == 0);
  CHECK(differences("1e-05", "5e-05") == 1);
  CHECK(differences("1E-8", "5") == 1);
  CHECK(differences("0.1000000000000000055511151231257827", "0.3000000000000000055511151231257827") == 1);
  CHECK(differences("Infinity", "NaN") == 1);
}

TEST_CASE("an edited decimal is written as edited") {
  Message text = read(tick("1e-05"), 178);
  text.as<TickPrice>().size = Decimal(7);
  CHECK(written(text, 178) == tick("7"));
  Message protobuf = read(status("1e-05"), kMaxServerVersion);
  protobuf.as<OrderStatus>().filled = *Decimal::parse("0.00002");
  CHECK(written(protobuf, kMaxServerVersion) == status("0.00002"));
}

TEST_CASE("a decimal that is none, or too long, is an error that says so") {
  for (const std::string& bad : {std::string("abc"), std::string(Decimal::kMaxText + 1, '1')}) {
    const auto text = decode(Direction::In, 178, tick(bad));
    REQUIRE_FALSE(text);
    CHECK(text.error().field == "size");
    CHECK(text.error().reason.find("a decimal of at most 1000 characters") != std::string::npos);
    const auto protobuf = decode(Direction::In, kMaxServerVersion, status(bad));
    REQUIRE_FALSE(protobuf);
    CHECK(protobuf.error().field == "filled");
    CHECK(protobuf.error().reason.find("a decimal of at most 1000 characters") != std::string::npos);
  }
}

TEST_CASE("marks for unset are unset on both wires, and come back as they came") {
  for (const char* mark :
       {"", " ", "2147483647", "9.223372036854776E18", "1.7014118346046923e+38", "1.79769313486232E+308",
        "9223372036854775807", "-9223372036854775808", "1.7976931348623157E308", "1.7976931348623157e+308",
        "170141183460469231731687303715884105727"}) {
    CAPTURE(mark);
    CHECK_FALSE(round(tick(mark), 178).as<TickPrice>().size);
    const Message protobuf = round(status(mark), kMaxServerVersion);
    CHECK_FALSE(protobuf.as<OrderStatus>().filled);
    CHECK(protobuf.as<OrderStatus>().unknown_fields.empty());
    CHECK(protobuf.as<OrderStatus>().remaining == Decimal(1));
    CHECK(compare(protobuf,
                  read(std::string("\0\0\0\xcb", 4) + field(1, std::int64_t{5}) + field(2, "Filled") + field(4, "1.0"),
                       kMaxServerVersion),
                  {.unknown = true})
              .empty());
    std::string json;
    append_fields_json(protobuf, json);
    CHECK(json == R"({"order_id":5,"status":"Filled","remaining":1.0})");
    Message edited = protobuf;
    edited.as<OrderStatus>().filled = Decimal(3);
    CHECK(written(edited, kMaxServerVersion) == status("3"));
  }
  for (const char* mark : {"1.7976931348623157E308", "1.7976931348623157e+308", "1.797693134862315708e308",
                           "1.79769313486232E+308", "1.79769e+308", " 1.7976931348623157E308", " "})
    CHECK_FALSE(round(bytes(std::string("1|6|9001|1|") + mark + "|100|0|"), 178).as<TickPrice>().price);
}

TEST_CASE("protobuf's marks stand in the structs and between the fields where they stood") {
  const double unset = std::numeric_limits<double>::max();
  const std::string contract = field(1, std::int64_t{0}) + field(2, "BTC") + field(5, unset);
  const std::string order = field(4, std::int64_t{0}) + field(5, "BUY") + field(6, "5") + field(8, "LMT") +
                            field(9, unset) + field(10, 2.5) + field(11, "DAY");
  const std::string payload =
      std::string("\0\0\0\xcb", 4) + field(1, std::int64_t{5}) + field(2, contract) + field(3, order);
  // Field numbers as the description has them; else this test says nothing.
  const auto number = [](std::string_view part, std::string_view name) {
    const auto& body = PlaceOrderRequest::info.body->fields;
    const auto& fields = std::ranges::find(body, part, &FieldInfo::name)->type->fields;
    return std::ranges::find(fields, name, &FieldInfo::name)->number;
  };
  REQUIRE(number("order", "lmt_price") == 9);
  REQUIRE(number("contract", "strike") == 5);
  const Message message = round(payload, kMaxServerVersion, Direction::Out);
  const auto& place = message.as<PlaceOrderRequest>();
  CHECK_FALSE(place.order->lmt_price);
  CHECK(place.order->aux_price == 2.5);
  CHECK_FALSE(place.contract->strike);
  CHECK(message.residue.verbatim.size() == 2);
  std::string text;
  REQUIRE(transcode(message, 178, OnLoss::Refuse, text));  // a mark is no loss
}

TEST_CASE("a number that protobuf has widened is kept, and is no other number") {
  // Broken: an id of 2^32 + 5 of a newer TWS is read as 5, and replayed as that.
  for (const std::int64_t wide : {std::int64_t{1} << 31, (std::int64_t{1} << 32) + 5, -(std::int64_t{1} << 31) - 1}) {
    CAPTURE(wide);
    const Message status = round(std::string("\0\0\0\xcb", 4) + field(2, "Filled") + field(1, wide), kMaxServerVersion);
    CHECK_FALSE(status.as<OrderStatus>().order_id);
    CHECK(status.as<OrderStatus>().unknown_fields == field(1, wide));
    CHECK(status.residue.empty());
  }
  for (const std::int64_t whole : {std::int64_t{INT32_MAX}, std::int64_t{INT32_MIN}, std::int64_t{-1}})
    CHECK(round(std::string("\0\0\0\xcb", 4) + field(1, whole), kMaxServerVersion).as<OrderStatus>().order_id == whole);

  const std::string head("\0\0\0\xcb", 4), wide = field(1, std::int64_t{1} << 40), narrow = field(1, std::int64_t{5});
  for (const std::string& both : {head + wide + narrow, head + narrow + wide}) {
    const Message twice = read(both, kMaxServerVersion);
    CHECK(twice.as<OrderStatus>().order_id == 5);
    CHECK(compare(twice, read(written(twice, kMaxServerVersion), kMaxServerVersion), {.unknown = true}).empty());
  }

  // a list, in one piece and in several
  const std::string days = varint(20261127) + varint(std::uint64_t{1} << 40);
  const auto request = [](const std::string& filter) { return std::string("\0\0\0\xcf", 4) + field(2, filter); };
  constexpr unsigned number = 9;  // specific_dates
  const Message packed = read(request(field(number, days)), kMaxServerVersion, Direction::Out);
  CHECK(packed.as<ExecutionRequest>().execution_filter->specific_dates.empty());
  CHECK(packed.as<ExecutionRequest>().execution_filter->unknown_fields == field(number, days));
  const Message single = read(request(field(number, std::int64_t{20261127}) + field(number, std::int64_t{1} << 40)),
                              kMaxServerVersion, Direction::Out);
  CHECK(single.as<ExecutionRequest>().execution_filter->specific_dates == std::vector<std::int32_t>{20261127});
  CHECK(single.as<ExecutionRequest>().execution_filter->unknown_fields == field(number, std::int64_t{1} << 40));
}

TEST_CASE("flags and versions in odd spellings say what they say") {
  const auto orders = [](const std::string& flag) { return round(bytes("15|1|" + flag + "|"), 178, Direction::Out); };
  for (const char* yes : {"true", "True", "TRUE", "2", " 1"})
    CHECK_MESSAGE(orders(yes).as<AutoOpenOrdersRequest>().auto_bind == true, yes);
  CHECK(orders("False").as<AutoOpenOrdersRequest>().auto_bind == false);
  CHECK_FALSE(orders(" ").as<AutoOpenOrdersRequest>().auto_bind);
  const auto verified = [](const std::string& flag) { return round(bytes("66|1|" + flag + "|no|"), 178); };
  for (const char* yes : {"true", "True", "1"})
    CHECK_MESSAGE(verified(yes).as<VerifyCompleted>().is_successful == true, yes);
  CHECK_FALSE(verified("").as<VerifyCompleted>().is_successful);
  for (const char* newest : {"99", "2147483648", "9223372036854775807", " 6"})
    CHECK_MESSAGE(round(bytes("45|" + std::string(newest) + "|9001|0|1.5|"), 178).as<TickGeneric>().value == 1.5,
                  newest);

  const auto neutral = [](const std::string& flag) {
    return round(bytes("1|11|9001|0|A|STK||0.0|||SMART||USD|||" + flag + "|||0|0||"), 178, Direction::Out);
  };
  for (const char* no : {"0", "false", "False", "2"})
    CHECK_FALSE_MESSAGE(neutral(no).as<MarketDataRequest>().contract->delta_neutral_contract, no);
  CHECK(neutral("True|5|0.5|1.5").as<MarketDataRequest>().contract->delta_neutral_contract->con_id == 5);
}

TEST_CASE("an id may be the largest number there is") {
  // Broken: the answers of a request with this id find no request.
  CHECK(round(bytes("1|6|2147483647|1|1.5|100|0|"), 178).as<TickPrice>().req_id == 2147483647);
  CHECK(round(std::string("\0\0\0\xcb", 4) + field(1, std::int64_t{2147483647}), kMaxServerVersion)
            .as<OrderStatus>()
            .order_id == 2147483647);
}

TEST_CASE("of a value that text carries twice the last one that is set counts") {
  OpenOrder open;
  open.order_id = 5;
  open.order.emplace().order_type = "TRAIL";
  open.order->trail_stop_price = 101.5;
  CompletedOrder completed;
  completed.order.emplace() = *open.order;
  for (const Message& made : {Message(open), Message(completed)}) {
    CAPTURE(made.name());
    const auto stop = [](const Message& message) -> std::optional<double> {
      if (const auto* order = message.get_if<OpenOrder>()) return order->order->trail_stop_price;
      return message.as<CompletedOrder>().order->trail_stop_price;
    };
    const std::string both = written(made, 178);
    const std::string value("\000101.5", 6);
    const std::size_t first = both.find(value), second = both.find(value, first + 1);
    REQUIRE(second != std::string::npos);
    const auto with = [&](std::string_view one, std::string_view two) {
      std::string payload = both;
      payload.replace(second + 1, value.size() - 1, two);
      return payload.replace(first + 1, value.size() - 1, one);
    };
    CHECK(stop(round(both, 178)) == 101.5);
    CHECK(stop(round(with("", "101.5"), 178)) == 101.5);  // as real Gateways send it
    CHECK(stop(round(with("101.5", ""), 178)) == 101.5);
    CHECK(stop(round(with("99.5", "101.5"), 178)) == 101.5);
    CHECK(stop(round(with("99.5", "1.7976931348623157E308"), 178)) == 99.5);
    CHECK(stop(round(with("1.7976931348623157E308", "101.5"), 178)) == 101.5);
    CHECK(stop(round(with("101.50", "101.5"), 178)) == 101.5);
    CHECK(stop(round(with("-0.0", "0.0"), 178)) == 0);  // equal, but not of one spelling
    CHECK(stop(round(with("0.0", "-0.0"), 178)) == 0);
    CHECK(stop(round(with(" 99.5", "99.5 "), 178)) == 99.5);
    CHECK_FALSE(stop(round(with("", ""), 178)));
    CHECK_FALSE(stop(round(with("", "1.7976931348623157E308"), 178)));

    std::string protobuf;
    REQUIRE(transcode(read(with("", "101.5"), 178), kMaxServerVersion, OnLoss::Refuse, protobuf));
    CHECK(stop(read(protobuf, kMaxServerVersion)) == 101.5);

    Message edited = read(with("99.5", "101.5"), 178);
    auto* open_order = edited.get_if<OpenOrder>();
    auto& order = open_order ? *open_order->order : *edited.as<CompletedOrder>().order;
    order.trail_stop_price = 7;
    CHECK(stop(read(written(edited, 178), 178)) == 7);
    order.trail_stop_price = std::nullopt;
    CHECK_FALSE(stop(read(written(edited, 178), 178)));
  }
}

TEST_CASE("numbers in lists keep their spelling, NaN too") {
  for (const char* strike : {"nan", "NaN", "-0", "1e400", "5", "+5.0", "1.7976931348623157E308"})
    CHECK_MESSAGE(round(bytes(std::string("75|1|X|5|T|100|1|20261218|2|") + strike + "|1.5|"), 178)
                          .as<SecDefOptParameter>()
                          .strikes.size() == 2,
                  strike);
}

TEST_CASE("prices of legs beyond the legs are values") {
  OpenOrder open;
  open.order_id = 5;
  open.order.emplace();
  for (const double price : {1.5, 2.5, 3.5}) {
    auto& leg =
        open.contract ? open.contract->combo_legs.emplace_back() : open.contract.emplace().combo_legs.emplace_back();
    leg.per_leg_price = price;
    if (price < 3) leg.con_id = 77;
  }
  const std::string payload = written(Message(open), 178);
  const Message message = round(payload, 178);
  const auto& legs = message.as<OpenOrder>().contract->combo_legs;
  REQUIRE(legs.size() == 3);
  CHECK(legs[1].con_id == 77);
  CHECK_FALSE(legs[2].con_id);
  CHECK(legs[2].per_leg_price == 3.5);
  CHECK(compare(Message(open), message, {.unset_is_default = true}).empty());
  CHECK(shown(payload).find("|2|77|") != std::string::npos);  // two legs, then three prices
  CHECK(shown(payload).find("|3|1.5|2.5|3.5|") != std::string::npos);
  std::string protobuf;
  REQUIRE(transcode(message, kMaxServerVersion, OnLoss::Refuse, protobuf));
  CHECK(read(protobuf, kMaxServerVersion).as<OpenOrder>().contract->combo_legs.size() == 3);

  // Empty prices beyond the legs, and legs that say nothing, come back too.
  std::string empty = payload;
  empty.replace(shown(payload).find("|3|1.5|2.5|3.5|"), 14, bytes("|3|1.5||"));
  CHECK(round(empty, 178).as<OpenOrder>().contract->combo_legs.size() == 3);
  std::string blank = payload;
  const std::size_t last = shown(payload).find("|77|", shown(payload).find("|77|") + 1);
  blank.replace(last, std::strlen("|77|0|"), bytes("|||"));
  (void)round(blank, 178);
}

TEST_CASE("a count below one that rows follow is an error that names the count") {
  // Broken: the rows are read as the fields behind them, and a frame of nonsense is journaled without a word.
  const std::string families = bytes("78|2|DU1234567|A|DU1234568|B|");
  CHECK(round(families, 178).as<FamilyCodes>().family_codes.size() == 2);
  for (const char* count : {"-1", "-2", "", "-2147483648"}) {
    CAPTURE(count);
    std::string wrong = families;
    wrong.replace(3, 1, count);
    const auto shifted = decode(Direction::In, 178, wrong);
    REQUIRE_FALSE(shifted);
    CHECK(shifted.error().field == "family_codes");
    CHECK(shifted.error().index == 1);
    CHECK(shifted.error().reason.find("a count of \"" + std::string(count) + "\"") != std::string::npos);
    CHECK(round(bytes("78|" + std::string(count) + "|"), 178).as<FamilyCodes>().family_codes.empty());
  }
  // In the middle of a layout the rows end up in fields that cannot take them.
  OpenOrder open;
  open.order.emplace();
  open.contract.emplace().combo_legs.emplace_back().con_id = 77;
  open.contract->combo_legs.front().exchange = "SMART";
  std::string payload = written(Message(open), 178);
  payload.replace(shown(payload).find("|1|77|") + 1, 1, "-1");
  const auto shifted = decode(Direction::In, 178, payload);
  REQUIRE_FALSE(shifted);
  CHECK(shifted.error().field == "contract.combo_legs");
}

TEST_CASE("a connective that is neither and nor or is kept, and is no and") {
  PlaceOrderRequest place;
  place.order_id = 5;
  auto& condition = place.order.emplace().conditions.emplace_back();
  condition.type = 5;
  condition.is_conjunction_connection = true;
  condition.sec_type = "STK";
  const std::string payload = written(Message(place), 178);
  const std::size_t at = shown(payload).find("|5|a|STK|");
  REQUIRE(at != std::string::npos);
  const auto with = [&](std::string_view connective) {
    std::string other = payload;
    return other.replace(at + 3, 1, connective);
  };
  CHECK(round(payload, 178, Direction::Out).as<PlaceOrderRequest>().order->conditions[0].is_conjunction_connection ==
        true);
  CHECK(round(with("o"), 178, Direction::Out).as<PlaceOrderRequest>().order->conditions[0].is_conjunction_connection ==
        false);
  const Message odd = round(with("x"), 178, Direction::Out);
  CHECK_FALSE(odd.as<PlaceOrderRequest>().order->conditions[0].is_conjunction_connection);
  const Message other = round(with("y"), 178, Direction::Out);
  CHECK(compare(odd, other, {.unset_is_default = true, .unknown = true}).size() == 1);
  std::string out;
  const auto refused = transcode(odd, kMaxServerVersion, OnLoss::Refuse, out);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().field.starts_with("verbatim["));
}

TEST_CASE("verbatim says what was spelled otherwise, unset where nothing was said") {
  const Message message = read(bytes("2|6|1|5||"), 178);
  std::string json;
  append_json(message, Wire::Text, json);
  CHECK(json == R"({"name":"TickSize","id":2,"wire":"text","fields":{"req_id":1,"tick_type":5},"unset":{"":["4"]}})");
  json.clear();
  append_json(read(bytes("1|6|9001|1|1.50|5|2|"), 178), Wire::Text, json);
  CHECK(json.find(R"("verbatim":{"4":"1.50"})") != std::string::npos);
  CHECK(json.find("\"unset\"") == std::string::npos);
  for (const char* wrong : {R"("verbatim":{"x":"1"})", R"("verbatim":{"0":"1"})", R"("unset":{"":["4.x"]})",
                            R"("unset":[1])", R"("verbatim":{"4":"1"},"unset":{"":["4"]})"}) {
    const auto refused = from_json(Direction::In, R"({"name":"TickSize","fields":{},)" + std::string(wrong) + "}");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason.find("unset") + refused.error().reason.find("verbatim") != 2 * std::string::npos);
  }
}
