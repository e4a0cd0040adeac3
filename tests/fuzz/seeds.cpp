// Writes one seed file per message type and version into a folder: fuzz_seeds FOLDER
#include <fstream>
#include <iostream>

#include "protocol/codec.h"
#include "protocol/random.h"

using namespace ibkr::protocol;

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 2;
  }
  std::mt19937_64 generator(1);
  for (const MessageInfo* type : all_messages()) {
    for (const int version : {100, 130, 178, 200, 203, 226}) {
      if (version < type->since) continue;
      std::string input{static_cast<char>(type->direction), static_cast<char>(version - kMinServerVersion)};
      const Message message = random_message(*type, wire_at(*type, version), version, generator);
      if (!encode(message, version, input)) continue;
      std::ofstream(std::string(argv[1]) + "/" + std::string(type->name) + "-" + std::to_string(version)) << input;
    }
  }
}
