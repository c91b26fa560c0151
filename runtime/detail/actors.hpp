#pragma once

#include <chrono>
#include <memory>

#include <twinlane/runtime/shard.hpp>

namespace caf {
class actor_system;
}

namespace twinlane::detail {

/// The actor system that runs the shards: each shard is one actor, woken by one message however much has arrived.
///
/// Threads  host() and the runners' wake() from any thread; stop() once, after the last wake()
class actors {
 public:
  /// workers 0: one a core. Of a host's own system these actors are hidden: it does not wait for them to end.
  explicit actors(unsigned workers, caf::actor_system* host = nullptr);
  ~actors();
  actors(const actors&) = delete;
  actors& operator=(const actors&) = delete;

  /// The shard must live until stop() has returned.
  std::unique_ptr<shard_runner> host(shard& s);
  /// Ends all actors; false when some did not end in time. No shard runs afterwards: one that runs is waited for,
  /// without a bound, for it must not outlive its agents.
  bool stop(std::chrono::milliseconds deadline);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane::detail
