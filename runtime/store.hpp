#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/runtime/row_batch.hpp>

namespace twinlane {

/// What one turn changed, for a store that wants diffs. Views hold during store::commit only.
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

/// soon: after a crash a tail of the commits may be missing, as one. now: synced to disk before the waiter hears of it.
enum class durability : std::uint8_t { soon, now };

/// A cut of a shard: one unit, of which everything is kept or nothing.
struct store_cut {
  std::span<const agent_delta> deltas;  // when the store wants them
  row_batch rows;                       // when it keeps them
  durability sync = durability::soon;
};

struct store_opened {
  std::uint64_t epoch = 0;  // greater than at any earlier start after which state may have been lost
  std::uint64_t opens = 0;  // greater at each open
};

/// Keeps rows, (owner, lane, key) → value. Everything durable is rows: an agent's entries and header under its URI, what
/// belongs to a shard under `#` and its name, the low marks of source partitions under `#marks`.
///
/// Threads  any; cuts are kept in the order of commit(), those of all shards in one line
/// Errors   open() throws std::runtime_error. A store that cannot write keeps the cuts and tries again; see trouble()
class store {
 public:
  virtual ~store() = default;
  virtual store_opened open() = 0;
  /// Does commit() read the deltas? Without, shards make diffs for subscribers alone.
  virtual bool wants_deltas() const noexcept { return false; }
  /// Does it keep rows, so that agents can leave memory and come back?
  virtual bool keeps_rows() const noexcept = 0;
  /// Takes over a cut, and calls the waiter when it is durable. Never waits for the disk.
  virtual void commit(store_cut cut, std::unique_ptr<commit_waiter> waiter) = 0;
  /// All rows of an owner in order of lane and key: whatever was committed before the call, durable or not.
  virtual void read(std::string_view owner, const std::function<void(const store_row&)>& f) = 0;
  /// Owners that begin with the prefix and come after `after`, in order, at most `limit`.
  virtual std::vector<std::string> owners(std::string_view prefix, std::string_view after, std::size_t limit) = 0;
  /// Why nothing can be written at present (a full disk), or nothing.
  virtual std::optional<std::string> trouble() const { return std::nullopt; }
  /// Writes all that was committed, and marks the end as a clean one; false when it cannot.
  virtual bool close() { return true; }
};

/// Nothing outlives the process: a commit is durable at once, and every start begins a new lineage.
class memory_store : public store {
 public:
  store_opened open() override;
  bool keeps_rows() const noexcept override { return false; }
  void commit(store_cut, std::unique_ptr<commit_waiter> waiter) override { waiter->durable(); }
  void read(std::string_view, const std::function<void(const store_row&)>&) override {}
  std::vector<std::string> owners(std::string_view, std::string_view, std::size_t) override { return {}; }
};

}  // namespace twinlane
