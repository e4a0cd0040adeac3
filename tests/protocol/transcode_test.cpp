// If transcoding breaks, a recording of last year's TWS is replayed with fields missing and nobody is told.
#include "protocol/transcode.h"
#include "protocol/catalogue.h"

#include <doctest/doctest.h>

#include "protocol/codec.h"
#include "protocol/compare.h"
#include "protocol/messages.h"
#include "protocol/random.h"

using namespace ibkr::protocol;

TEST_CASE("a set field that the target cannot carry is refused by name, or reported") {
  CancelOrderRequest cancel;
  cancel.order_id = 5;
  cancel.order_cancel.emplace().ext_operator = "desk-2";
  const Message message(cancel);
  std::string out;
  const auto refused = transcode(message, 178, OnLoss::Refuse, out);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().field == "order_cancel.ext_operator");
  CHECK(refused.error().reason.find("178") != std::string::npos);
  CHECK(out.empty());

  const auto reported = transcode(message, 178, OnLoss::Report, out);
  REQUIRE(reported);
  REQUIRE(reported->size() == 1);
  CHECK(reported->front().path == "order_cancel.ext_operator");
  CHECK(reported->front().value == "desk-2");
  CHECK(decode(Direction::Out, 178, out)->as<CancelOrderRequest>().order_id == 5);

  out.clear();
  CHECK(transcode(message, 192, OnLoss::Refuse, out));
  out.clear();
  CHECK(transcode(message, 226, OnLoss::Refuse, out));
}

TEST_CASE("a tick goes from text to protobuf and back to the same bytes") {
  const std::string text("1\0006\0009001\0001\000150.25\000100\0001\000", 24);
  const auto tick = decode(Direction::In, 178, text);
  REQUIRE(tick);
  std::string protobuf, back;
  REQUIRE(transcode(*tick, 226, OnLoss::Refuse, protobuf));
  const auto again = decode(Direction::In, 226, protobuf);
  REQUIRE(again);
  REQUIRE(transcode(*again, 178, OnLoss::Refuse, back));
  CHECK(back == text);
}

TEST_CASE("a field younger than its protobuf message is lost below its version") {
  PlaceOrderRequest place;
  place.order_id = 5;
  place.order.emplace().post_only = true;
  const Message message(place);
  std::string out;
  CHECK(transcode(message, 216, OnLoss::Refuse, out));
  out.clear();
  const auto refused = transcode(message, 215, OnLoss::Refuse, out);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().field == "order.post_only");
  const auto reported = transcode(message, 215, OnLoss::Report, out);
  REQUIRE(reported);
  CHECK(reported->front().path == "order.post_only");
  CHECK_FALSE(decode(Direction::Out, 215, out)->as<PlaceOrderRequest>().order->post_only.has_value());
}

TEST_CASE("a part that is younger than the version goes as a whole") {
  PlaceOrderRequest place;
  place.order_id = 5;
  auto& attached = place.attached_orders.emplace();
  attached.sl_order_id = 6;
  attached.sl_order_type = "PRESET";
  attached.pt_order_type = "PRESET";
  const Message message(place);
  std::string out;
  REQUIRE_FALSE(transcode(message, 210, OnLoss::Refuse, out));
  const auto reported = transcode(message, 210, OnLoss::Report, out);
  REQUIRE(reported);
  CHECK(reported->size() == 3);
  CHECK(reported->front().path == "attached_orders.sl_order_id");
  CHECK_FALSE(decode(Direction::Out, 210, out)->as<PlaceOrderRequest>().attached_orders);
  out.clear();
  CHECK(transcode(message, 218, OnLoss::Refuse, out));
}

TEST_CASE("what no field holds is lost by name") {
  PlaceOrderRequest place;
  place.order_id = 5;
  place.order.emplace().unknown_fields =
      "\xc2\x0c\x01"
      "A";
  std::string out;
  const auto unknown = transcode(Message(place), 178, OnLoss::Report, out);
  REQUIRE(unknown);
  REQUIRE(unknown->size() == 1);
  CHECK(unknown->front().path == "order.unknown_fields");
  CHECK(transcode(Message(place), 226, OnLoss::Report, out)->empty());  // a protobuf reader passes over them

  Message trailing(place);
  trailing.as<PlaceOrderRequest>().order->unknown_fields.clear();
  trailing.residue.trailing = {"newer"};
  const auto refused = transcode(trailing, 226, OnLoss::Refuse, out);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().field == "trailing[0]");
}

TEST_CASE("what the target wire cannot write is left out by name, and the rest arrives") {
  OpenOrder open;
  open.order_id = 5;
  open.contract.emplace().multiplier = "many";  // a number in protobuf
  open.contract->symbol = "AAPL";
  std::string out;
  const auto refused = transcode(Message(open), kMaxServerVersion, OnLoss::Refuse, out);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().field == "contract.multiplier");
  CHECK(out.empty());
  const auto number = transcode(Message(open), kMaxServerVersion, OnLoss::Report, out);
  REQUIRE(number);
  REQUIRE(number->size() == 1);
  CHECK(number->front().path == "contract.multiplier");
  CHECK(number->front().value == "many");
  CHECK(decode(Direction::In, kMaxServerVersion, out)->as<OpenOrder>().contract->symbol == "AAPL");

  open.contract->multiplier = "100";
  open.contract->symbol = std::string("A\0L", 3);  // two fields in text
  out.clear();
  CHECK_FALSE(transcode(Message(open), 178, OnLoss::Refuse, out));
  const auto text = transcode(Message(open), 178, OnLoss::Report, out);
  REQUIRE(text);
  REQUIRE(text->size() == 1);
  CHECK(text->front().path == "contract.symbol");
  const auto arrived = decode(Direction::In, 178, out);
  REQUIRE(arrived);
  CHECK(arrived->as<OpenOrder>().contract->multiplier == "100");
  CHECK_FALSE(arrived->as<OpenOrder>().contract->symbol);
}

TEST_CASE("every loss is named, however many there are") {
  ScannerData scan;
  for (int i = 0; i < 3000; ++i) scan.scanner_data_element.emplace_back().unknown_fields = "\x98\x06\x01";
  std::string out;
  const auto losses = transcode(Message(scan), 178, OnLoss::Report, out);
  REQUIRE(losses);
  CHECK(losses->size() == 3000);
}

TEST_CASE("a version that does not know the message says so") {
  std::string out;
  const auto refused = transcode(Message(WshMetaDataRequest{}), 150, OnLoss::Report, out);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().to_string().find("161") != std::string::npos);
}

TEST_CASE("what is not named as lost arrives, for random messages of every type between all layouts") {
  std::mt19937_64 generator(5);
  for (const MessageInfo* type : all_messages()) {
    for (const int from : {101, 142, 178, 200, 226}) {
      if (from < type->since) continue;
      const Message message = random_message(*type, wire_at(*type, from), from, generator);
      for (const int to : {100, 145, 193, 212, 226}) {
        std::string payload;
        const auto losses = transcode(message, to, OnLoss::Report, payload);
        if (!losses) continue;
        const auto arrived = decode(type->direction, to, payload);
        REQUIRE(arrived);
        CHECK(compare(message, *arrived, {.unset_is_default = true}).size() == losses->size());
      }
    }
  }
}
