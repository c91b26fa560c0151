#include <chrono>

#include <twinlane/runtime/store.hpp>

namespace twinlane {

std::uint64_t memory_store::open() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

void memory_store::commit(std::uint32_t, std::span<const agent_delta>, std::unique_ptr<commit_waiter> waiter) {
  waiter->durable();
}

}  // namespace twinlane
