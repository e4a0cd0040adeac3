// Without these: a client connects to something that is no TWS, or does not say why it cannot, or misses a part of the
// start because the bytes came in other pieces.
#include "protocol/client_side.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/server_side.h"

using namespace ibkr::protocol;

namespace {

struct App : ClientSide::Client {
  void send_bytes(std::string_view bytes) override { sent += bytes; }
  void on_greeted() override { greeted = true; }
  void on_message(Message message) override { names.emplace_back(message.name()); }
  void on_unreadable(std::string_view, const DecodeError& error) override { unreadable = error.to_string(); }

  std::string sent;
  bool greeted = false;
  std::vector<std::string> names;
  std::string unreadable;
};

std::string frame(std::string_view payload) {
  std::string out;
  append_frame(out, payload);
  return out;
}

std::string frame(const Message& message, int version) {
  std::string payload;
  REQUIRE(encode(message, version, payload));
  return frame(payload);
}

std::string answer(int version) { return frame(hello_answer_payload({version, "20261123 09:30:00 EST"})); }

std::string start(int version) {
  ManagedAccounts accounts;
  accounts.accounts_list = "DU1,DU2,";
  NextValidId id;
  id.order_id = 17;
  return frame(Message(accounts), version) + frame(Message(id), version);
}

std::string refusal(int code, int version) {
  ErrorMessage error;
  error.id = -1;
  error.error_code = code;
  error.error_msg = "client id is already in use";
  return frame(Message(error), version);
}

}  // namespace

TEST_CASE("the start is read in every split, at old and new versions") {
  for (const int version : {100, 178, 226}) {
    const std::string all = answer(version) + start(version);
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
      App app;
      ClientSide side(app, {});
      side.begin();
      CHECK(side.receive(std::string_view(all).substr(0, cut)));
      CHECK((side.phase() == ClientSide::Phase::Running) == (cut == all.size()));
      CHECK(side.receive(std::string_view(all).substr(cut)));
      REQUIRE(side.phase() == ClientSide::Phase::Running);
      CHECK(side.start().server_version == version);
      CHECK(side.start().accounts == "DU1,DU2,");
      CHECK(side.start().next_order_id == 17);
      CHECK(app.names == std::vector<std::string>{"ManagedAccounts", "NextValidId"});
    }
  }
}

TEST_CASE("what the client's side says is what the server's side takes") {
  struct Served : ServerSide::Server {
    std::optional<ServerSide::Answer> on_hello(const Hello& hello) override {
      return ServerSide::Answer{hello.max_version, hello_answer_payload({hello.max_version, "now"})};
    }
    void send_answer(std::string_view bytes) override { out += bytes; }
    void on_start(std::string_view, const Message& request) override {
      client_id = request.as<StartApiRequest>().client_id.value_or(-1);
    }
    void on_request(std::string_view) override {}
    std::string out;
    int client_id = -1;
  } served;
  ServerSide server(served);
  App app;
  ClientSide side(app, {.min_version = 100, .max_version = 178, .client_id = 5});
  side.begin();
  REQUIRE(server.receive(app.sent));
  app.sent.clear();
  REQUIRE(side.receive(served.out));
  CHECK(app.greeted);
  REQUIRE(server.receive(app.sent));
  CHECK(served.client_id == 5);
  CHECK(side.phase() == ClientSide::Phase::Starting);
  side.run_without_rest();
  CHECK(side.phase() == ClientSide::Phase::Running);
}

TEST_CASE("every way of not getting through has its name, and nothing is looked at any more") {
  const auto fails = [](const std::string& bytes) {
    App app;
    ClientSide side(app, {.min_version = 150, .max_version = 226});
    side.begin();
    CHECK_FALSE(side.receive(bytes));
    CHECK_FALSE(side.receive(start(226)));
    CHECK(side.phase() == ClientSide::Phase::Over);
    CHECK_FALSE(side.error().empty());
    return side.failure();
  };
  CHECK(fails("HTTP/1.1 400 Bad Request\r\n\r\n") == ClientSide::Failure::NotTws);
  CHECK(fails(frame("hello")) == ClientSide::Failure::NotTws);
  CHECK(fails(answer(149)) == ClientSide::Failure::Version);
  CHECK(fails(answer(999)) == ClientSide::Failure::Version);
  CHECK(fails(frame(hello_answer_payload({0, "", "gw2:7496"}))) == ClientSide::Failure::Redirected);
  CHECK(fails(answer(226) + refusal(326, 226)) == ClientSide::Failure::Refused);
}

TEST_CASE("an error that says nothing of the start, and a frame that cannot be read, do not end it") {
  App app;
  ClientSide side(app, {});
  side.begin();
  CHECK(side.receive(answer(226) + refusal(2104, 226) + frame(std::string("\0\0\0\4\x08", 5)) + start(226)));
  CHECK(side.phase() == ClientSide::Phase::Running);
  CHECK_FALSE(app.unreadable.empty());
}
