#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <twinlane/runtime/errors.hpp>

namespace twinlane {

/// One partition of one source: what ingest hands over and how far the shards have got.
///
/// Threads  any; counters are atomic, the low mark is under a mutex held for a few instructions
/// Cost     one lock per batch handed over and per shard batch finished
/// Source   the low-mark and watermark rules in docs/architecture.md
class source_partition {
 public:
  source_partition(std::string source, std::string topic, std::int32_t partition);

  const std::string& source() const noexcept { return source_; }
  const std::string& topic() const noexcept { return topic_; }
  std::int32_t partition() const noexcept { return partition_; }

  /// Records and bytes handed over and not yet durable. Ingest pauses the partition over its high mark.
  std::int64_t in_flight_records() const noexcept { return in_flight_records_.load(std::memory_order_relaxed); }
  std::int64_t in_flight_bytes() const noexcept { return in_flight_bytes_.load(std::memory_order_relaxed); }

  /// Below it every record is durable in its shard or in the dead letters, since an earlier run or this one; -1 before
  /// the first.
  std::int64_t low_mark() const noexcept {
    return std::max(low_mark_.load(std::memory_order_acquire), stored_low_mark.value_or(-1));
  }
  /// The offset after the last record handed over; -1 before the first.
  std::int64_t posted_mark() const noexcept { return posted_mark_.load(std::memory_order_relaxed); }
  /// Where reading restarts, if the store knows this partition.
  std::optional<std::int64_t> stored_low_mark;
  /// What the source's offsets count from, as it wrote down in this run or an earlier one: a file's head, a start.
  std::optional<std::int64_t> origin;
  /// Sets `origin`, and keeps it before anything that is posted from now on. Called by the source's thread alone.
  void keep_origin(std::int64_t what);
  /// Whoever keeps it, set before the first call; or empty.
  std::function<void(std::int64_t)> did_choose_origin;
  /// Above all offsets of earlier runs: where a source begins that numbers its records as they come.
  std::int64_t fresh_offset = 0;

  /// Told on a shard's thread of each record that a shard buried; set before the first record, or empty.
  std::function<void(std::int64_t offset, dead_reason reason, const std::string& detail)> did_reject;
  /// Told when the low mark moved, on the thread that moved it; set before the first record, or empty. Two threads may
  /// tell out of order: take the greatest.
  std::function<void(std::int64_t low_mark)> did_advance;

  // Set by ingest, read by `GET /api/sources`.
  std::atomic<std::int64_t> log_end{-1};  // the next offset that the source will write, -1 unknown
  std::atomic<bool> paused{false};
  std::atomic<bool> assigned{false};

  // Counted by whoever decides the record's fate.
  std::atomic<std::uint64_t> applied{0};
  std::atomic<std::uint64_t> duplicates{0};
  std::atomic<std::uint64_t> dead{0};

  /// What one call of port::post handed over. Each shard batch holds a reference; when the last one is dropped,
  /// the records are durable and the low mark may move.
  class window {
   public:
    window(std::shared_ptr<source_partition> owner, std::int64_t next_offset, std::int64_t records, std::int64_t bytes);
    ~window();
    window(const window&) = delete;
    window& operator=(const window&) = delete;
    source_partition& owner() const noexcept { return *owner_; }

   private:
    friend class source_partition;
    std::shared_ptr<source_partition> owner_;
    std::int64_t records_, bytes_;
    std::uint64_t number_;
  };

  /// The low mark stays from now on: what is dropped when the runtime ends has not been applied.
  void freeze();

  /// Opens a window that ends before next_offset. Windows of a partition are opened in offset order by one thread.
  static std::shared_ptr<window> open_window(const std::shared_ptr<source_partition>& p, std::int64_t next_offset,
                                             std::int64_t records, std::int64_t bytes);

 private:
  struct slot {
    std::int64_t next_offset;
    bool done;
  };

  const std::string source_, topic_;
  const std::int32_t partition_;
  std::atomic<std::int64_t> in_flight_records_{0}, in_flight_bytes_{0}, low_mark_{-1}, posted_mark_{-1};
  std::mutex mutex_;
  std::deque<slot> windows_;
  std::uint64_t first_number_ = 0;
  bool frozen_ = false;
};

}  // namespace twinlane
