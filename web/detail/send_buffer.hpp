#pragma once

#include <twinlane/web/detail/net.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace twinlane::web::detail {

// A frame of a stuck peer lies half in the kernel and half with us, and no close frame can overtake it. So the kernel
// is kept from taking all it could, and takes the rest, with the close frame, when we give the peer up: it reads why
// it was closed whenever it reads again, and our memory is free at once.

/// The kernel takes no more while so much waits unsent.
inline void limit_unsent(tcp_socket& socket) {
  const int bytes = 128 * 1024;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

/// The kernel takes some 200 KiB more than before.
inline void make_room(tcp_socket& socket) {
  const int unlimited = 1 << 30;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unlimited, sizeof unlimited);
  const int wanted = 208 * 1024;  // the usual net.core.wmem_max; the kernel doubles it
  int present = 0;
  socklen_t size = sizeof present;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDBUF, &present, &size) == 0 && present < 2 * wanted)
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
}

}  // namespace twinlane::web::detail
