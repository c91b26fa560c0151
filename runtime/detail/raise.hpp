#pragma once

#include <condition_variable>
#include <mutex>

namespace twinlane::detail {

/// Sets a flag that others wait for, and wakes them.
inline void raise(bool& flag, std::mutex& mutex, std::condition_variable& changed) {
  {
    std::lock_guard lock(mutex);
    flag = true;
  }
  changed.notify_all();
}

}  // namespace twinlane::detail
