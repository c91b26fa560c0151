#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace twinlane {

/// One thing that an agent sends out of the process.
struct sink_item {
  std::string id;        // the same at every repeat, and of no other item
  std::string uri;       // of the agent that sent it
  std::string key;       // as the agent gave it; empty: none
  std::string value;     // JSON text
  std::int64_t at_ms{};  // when its turn ran, milliseconds since the epoch
};

/// What waits for one sink in memory, between the shards that fill it and the thread that empties it. What finds no
/// room waits in the store, and is offered again when there is some.
///
/// Order    items of one agent are taken in the order in which it sent them
/// Units    bounded in items and in bytes; one item always fits an empty queue
/// Threads  any
/// Errors   an item whose `arrived` is never called is offered again after a restart, under the same id
class sink_queue {
 public:
  struct limits {
    std::size_t items_max = 10'000;
    std::size_t bytes_max = 16 * 1024 * 1024;
    std::int64_t stored_max = 1'000'000;  // items in the store that have not arrived; more are dead letters
  };
  struct entry {
    sink_item item;
    std::function<void()> arrived;  // to be called once, on any thread, when the item is where it should be for good
  };

  explicit sink_queue(std::string name) : sink_queue(std::move(name), limits()) {}
  sink_queue(std::string name, limits l);

  const std::string& name() const noexcept { return name_; }

  // For shards.
  /// False, and the entry is as it was, when there is no room: `did_drain` is called then, once there is.
  bool offer(entry& e);
  /// Called on the sink's thread, without a lock, when the queue has fallen under half after refusing something. Set
  /// before the first offer.
  std::function<void()> did_drain;
  /// Will did_drain be called?
  bool refuses() const;
  /// Items that agents have sent and that have not arrived, in memory or not.
  std::atomic<std::int64_t> stored{0};
  bool is_over_bound() const noexcept { return stored.load(std::memory_order_relaxed) >= limits_.stored_max; }

  // For the sink.
  /// At most `max` entries in order; waits until there is one, the time is over, or the queue is closed.
  std::vector<entry> take(std::size_t max, std::chrono::milliseconds wait);
  /// Called, without a lock, on a shard's thread when the queue is no longer empty: for sinks that wait on something
  /// else than take(). Set before the first offer.
  std::function<void()> did_fill;
  /// Nothing is taken over any more, and take() no longer waits; what is in it stays for the next start.
  void close();
  bool closed() const;

  std::size_t waiting_items() const;
  std::size_t waiting_bytes() const;

 private:
  const std::string name_;
  const limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<entry> entries_;
  std::size_t bytes_ = 0;
  bool refused_ = false, closed_ = false;
};

}  // namespace twinlane
