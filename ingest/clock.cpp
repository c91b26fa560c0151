#include <twinlane/ingest/clock.hpp>

#include <condition_variable>
#include <mutex>

namespace twinlane::ingest {
namespace {

class machine_clock final : public clock {
 public:
  std::chrono::steady_clock::time_point now() const override { return std::chrono::steady_clock::now(); }

  std::int64_t wall_ms() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }

  void wait_until(std::chrono::steady_clock::time_point t, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_until(lock, stop, t, [] { return false; });
  }
};

}  // namespace

clock& system_clock() noexcept {
  static machine_clock clock;
  return clock;
}

}  // namespace twinlane::ingest
