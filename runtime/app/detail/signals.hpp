#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <thread>

namespace twinlane::app::detail {

/// Keeps SIGTERM and SIGINT from this thread and those it makes, so that one place waits for them; a broken pipe is
/// an error of its write, not a signal.
void block_stop_signals();

/// The signal that came within the time; nothing when none did.
std::optional<int> wait_for_stop_signal(std::chrono::milliseconds at_most);

/// Calls f at the first SIGTERM or SIGINT; a second one ends the process at once with 1.
///
/// Threads  f runs on a thread of its own
class signal_thread {
 public:
  /// Blocks the signals; to be made before other threads.
  explicit signal_thread(std::function<void()> f);
  ~signal_thread();

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace twinlane::app::detail
