#pragma once

namespace twinlane::detail {

/// Does this thread do the work of a shard now: run it, or give its answers? Whoever waits for another shard then holds
/// this one up.
bool on_shard_thread() noexcept;

/// While it lives, this thread does the work of a shard.
class shard_work {
 public:
  shard_work() noexcept;
  ~shard_work();
  shard_work(const shard_work&) = delete;
  shard_work& operator=(const shard_work&) = delete;

 private:
  const bool within_;  // other such work
};

}  // namespace twinlane::detail
