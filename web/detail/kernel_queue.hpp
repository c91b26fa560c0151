#pragma once

#include <cstdint>

namespace twinlane::web::detail {

// What the kernel holds of a connection's output. A frame of a stuck peer lies half in the kernel and half with us, and
// no close frame can overtake it. So the kernel is kept from taking all it could, and takes the rest, with the close
// frame, when we give the peer up: it reads why it was closed whenever it reads again, and our memory is free at once.

/// Bytes that the peer has acknowledged since the connection began; 0 when that cannot be known.
std::uint64_t acknowledged_bytes(int socket) noexcept;

/// The kernel takes no more while 128 KiB wait unsent.
void limit_unsent(int socket) noexcept;

/// The kernel takes some 200 KiB more than before.
void make_room(int socket) noexcept;

}  // namespace twinlane::web::detail
