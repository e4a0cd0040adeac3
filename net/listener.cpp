// Listener: a listening socket that libuv polls. We accept ourselves, because libuv's own accept drops waiting
// connections in silence when the process has no descriptor left.
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/connection_state.h"
#include "net/loop_impl.h"
#include "net/socket_address.h"

namespace ibkr::net {
namespace {

constexpr int kBacklog = 511;
constexpr int kAcceptsPerEvent = 64;  // so that a burst of connections does not hold up the others' traffic
constexpr std::uint64_t kPauseMs = 100;

std::string cannot_listen(const Address& address, int error) {
  std::string message = "cannot listen on " + address.to_string() + ": " + std::strerror(error);
  if (error == EADDRINUSE) message += "; stop the program that uses this port, or listen on another one";
  if (error == EADDRNOTAVAIL) message += "; the host must be an address of this machine, such as 127.0.0.1";
  if (error == EACCES) message += "; ports below 1024 need privileges, take a higher one";
  return message;
}

Expected<sockaddr_storage, std::string> look_up(Loop& loop, const Address& address) {
  sockaddr_storage storage{};
  if (to_sockaddr(address, storage)) return storage;
  uv_getaddrinfo_t request{};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int status = uv_getaddrinfo(&loop.impl().uv, &request, nullptr, address.host.c_str(), nullptr, &hints);
  if (status < 0) return Unexpected("cannot listen on " + address.to_string() + ": " + error_text(status));
  const auto found = to_sockaddrs(request.addrinfo, address.port);
  uv_freeaddrinfo(request.addrinfo);
  if (found.empty()) return Unexpected("cannot listen on " + address.to_string() + ": the name has no IP address");
  return found.front();
}

/// A listening socket, or -1 with errno set.
int listening_socket(const sockaddr_storage& where) {
  const int fd = socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&where), length_of(where)) == 0 && listen(fd, kBacklog) == 0)
    return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

bool is_connections_own_fault(int error) {
  return error == ECONNABORTED || error == EPROTO || error == EINTR || error == EPERM;
}

}  // namespace

struct Listener::State {
  uv_poll_t poll{};
  uv_timer_t pause{};
  Loop* loop = nullptr;
  int fd = -1;
  Address local;
  OnAccept on_accept;
  OnError on_error;
  bool starved = false;
  bool closing = false;
  int open_handles = 2;

  void watch();
  void accept_waiting();
  void hand_over(int accepted);
  void starve(int error);
  void abandon();
};

void Listener::State::watch() {
  uv_poll_start(&poll, UV_READABLE,
                [](uv_poll_t* handle, int, int) { static_cast<State*>(handle->data)->accept_waiting(); });
}

void Listener::State::accept_waiting() {
  for (int i = 0; i < kAcceptsPerEvent && !closing; ++i) {
    const int accepted = accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      hand_over(accepted);
    } else if (errno == EAGAIN) {
      starved = false;
      return;
    } else if (!is_connections_own_fault(errno)) {
      starve(errno);
      return;
    }
  }
}

void Listener::State::hand_over(int accepted) {
  auto* connection = Connection::State::make(*loop);
  if (connection->adopt(accepted) < 0) {
    connection->abandon();
    return;
  }
  on_accept(connection->wrap());
}

void Listener::State::starve(int error) {
  uv_poll_stop(&poll);
  uv_timer_start(
      &pause, [](uv_timer_t* handle) { static_cast<State*>(handle->data)->watch(); }, kPauseMs, 0);
  if (std::exchange(starved, true) || !on_error) return;
  std::string message = "cannot accept connections on " + local.to_string() + ": " + std::strerror(error);
  if (error == EMFILE) message += "; raise the limit with `ulimit -n`. New connections wait until one is closed";
  on_error(message);
}

void Listener::State::abandon() {
  closing = true;
  const auto on_closed = [](uv_handle_t* handle) {
    auto* state = static_cast<State*>(handle->data);
    if (--state->open_handles == 0) delete state;
  };
  uv_close(reinterpret_cast<uv_handle_t*>(&poll), on_closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&pause), on_closed);
  ::close(fd);
}

Expected<std::unique_ptr<Listener>, std::string> Listener::open(Loop& loop, const Address& address, OnAccept on_accept,
                                                                OnError on_error) {
  const auto where = look_up(loop, address);
  if (!where) return Unexpected(where.error());
  const int fd = listening_socket(*where);
  if (fd < 0) return Unexpected(cannot_listen(address, errno));

  auto* state = new State;
  state->loop = &loop;
  state->fd = fd;
  state->on_accept = std::move(on_accept);
  state->on_error = std::move(on_error);
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length);
  state->local = from_sockaddr(bound);
  state->poll.data = state->pause.data = state;
  uv_timer_init(&loop.impl().uv, &state->pause);
  [[maybe_unused]] const int initialised = uv_poll_init(&loop.impl().uv, &state->poll, fd);
  assert(initialised == 0);
  state->watch();
  return std::unique_ptr<Listener>(new Listener(state));
}

Listener::~Listener() { state_->abandon(); }

const Address& Listener::local_address() const { return state_->local; }

}  // namespace ibkr::net
