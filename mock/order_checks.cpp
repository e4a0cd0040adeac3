#include "mock/order_checks.h"

#include <algorithm>
#include <array>

namespace ibkr::mock {
namespace {

using protocol::Decimal;
using protocol::Order;

constexpr double kLargestOrder = 1e9;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<Refusal> invalid(std::string_view cause) {
  return Refusal{321, std::string("Error validating request.-'bL' : cause - ").append(cause)};
}

bool has_limit(const Order& order) { return is_one_of(*order.order_type, {"LMT", "STP LMT"}); }
bool has_stop(const Order& order) { return is_one_of(*order.order_type, {"STP", "STP LMT"}); }

std::optional<Refusal> check_attributes(const Order& order) {
  if (!is_one_of(order.action.value_or(""), {"BUY", "SELL", "SSHORT"})) return invalid("Invalid order action.");
  const double size = order.total_quantity.value_or(Decimal()).to_double();
  if (size <= 0) return Refusal{434, "The order size cannot be zero."};
  if (!(size <= kLargestOrder)) return invalid("The order size is not a number that can be traded.");  // nor is NaN
  if (!is_one_of(order.order_type.value_or(""), {"MKT", "LMT", "STP", "STP LMT"})) {
    return Refusal{
        387, "Unsupported order type for this exchange and security type. (The mock TWS has MKT, LMT, STP, STP LMT.)"};
  }
  if (!is_one_of(order.tif.value_or(""), {"", "DAY", "GTC", "IOC", "FOK"}))
    return invalid("The time-in-force is not valid. (The mock TWS has DAY, GTC, IOC, FOK.)");
  if (order.what_if_type.value_or(0) != 0 && !order.what_if.value_or(false))
    return invalid("What-if type without what-if.");
  if (order.e_trade_only.value_or(false)) return Refusal{10268, "The 'EtradeOnly' order attribute is not supported."};
  if (order.firm_quote_only.value_or(false))
    return Refusal{10269, "The 'FirmQuoteOnly' order attribute is not supported."};
  if (!order.conditions.empty()) return invalid("The mock TWS does not simulate order conditions.");
  if (!order.algo_strategy.value_or("").empty()) return invalid("The mock TWS does not simulate algorithms.");
  return std::nullopt;
}

std::optional<Refusal> check_prices(const Order& order, const Instrument& instrument) {
  const auto wrong = [&](bool used, const std::optional<double>& price) -> std::optional<Refusal> {
    if (!used) return std::nullopt;
    if (price.value_or(0) <= 0) return invalid("You must enter a valid price.");
    if (is_on_tick(instrument, *price)) return std::nullopt;
    return Refusal{110, "The price does not conform to the minimum price variation for this contract."};
  };
  const auto limit = wrong(has_limit(order), order.lmt_price);
  return limit ? limit : wrong(has_stop(order), order.aux_price);
}

std::string spelled_as_tws(std::string type) {
  if (type == "STPLMT") return "STP LMT";
  return type;
}

/// Fills in what TWS fills in, and takes back what it does not keep.
Order read_back(Order order, const WorkingOrder& of) {
  order.client_id = of.client_id;
  order.order_id = of.order_id;
  order.account = of.account->name();
  if (order.tif.value_or("").empty()) order.tif = "DAY";
  if (order.clearing_intent.value_or("").empty()) order.clearing_intent = "IB";
  if (order.oca_type.value_or(0) == 0) order.oca_type = 3;
  order.lmt_price = order.lmt_price.value_or(0);
  order.aux_price = order.aux_price.value_or(0);
  order.ignore_open_auction = false;
  order.seek_price_improvement = order.seek_price_improvement.value_or(0);
  return order;
}

}  // namespace

Expected<const Instrument*, Refusal> resolve(const Market& market, const protocol::Contract& contract) {
  const auto found = market.find(contract);
  if (found.empty()) return Unexpected(Refusal{200, "No security definition has been found for the request"});
  if (found.size() > 1) {
    return Unexpected(Refusal{200, "The contract description specified for " + contract.symbol.value_or("") +
                                       " is ambiguous.\nThere are multiple contracts that match it."});
  }
  return found.front();
}

Account* find_account(std::span<Account> accounts, std::string_view name) {
  if (name.empty()) return accounts.size() == 1 ? &accounts.front() : nullptr;
  const auto found =
      std::find_if(accounts.begin(), accounts.end(), [&](const Account& account) { return account.name() == name; });
  return found == accounts.end() ? nullptr : &*found;
}

Expected<WorkingOrder, Refusal> check_order(const Market& market, std::span<Account> accounts, std::int32_t client_id,
                                            const protocol::PlaceOrderRequest& request) {
  Order order = request.order.value_or(Order{});
  order.order_type = spelled_as_tws(order.order_type.value_or(""));
  const auto contract = request.contract.value_or(protocol::Contract{});
  if (contract.sec_type == "BAG") return Unexpected(*invalid("The mock TWS does not simulate combinations."));
  const auto instrument = resolve(market, contract);
  if (!instrument) return Unexpected(instrument.error());
  if (auto refusal = check_attributes(order)) return Unexpected(std::move(*refusal));
  if (auto refusal = check_prices(order, **instrument)) return Unexpected(std::move(*refusal));

  WorkingOrder out;
  out.client_id = client_id;
  out.order_id = request.order_id.value_or(0);
  out.instrument = *instrument;
  out.account = find_account(accounts, order.account.value_or(""));
  if (out.account == nullptr) {
    return Unexpected(order.account.value_or("").empty() ? Refusal{435, "You must specify an account."}
                                                         : *invalid("Invalid account code '" + *order.account + "'."));
  }
  out.contract = (*instrument)->contract;
  if (!contract.exchange.value_or("").empty()) out.contract.exchange = contract.exchange;
  out.quantity = *order.total_quantity;
  out.order = read_back(std::move(order), out);
  return out;
}

}  // namespace ibkr::mock
