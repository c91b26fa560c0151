#pragma once

#include <cstddef>
#include <cstdint>

#include <twinlane/web/detail/net.hpp>

namespace twinlane::web::detail {

/// How long a peer may take to send or to read this much: what a short message may take, and longer by its bytes.
inline clock::duration time_for(std::size_t bytes, clock::duration bound) {
  constexpr double slowest_bytes_per_s = 64 * 1024;
  return bound + std::chrono::milliseconds(
                     static_cast<std::int64_t>(1000.0 * static_cast<double>(bytes) / slowest_bytes_per_s));
}

}  // namespace twinlane::web::detail
