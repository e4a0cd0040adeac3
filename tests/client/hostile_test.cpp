// Without these: a broken or hostile server crashes the program, or makes it hang, where it should get an error.
#include <doctest/doctest.h>

#include <random>

#include "protocol/catalogue.h"
#include "protocol/random.h"
#include "served.h"

using namespace ibkr;
using namespace ibkr::client;
using namespace ibkr::client::test;

namespace {

constexpr int kRounds = 60;

std::string random_bytes(std::mt19937_64& chance, std::size_t length) {
  std::string bytes(length, '\0');
  for (char& byte : bytes) byte = static_cast<char>(chance());
  return bytes;
}

/// A frame of any message that TWS can send, now and then with a byte of it changed.
std::string random_frame(std::mt19937_64& chance, int version) {
  const auto all = protocol::all_messages();
  const protocol::MessageInfo* type = all[chance() % all.size()];
  std::string payload, frame;
  if (type->since > version || (type->text == nullptr && protocol::wire_at(*type, version) == protocol::Wire::Text))
    return "";
  const auto message = protocol::random_message(*type, protocol::wire_at(*type, version), version, chance);
  if (!protocol::encode(message, version, payload)) return "";
  if (chance() % 4 == 0 && !payload.empty()) payload[chance() % payload.size()] = static_cast<char>(chance());
  protocol::append_frame(frame, payload);
  return frame;
}

}  // namespace

TEST_CASE("whatever bytes answer the hello, connect() ends") {
  std::mt19937_64 chance(1);
  for (int round = 0; round < kRounds; ++round) {
    Script script;
    const std::string junk = random_bytes(chance, 1 + chance() % 200);
    script.with([&](Scripted& server) { server.first_bytes = junk; });
    Options options = options_for(script.port());
    options.connect_limit = 30ms;
    IBKRClient client(options);
    CHECK_FALSE(client.connect_async().result().has_value());
  }
}

TEST_CASE("whatever messages come, calls end and the client goes on or reconnects") {
  for (const int version : {100, 178, 226}) {
    std::mt19937_64 chance(static_cast<std::uint64_t>(version));
    Script script;
    script.with([&](Scripted& server) {
      server.version = version;
      auto own = std::make_shared<std::mt19937_64>(static_cast<std::uint64_t>(version) + 1);
      server.answers = [own, version](Scripted::Peer& peer, const Message&) {
        for (int i = 0; i < 10; ++i) peer.write(random_frame(*own, version));
        if ((*own)() % 20 == 0) peer.write(random_bytes(*own, 50));
      };
    });
    Options options = options_for(script.port());
    options.call_limit = 20ms;
    options.late_answer_limit = 1ms;
    options.most_unread = 10;
    IBKRClient client(options);
    client.connect();
    std::vector<Stream<Message>> streams;
    for (int round = 0; round < kRounds; ++round) {
      client.wait_connected(kPatience);
      const auto requests = protocol::all_messages();
      for (int i = 0; i < 5; ++i) {
        const auto& type = *requests[chance() % requests.size()];
        streams.push_back(client.subscribe(Message(type)));
        client.send(Message(type)).result();
        client.collect(Message(type)).result();
      }
      if (streams.size() > 20) streams.clear();
    }
    client.close();
    for (const auto& stream : streams) {
      while (stream.next(kPatience)) {
      }
    }
  }
}
