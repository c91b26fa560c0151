#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <thread>

#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <twinlane/runtime/app/detail/program.hpp>
#include <twinlane/runtime/app/detail/signals.hpp>
#include <twinlane/runtime/app/service.hpp>
#include <twinlane/runtime/log.hpp>

namespace twinlane::app {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto stop_deadline = 9s;
constexpr auto stop_end = 9'700ms;  // whatever hangs, the process is gone within 10 s

/// While the server stops: a second signal, or the end of the time, ends the process at once.
class last_resort {
 public:
  last_resort() : thread_([this] { run(); }) {}
  ~last_resort() {
    done_ = true;
    thread_.join();
  }

 private:
  void run() {
    for (const auto end = clock::now() + stop_end; !done_;) {
      const bool again = detail::wait_for_stop_signal(20ms).has_value();
      if (!again && clock::now() < end) continue;
      spdlog::error(again ? "stopped at once by a second signal" : "not stopped within the time, ending at once");
      ::_exit(exit_failed);
    }
  }

  std::atomic<bool> done_{false};
  std::thread thread_;
};

/// True when the server is ready, false when a signal came before.
bool await_ready(const service& s) {
  auto next_line = clock::now() + 10s;
  while (!s.sources_ready()) {
    if (detail::wait_for_stop_signal(10ms)) return false;
    if (clock::now() < next_line) continue;
    next_line += 10s;
    const auto why = s.waiting_for();
    spdlog::info("waiting for sources{}{}", why.empty() ? "" : ": ", why);
  }
  return true;
}

int run(service& s, clock::time_point began) {
  const auto since = [](clock::time_point t) { return std::chrono::duration<double>(clock::now() - t).count(); };
  if (await_ready(s)) {
    s.open();
    fmt::print("ready {}\n", s.url());
    std::fflush(stdout);
    spdlog::info("ready after {:.2f} s: {}", since(began), s.url());
    while (!detail::wait_for_stop_signal(1h)) {}
  }
  const last_resort guard;
  const auto asked = clock::now();
  spdlog::info("stopping");
  if (!s.stop(stop_deadline)) {
    spdlog::error("stopped after {:.2f} s, before everything that had arrived was applied", since(asked));
    return exit_failed;
  }
  spdlog::info("stopped after {:.2f} s", since(asked));
  return exit_fine;
}

}  // namespace

int serve(const program& p, const call& c) {
  const auto began = clock::now();
#ifdef M_MMAP_THRESHOLD
  // One huge body would raise glibc's own thresholds, and the next ones would stay in the heap for good.
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  mallopt(M_TRIM_THRESHOLD, 256 * 1024);
#endif
  const auto settings = load(p, c, stderr);
  if (!settings) return exit_wrong;
  set_up_log(settings->level, settings->format);
  detail::block_stop_signals();
  spdlog::info("{} {}: {} agent types, {} sources, {}", p.name, TWINLANE_VERSION,
               p.types.size() + settings->agents.size(), settings->sources.size(),
               settings->store == config::store_kind::sqlite
                   ? "state in " + (settings->data_dir / "state.db").string()
                   : "memory store (state is built anew from the sources at each start)");
  std::unique_ptr<service> s;
  try {
    s = std::make_unique<service>(p, *settings);
  } catch (const std::exception& e) {
    complain(p, e.what());
    return exit_failed;
  }
  return run(*s, began);
}

int version(const program& p) {
  fmt::print("{} {}\nbuild {}\n{}\n", p.name, TWINLANE_VERSION, TWINLANE_BUILD, TWINLANE_LIBRARIES);
  return exit_fine;
}

}  // namespace twinlane::app
