// What TWS says of itself and its connections to IB, with the codes and texts of a recent Gateway.
#pragma once

#include <cstdint>

namespace ibkr::mock {

struct Notice {
  std::int32_t code;
  const char* text;
};

inline constexpr Notice kLinkLost = {1100, "Connectivity between IBKR and Trader Workstation has been lost."};
inline constexpr Notice kRestoredDataLost = {
    1101, "Connectivity between IBKR and Trader Workstation has been restored - data lost."};
inline constexpr Notice kRestored = {
    1102,
    "Connectivity between IBKR and Trader Workstation has been restored - data maintained. All data farms are "
    "connected: usfarm; ushmds; secdefnj."};
/// To a client that connects while the link is lost.
inline constexpr Notice kNoLink = {
    2110, "Connectivity between Trader Workstation and server is broken. It will be restored automatically."};

inline constexpr Notice kDataFarm = {2104, "Market data farm connection is OK:usfarm"};
inline constexpr Notice kDataFarmBroken = {2103, "Market data farm connection is broken:usfarm"};
inline constexpr Notice kHistoryFarm = {2106, "HMDS data farm connection is OK:ushmds"};
inline constexpr Notice kHistoryFarmBroken = {2105, "HMDS data farm connection is broken:ushmds"};
inline constexpr Notice kDefinitionFarm = {2158, "Sec-def data farm connection is OK:secdefnj"};

}  // namespace ibkr::mock
