#pragma once

#include <exception>
#include <string>

#include <twinlane/runtime/log.hpp>

namespace twinlane::detail {

/// What others gave us to call must not take the shard down.
template <class F>
void call_out(F&& f) noexcept {
  try {
    f();
  } catch (const std::exception& x) {
    log_limited(log_level::error, "callback", std::string("a callback given to the runtime threw: ") + x.what());
  } catch (...) {
    log_limited(log_level::error, "callback", "a callback given to the runtime threw");
  }
}

}  // namespace twinlane::detail
