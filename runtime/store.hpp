#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace twinlane {

/// What one turn changed, as the store sees it. Views hold during store::commit only.
struct agent_delta {
  std::string_view uri;
  std::uint64_t from = 0, rev = 0;
  std::string_view patch;  // RFC 7396, over the document `{lane: value}`
};

/// Told when a cut is durable: answers commands, lets the low marks move.
class commit_waiter {
 public:
  virtual ~commit_waiter() = default;
  virtual void durable() noexcept = 0;
};

/// Keeps what the shards commit. A cut is one unit: all of it is kept or nothing.
///
/// Threads  commit() from any shard's thread; one shard's cuts in order
/// Errors   a store that cannot take a cut keeps the waiter and tries again; it never drops one
class store {
 public:
  virtual ~store() = default;
  /// Opens it and returns the start counter: greater than at any earlier start after which state may have been lost.
  virtual std::uint64_t open() = 0;
  /// Does commit() read the deltas? Without, shards make diffs for subscribers alone.
  virtual bool wants_deltas() const noexcept = 0;
  /// Takes over a cut of a shard, and calls the waiter when it is durable.
  virtual void commit(std::uint32_t shard, std::span<const agent_delta> deltas,
                      std::unique_ptr<commit_waiter> waiter) = 0;
  /// Forgets an entity.
  virtual void remove(std::uint32_t shard, std::string_view uri) = 0;
};

/// Nothing outlives the process: a commit is durable at once, and every start begins a new lineage.
class memory_store : public store {
 public:
  std::uint64_t open() override;
  bool wants_deltas() const noexcept override { return false; }
  void commit(std::uint32_t shard, std::span<const agent_delta> deltas, std::unique_ptr<commit_waiter> waiter) override;
  void remove(std::uint32_t, std::string_view) override {}
};

}  // namespace twinlane
