#pragma once

namespace twinlane::detail {

/// Does this thread run a shard now? Whoever waits for another shard then holds this one up.
bool on_shard_thread() noexcept;

}  // namespace twinlane::detail
