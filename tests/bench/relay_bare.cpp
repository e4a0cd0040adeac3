// The bare relay, written on libuv directly.
#include "relay_bare.h"

#include <netinet/in.h>
#include <uv.h>

#include <cstdlib>
#include <initializer_list>

namespace ibkr::bench {
namespace {

struct Leg {
  uv_tcp_t tcp{};
  Leg* other = nullptr;
};

char read_buffer[64 * 1024];
sockaddr_in upstream_address;

void relay_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  auto* leg = static_cast<Leg*>(stream->data);
  if (count < 0) {
    for (Leg* closed : {leg, leg->other}) {
      auto* handle = reinterpret_cast<uv_handle_t*>(&closed->tcp);
      if (!uv_is_closing(handle)) uv_close(handle, [](uv_handle_t* done) { delete static_cast<Leg*>(done->data); });
    }
    return;
  }
  const uv_buf_t bytes = uv_buf_init(buffer->base, static_cast<unsigned>(count));
  if (count > 0 && uv_try_write(reinterpret_cast<uv_stream_t*>(&leg->other->tcp), &bytes, 1) != count) std::abort();
}

void start_reading(Leg& leg) {
  uv_tcp_nodelay(&leg.tcp, 1);
  uv_read_start(
      reinterpret_cast<uv_stream_t*>(&leg.tcp),
      [](uv_handle_t*, std::size_t, uv_buf_t* buffer) { *buffer = uv_buf_init(read_buffer, sizeof read_buffer); },
      relay_read);
}

Leg* new_leg(uv_loop_t* loop) {
  auto* leg = new Leg;
  uv_tcp_init(loop, &leg->tcp);
  leg->tcp.data = leg;
  return leg;
}

void accept_one(uv_stream_t* listener, int status) {
  if (status < 0) std::abort();
  Leg* app = new_leg(listener->loop);
  Leg* upstream = new_leg(listener->loop);
  app->other = upstream;
  upstream->other = app;
  uv_accept(listener, reinterpret_cast<uv_stream_t*>(&app->tcp));
  auto* request = new uv_connect_t;
  uv_tcp_connect(request, &upstream->tcp, reinterpret_cast<const sockaddr*>(&upstream_address),
                 [](uv_connect_t* finished, int result) {
                   if (result < 0) std::abort();
                   auto* leg = static_cast<Leg*>(finished->handle->data);
                   delete finished;
                   start_reading(*leg);
                   start_reading(*leg->other);
                 });
}

}  // namespace

void run_bare_relay(std::uint16_t upstream_port, void (*on_port)(std::uint16_t)) {
  uv_loop_t loop;
  uv_tcp_t listener;
  sockaddr_in any_port{};
  uv_ip4_addr("127.0.0.1", upstream_port, &upstream_address);
  uv_ip4_addr("127.0.0.1", 0, &any_port);
  uv_loop_init(&loop);
  uv_tcp_init(&loop, &listener);
  uv_tcp_bind(&listener, reinterpret_cast<const sockaddr*>(&any_port), 0);
  if (uv_listen(reinterpret_cast<uv_stream_t*>(&listener), 128, accept_one) < 0) std::abort();
  int length = sizeof any_port;
  uv_tcp_getsockname(&listener, reinterpret_cast<sockaddr*>(&any_port), &length);
  on_port(ntohs(any_port.sin_port));
  uv_run(&loop, UV_RUN_DEFAULT);
}

}  // namespace ibkr::bench
