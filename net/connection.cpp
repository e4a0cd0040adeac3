// Connection: reading, the write queue, and every way to end.
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <utility>

#include "net/connection_state.h"
#include "net/loop_impl.h"
#include "net/socket_address.h"

namespace ibkr::net {
namespace {

constexpr unsigned kKeepAliveAfterSeconds = 60;

CloseReason reason_of(int code) {
  const bool is_reset = code == UV_ECONNRESET || code == UV_EPIPE || code == UV_ENOTCONN;
  return {is_reset ? CloseReason::Kind::Reset : CloseReason::Kind::Failed,
          is_reset ? error_text(UV_ECONNRESET) : error_text(code)};
}

template <class Call>
Address address_of(uv_tcp_t& tcp, Call get_name) {
  sockaddr_storage storage{};
  int length = sizeof storage;
  if (get_name(&tcp, reinterpret_cast<sockaddr*>(&storage), &length) < 0) return {};
  return from_sockaddr(storage);
}

}  // namespace

// --- State -----------------------------------------------------------------------------------------------------------

Connection::State* Connection::State::make(Loop& loop) {
  auto* state = new State;
  state->loop = &loop;
  uv_tcp_init(&loop.impl().uv, &state->tcp);
  state->tcp.data = state;
  return state;
}

int Connection::State::adopt(int fd) {
  const int status = uv_tcp_open(&tcp, fd);
  if (status < 0) ::close(fd);
  return status;
}

std::unique_ptr<Connection> Connection::State::wrap() {
  uv_tcp_nodelay(&tcp, 1);
  uv_tcp_keepalive(&tcp, 1, kKeepAliveAfterSeconds);
  peer = address_of(tcp, uv_tcp_getpeername);
  local = address_of(tcp, uv_tcp_getsockname);
  return std::unique_ptr<Connection>(new Connection(this));
}

void Connection::State::abandon() {
  if (closed) {
    delete this;
    return;
  }
  orphaned = true;
  begin_close();
}

void Connection::State::begin_close() {
  if (closing) return;
  closing = true;
  uv_close(handle(), [](uv_handle_t* closed_handle) {
    auto* state = static_cast<State*>(closed_handle->data);
    state->closed = true;
    if (state->orphaned) delete state;
  });
}

void Connection::State::finish(CloseReason reason) {
  if (closing) return;
  begin_close();
  if (callbacks.on_close) callbacks.on_close(reason);
}

void Connection::State::update_reading() {
  const bool wanted = started && !paused && !peer_ended && !closing;
  if (wanted == reading) return;
  reading = wanted;
  if (!wanted) {
    uv_read_stop(stream());
    return;
  }
  uv_read_start(
      stream(),
      [](uv_handle_t* source, std::size_t, uv_buf_t* buffer) {
        auto& shared = static_cast<State*>(source->data)->loop->impl().read_buffer;
        *buffer = uv_buf_init(shared.data(), static_cast<unsigned>(shared.size()));
      },
      [](uv_stream_t* source, ssize_t count, const uv_buf_t* buffer) {
        static_cast<State*>(source->data)->on_read(count, buffer->base);
      });
}

void Connection::State::on_read(ssize_t count, const char* data) {
  if (closing || count == 0) return;
  if (count > 0) {
    if (callbacks.on_data) callbacks.on_data({data, static_cast<std::size_t>(count)});
  } else if (count == UV_EOF && write_error == 0) {
    on_peer_end();
  } else {
    finish(reason_of(count == UV_EOF ? write_error : static_cast<int>(count)));
  }
}

void Connection::State::on_peer_end() {
  peer_ended = true;
  update_reading();
  if (callbacks.on_end) callbacks.on_end();
  if (fin_sent) finish({});
}

void Connection::State::fly(std::string bytes) {
  in_flight = std::make_unique<Flight>();
  in_flight->bytes = std::move(bytes);
  in_flight->request.data = this;
  const uv_buf_t buffer = uv_buf_init(in_flight->bytes.data(), static_cast<unsigned>(in_flight->bytes.size()));
  [[maybe_unused]] const int status =
      uv_write(&in_flight->request, stream(), &buffer, 1,
               [](uv_write_t* request, int result) { static_cast<State*>(request->data)->on_flown(result); });
  assert(status == 0);
}

void Connection::State::on_flown(int status) {
  in_flight.reset();
  if (closing) return;
  if (status < 0) {
    on_write_failed(status);
  } else if (!queued.empty()) {
    fly(std::exchange(queued, {}));
  } else {
    if (fin_requested) send_fin();
    if (callbacks.on_drain) callbacks.on_drain();
  }
}

void Connection::State::send_fin() {
  fin = std::make_unique<uv_shutdown_t>();
  fin->data = this;
  [[maybe_unused]] const int status = uv_shutdown(fin.get(), stream(), [](uv_shutdown_t* request, int result) {
    static_cast<State*>(request->data)->on_fin_sent(result);
  });
  assert(status == 0);
}

void Connection::State::on_fin_sent(int status) {
  fin.reset();
  if (closing) return;
  if (status < 0) {
    on_write_failed(status);
    return;
  }
  fin_sent = true;
  if (peer_ended) finish({});
}

// What the peer sent before it went away may still wait in the kernel, such as the error that says why. Reading goes on
// and comes to the end by itself.
void Connection::State::on_write_failed(int status) {
  write_error = status;
  queued = {};
  if (peer_ended) finish(reason_of(status));
}

// --- Connection ------------------------------------------------------------------------------------------------------

Connection::~Connection() { state_->abandon(); }

void Connection::start(ConnectionCallbacks callbacks) {
  assert(!state_->started);
  state_->callbacks = std::move(callbacks);
  state_->started = true;
  state_->update_reading();
}

void Connection::write(std::string_view bytes) {
  assert(!state_->fin_requested);
  if (state_->closing || state_->write_error != 0 || bytes.empty()) return;
  if (state_->in_flight) {
    state_->queued.append(bytes);
    return;
  }
  // An error here is left to the queued write, which meets it again and reports it from the loop.
  const uv_buf_t buffer = uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
  const int taken = uv_try_write(state_->stream(), &buffer, 1);
  if (taken > 0) bytes.remove_prefix(static_cast<std::size_t>(taken));
  if (!bytes.empty()) state_->fly(std::string(bytes));
}

std::size_t Connection::queued_bytes() const {
  return state_->closing ? 0 : uv_stream_get_write_queue_size(state_->stream()) + state_->queued.size();
}

void Connection::pause_reading() {
  state_->paused = true;
  state_->update_reading();
}

void Connection::resume_reading() {
  state_->paused = false;
  state_->update_reading();
}

void Connection::shutdown_write() {
  if (state_->closing || state_->fin_requested) return;
  state_->fin_requested = true;
  if (!state_->in_flight && state_->write_error == 0) state_->send_fin();
}

void Connection::reset() {
  if (state_->closing) return;
  uv_os_fd_t fd = -1;
  const linger at_once{1, 0};
  if (uv_fileno(state_->handle(), &fd) == 0) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  state_->begin_close();
}

void Connection::close() { state_->begin_close(); }
bool Connection::is_open() const { return !state_->closing; }

Address Connection::peer_address() const { return state_->peer; }
Address Connection::local_address() const { return state_->local; }

}  // namespace ibkr::net
