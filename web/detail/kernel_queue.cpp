#include <twinlane/web/detail/kernel_queue.hpp>

#include <cstddef>

#include <netinet/in.h>
#include <sys/socket.h>

// The kernel's own header: glibc's does not have all of tcp_info.
#include <linux/tcp.h>

namespace twinlane::web::detail {

std::uint64_t acknowledged_bytes(int socket) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  if (size < offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked) return 0;
  return info.tcpi_bytes_acked;
}

void limit_unsent(int socket) noexcept {
  const int bytes = 128 * 1024;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

void make_room(int socket) noexcept {
  const int unlimited = 1 << 30;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unlimited, sizeof unlimited);
  const int wanted = 208 * 1024;  // the usual net.core.wmem_max; the kernel doubles it
  int present = 0;
  socklen_t size = sizeof present;
  if (::getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &present, &size) == 0 && present < 2 * wanted)
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
}

}  // namespace twinlane::web::detail
