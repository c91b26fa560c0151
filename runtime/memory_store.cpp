#include <chrono>

#include <twinlane/runtime/store.hpp>

namespace twinlane {

store_opened memory_store::open() {
  using namespace std::chrono;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  return {static_cast<std::uint64_t>(now), static_cast<std::uint64_t>(now), true};
}

}  // namespace twinlane
