#include <chrono>

#include <twinlane/runtime/store.hpp>

namespace twinlane {

store_opened memory_store::open() {
  using namespace std::chrono;
  const auto ms = static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
  return {ms, ms};
}

}  // namespace twinlane
