// The smallest whole program: connects, asks what AAPL is and what the accounts hold, and prints it.
//
//   example_connect [PORT]     7497 (TWS paper) where none is given; `ibkr mock` serves it, too
#include <cstdlib>
#include <iostream>

#include "client/client.h"

int main(int argc, char** argv) try {
  using namespace ibkr;
  client::IBKRClient client("127.0.0.1", static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 7497), 1);
  const auto connection = client.connect();
  std::cout << "server version " << connection.server_version << ", account " << connection.accounts.at(0) << "\n";

  protocol::ContractDataRequest request;
  auto& contract = request.contract.emplace();
  contract.symbol = "AAPL", contract.sec_type = "STK", contract.exchange = "SMART", contract.currency = "USD";
  for (const auto& message : client.send(request).get()) {
    const auto& details = std::get<protocol::ContractData>(message);
    std::cout << *details.contract->symbol << " is " << *details.contract_details->long_name << "\n";
  }
  for (const auto& position : client.collect(protocol::PositionsRequest{}).get()) {
    std::cout << *position.account << " holds " << position.position->to_string() << " " << *position.contract->symbol
              << "\n";
  }
} catch (const ibkr::client::Error& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
