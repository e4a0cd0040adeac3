// connect(): look the name up, then try one address after another.
#include <cassert>
#include <utility>
#include <vector>

#include "net/connection_state.h"
#include "net/loop_impl.h"
#include "net/socket_address.h"
#include "net/tcp.h"

namespace ibkr::net {

// Shared by the Dial and by whatever libuv has under way for it, because a lookup cannot always be cancelled.
struct Dial::State : std::enable_shared_from_this<Dial::State> {
  struct Lookup {
    uv_getaddrinfo_t request{};
    std::shared_ptr<State> state;
  };
  struct Attempt {
    uv_connect_t request{};
    std::shared_ptr<State> state;
  };

  Loop* loop = nullptr;
  Address address;
  std::function<void(Result)> done;
  std::vector<sockaddr_storage> candidates;
  std::size_t next = 0;
  Connection::State* connecting = nullptr;
  bool over = false;

  void look_up();
  void try_next(int last_error);
  void on_connected(int status);
  void finish(Result result);
  void give_up();
};

void Dial::State::look_up() {
  sockaddr_storage numeric{};
  if (to_sockaddr(address, numeric)) {
    candidates = {numeric};
    try_next(UV_EAI_NONAME);
    return;
  }
  auto* lookup = new Lookup;
  lookup->state = shared_from_this();
  lookup->request.data = lookup;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const auto on_answer = [](uv_getaddrinfo_t* request, int status, addrinfo* list) {
    const std::unique_ptr<Lookup> finished(static_cast<Lookup*>(request->data));
    auto& state = *finished->state;
    state.candidates = to_sockaddrs(list, state.address.port);
    uv_freeaddrinfo(list);
    state.try_next(status < 0 ? status : UV_EAI_NONAME);
  };
  const int status =
      uv_getaddrinfo(&loop->impl().uv, &lookup->request, on_answer, address.host.c_str(), nullptr, &hints);
  if (status == 0) return;
  delete lookup;
  try_next(status);
}

void Dial::State::try_next(int last_error) {
  while (!over && next < candidates.size()) {
    auto* attempt = new Attempt;
    attempt->state = shared_from_this();
    attempt->request.data = attempt;
    connecting = Connection::State::make(*loop);
    const auto on_answer = [](uv_connect_t* request, int status) {
      const std::unique_ptr<Attempt> finished(static_cast<Attempt*>(request->data));
      finished->state->on_connected(status);
    };
    last_error = uv_tcp_connect(&attempt->request, &connecting->tcp,
                                reinterpret_cast<const sockaddr*>(&candidates[next++]), on_answer);
    if (last_error == 0) return;
    delete attempt;
    std::exchange(connecting, nullptr)->abandon();
  }
  finish(Unexpected("cannot connect to " + address.to_string() + ": " + error_text(last_error)));
}

void Dial::State::on_connected(int status) {
  if (over) return;  // given up: libuv reports the cancelled attempt
  auto* connected = std::exchange(connecting, nullptr);
  if (status < 0) {
    connected->abandon();
    try_next(status);
    return;
  }
  finish(connected->wrap());
}

void Dial::State::finish(Result result) {
  if (std::exchange(over, true)) return;
  done(std::move(result));
}

void Dial::State::give_up() {
  over = true;
  if (connecting != nullptr) std::exchange(connecting, nullptr)->abandon();
}

Dial::Dial(std::shared_ptr<State> state) : state_(std::move(state)) {}
Dial::~Dial() { state_->give_up(); }

std::unique_ptr<Dial> connect(Loop& loop, const Address& address, std::function<void(Dial::Result)> done) {
  auto state = std::make_shared<Dial::State>();
  state->loop = &loop;
  state->address = address;
  state->done = std::move(done);
  loop.post([state] { state->look_up(); });  // so that an error found at once is not reported from inside this call
  return std::unique_ptr<Dial>(new Dial(std::move(state)));
}

}  // namespace ibkr::net
