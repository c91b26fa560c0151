#pragma once

#include <twinlane/web/detail/net.hpp>

#include <sys/ioctl.h>

#include <linux/sockios.h>

namespace twinlane::web::detail {

/// Notices a peer that reads nothing while something is on its way to it.
///
/// Shape    progress is a completed write, or a change in what the kernel still holds for the peer: a long message
///          to a slow reader is progress
class stall_watch {
 public:
  void progressed(clock::time_point now) noexcept { since_ = now; }

  bool stalled(tcp_socket& socket, bool writing, clock::time_point now, clock::duration bound) {
    int held = 0;
    if (!writing || ::ioctl(socket.native_handle(), SIOCOUTQ, &held) != 0 || held != held_) {
      held_ = held;
      since_ = now;
      return false;
    }
    return now - since_ >= bound;
  }

 private:
  clock::time_point since_ = clock::now();
  int held_ = -1;
};

}  // namespace twinlane::web::detail
