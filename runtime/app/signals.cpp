#include <twinlane/runtime/app/detail/signals.hpp>

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace twinlane::app::detail {

namespace {

sigset_t stop_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void block_stop_signals() {
  const auto set = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

std::optional<int> wait_for_stop_signal(std::chrono::milliseconds at_most) {
  const auto set = stop_signals();
  const auto end = std::chrono::steady_clock::now() + at_most;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(end - std::chrono::steady_clock::now());
    if (left.count() < 0) return std::nullopt;
    const timespec t{static_cast<std::time_t>(left.count() / 1'000'000'000),
                     static_cast<long>(left.count() % 1'000'000'000)};
    if (const int got = ::sigtimedwait(&set, nullptr, &t); got > 0) return got;
    if (errno != EINTR) return std::nullopt;
  }
}

signal_thread::signal_thread(std::function<void()> f) {
  block_stop_signals();
  thread_ = std::thread([this, f = std::move(f)] {
    for (int seen = 0; !done_.load();) {
      if (!wait_for_stop_signal(std::chrono::milliseconds{100})) continue;
      if (++seen > 1) ::_exit(1);
      f();
    }
  });
}

signal_thread::~signal_thread() {
  done_ = true;
  thread_.join();
}

}  // namespace twinlane::app::detail
