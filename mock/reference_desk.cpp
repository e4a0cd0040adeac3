#include "mock/reference_desk.h"

#include <algorithm>
#include <cctype>

#include "mock/order_checks.h"
#include "net/loop.h"

namespace ibkr::mock {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

protocol::SmartComponent component(std::int32_t bit, const char* exchange, const char* letter) {
  protocol::SmartComponent out;
  out.bit_number = bit;
  out.exchange = exchange;
  out.exchange_letter = letter;
  return out;
}

}  // namespace

ReferenceDesk::ReferenceDesk(Counter counter, Handlers& handlers) : counter_(counter) {
  serve<protocol::ContractDataRequest, protocol::CancelContractData, protocol::MatchingSymbolsRequest,
        protocol::SecDefOptParamsRequest, protocol::MarketRuleRequest, protocol::CurrentTimeRequest,
        protocol::CurrentTimeInMillisRequest, protocol::UserInfoRequest, protocol::SoftDollarTiersRequest,
        protocol::SmartComponentsRequest, protocol::ScannerParametersRequest, protocol::MarketDepthExchangesRequest,
        protocol::SetServerLogLevelRequest>(handlers, *this);
}

void ReferenceDesk::answer(const protocol::ContractDataRequest& request) {
  const auto wanted = request.contract.value_or(protocol::Contract{});
  const auto found = counter_.world.market.find(wanted);
  const std::int32_t id = request.req_id.value_or(0);
  if (found.empty()) return counter_.out.error(id, 200, "No security definition has been found for the request");
  for (const Instrument* instrument : found) {
    protocol::ContractData row;
    row.req_id = id;
    row.contract = instrument->contract;
    if (!wanted.exchange.value_or("").empty()) row.contract->exchange = wanted.exchange;
    row.contract_details = instrument->details;
    counter_.out.send(std::move(row));
  }
  protocol::ContractDataEnd end;
  end.req_id = id;
  counter_.out.send(std::move(end));
}

void ReferenceDesk::answer(const protocol::MatchingSymbolsRequest& request) {
  const std::string pattern = upper(request.pattern.value_or(""));
  protocol::SymbolSamples out;
  out.req_id = request.req_id;
  for (const Instrument& instrument : counter_.world.market.instruments()) {
    if (instrument.sec_type() != "STK" || pattern.empty()) continue;
    if (instrument.contract.symbol->rfind(pattern, 0) != 0 &&
        instrument.details.long_name->find(pattern) == std::string::npos)
      continue;
    protocol::ContractDescription description;
    description.contract = instrument.contract;
    description.contract->description = instrument.details.long_name;
    description.derivative_sec_types = {"OPT"};
    out.contract_descriptions.push_back(std::move(description));
  }
  counter_.out.send(std::move(out));
}

void ReferenceDesk::answer(const protocol::SecDefOptParamsRequest& request) {
  const std::int32_t underlying = request.underlying_con_id.value_or(0);
  if (underlying == 0) {
    return counter_.out.error(request.req_id.value_or(0), 321,
                              "Error validating request.-'bx' : cause - Invalid contract id");
  }
  // A live TWS gives rows only where no exchange was asked for.
  if (request.fut_fop_exchange.value_or("").empty()) {
    for (const Instrument& instrument : counter_.world.market.instruments()) {
      if (instrument.underlying != underlying) continue;
      protocol::SecDefOptParameter row;
      row.req_id = request.req_id;
      row.exchange = "SMART";
      row.underlying_con_id = underlying;
      row.trading_class = *instrument.contract.trading_class;
      row.multiplier = *instrument.contract.multiplier;
      row.expirations = {*instrument.contract.last_trade_date_or_contract_month};
      row.strikes = {*instrument.contract.strike};
      counter_.out.send(std::move(row));
    }
  }
  protocol::SecDefOptParameterEnd end;
  end.req_id = request.req_id;
  counter_.out.send(std::move(end));
}

void ReferenceDesk::answer(const protocol::MarketRuleRequest& request) {
  protocol::MarketRule out;
  out.market_rule_id = request.market_rule_id.value_or(0);
  out.price_increments = market_rule(*out.market_rule_id);
  if (out.price_increments.empty()) {
    return counter_.out.error(
        -1, 322,
        "Error processing request.-'cd' : cause - Unknown market rule id " + std::to_string(*out.market_rule_id));
  }
  counter_.out.send(std::move(out));
}

void ReferenceDesk::answer(const protocol::CurrentTimeRequest&) {
  protocol::CurrentTime out;
  out.current_time = net::wall_ns() / 1000000000;
  counter_.out.send(std::move(out));
}

void ReferenceDesk::answer(const protocol::CurrentTimeInMillisRequest&) {
  protocol::CurrentTimeInMillis out;
  out.current_time_in_millis = net::wall_ns() / 1000000;
  counter_.out.send(std::move(out));
}

void ReferenceDesk::answer(const protocol::UserInfoRequest& request) {
  protocol::UserInfo out;
  out.req_id = request.req_id;
  out.white_branding_id = "";
  counter_.out.send(std::move(out));
}

void ReferenceDesk::answer(const protocol::SoftDollarTiersRequest& request) {
  protocol::SoftDollarTiers out;
  out.req_id = request.req_id;
  counter_.out.send(std::move(out));
}

void ReferenceDesk::answer(const protocol::SmartComponentsRequest& request) {
  protocol::SmartComponents out;
  out.req_id = request.req_id;
  out.smart_components = {component(0, "AMEX", "A"), component(1, "ISLAND", "Q"), component(2, "ARCA", "P")};
  counter_.out.send(std::move(out));
}

void ReferenceDesk::answer(const protocol::ScannerParametersRequest&) {
  protocol::ScannerParameters out;
  out.xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ScanParameterResponse></ScanParameterResponse>\n";
  counter_.out.send(std::move(out));
}

void ReferenceDesk::answer(const protocol::MarketDepthExchangesRequest&) {
  counter_.out.send(protocol::MarketDepthExchanges{});  // the mock has no depth
}

}  // namespace ibkr::mock
