#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/runtime/row_batch.hpp>

namespace twinlane {

/// Told when a cut is durable: answers commands, lets the low marks move.
class commit_waiter {
 public:
  virtual ~commit_waiter() = default;
  virtual void durable() noexcept = 0;
};

/// When a commit's waiter hears of it. soon: when a crash of the process cannot lose it. now: when a power cut cannot.
enum class durability : std::uint8_t { soon, now };

struct store_opened {
  std::uint64_t epoch = 0;  // rises by one at every open after an unclean end
  std::uint64_t opens = 0;  // rises by one at every open
  bool clean = true;
};

/// What was kept is no longer what was written. Nothing of the owner has been served then.
class store_damage : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Keeps rows: (owner, lane, key) → value. A cut of a shard is one batch and one unit: all of it is kept or nothing.
///
/// Shape    an agent's rows have its URI as owner, a shard's `#17`; whatever survives an end is a prefix of the commits
/// Threads  any, but open() and close(), which are the first and the last call. Commits of one owner come one after the
///          other
/// Errors   a commit that cannot be written is kept and tried again, trouble() says why; it is never dropped
class store {
 public:
  virtual ~store() = default;
  /// Throws std::runtime_error with what is wrong, where, and what to do.
  virtual store_opened open() = 0;
  /// False: rows are dropped and waiters called at once.
  virtual bool keeps_rows() const noexcept = 0;
  /// Takes over what a cut wrote, and calls the waiter when it is durable. Never waits for the disk: what is in flight
  /// is the caller's to bound. The waiter may be null.
  virtual void commit(row_batch rows, durability d, std::unique_ptr<commit_waiter> waiter) = 0;
  /// All rows of an owner in order of (lane, key), durable or not: what was committed before the call is seen, and a
  /// commit is seen whole. Throws store_damage, or std::runtime_error when they cannot be read now.
  virtual void read(std::string_view owner, const std::function<void(const store_row&)>& f) = 0;
  /// Owners that have rows, begin with `prefix` and come after `after`, in order, at most `limit`.
  virtual std::vector<std::string> owners(std::string_view prefix, std::string_view after, std::size_t limit) = 0;
  /// Bytes that were committed and are not durable yet.
  virtual std::size_t queue_bytes() const noexcept { return 0; }
  /// f is told of each commit how many seconds it took to become durable, on the thread that made it so. Before open().
  virtual void observe_commits(const std::function<void(double seconds)>& f) { static_cast<void>(f); }
  /// Why commits cannot be written now (disk full, I/O error), or nothing.
  virtual std::optional<std::string> trouble() const = 0;
  /// True: all that was committed is on disk, and the end is marked clean. False: some could not be written.
  virtual bool close() = 0;
};

/// Nothing outlives the process: a commit is durable at once, and every start begins a new epoch.
class memory_store final : public store {
 public:
  store_opened open() override;
  bool keeps_rows() const noexcept override { return false; }
  void commit(row_batch, durability, std::unique_ptr<commit_waiter> waiter) override {
    if (waiter) waiter->durable();
  }
  void read(std::string_view, const std::function<void(const store_row&)>&) override {}
  std::vector<std::string> owners(std::string_view, std::string_view, std::size_t) override { return {}; }
  std::optional<std::string> trouble() const override { return std::nullopt; }
  bool close() override { return true; }
};

}  // namespace twinlane
