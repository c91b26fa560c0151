#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <twinlane/runtime/detail/row_table.hpp>
#include <twinlane/runtime/store.hpp>

namespace twinlane::detail {

struct queued_cut {
  row_batch rows;
  durability when = durability::soon;
  std::unique_ptr<commit_waiter> waiter;
  std::chrono::steady_clock::time_point committed;
};

/// What was committed and is not in the base yet: cuts that wait for the log, and the newest row of each place in two
/// generations, of which the older no longer changes and is being folded into the base.
///
/// Threads  any; the part for the writer is for one thread
class pending_rows {
 public:
  using clock = std::chrono::steady_clock;
  struct limits {
    std::size_t flush_bytes = 256 * 1024;  // so much is written without waiting for more
    std::chrono::microseconds linger{2'000};
  };
  explicit pending_rows(limits l) : limits_(l) {}

  /// Queue and table take a cut in the same order. Dropped, with its waiter, after stop().
  void commit(queued_cut cut);
  /// Puts back what the log still held.
  void recover(const store_row& row) { current_->put(row); }

  /// The rows of an owner, and the generation they are of: once a base was read and the generation is still the same,
  /// the base holds nothing newer than `newer`.
  struct snapshot {
    row_batch newer;
    std::shared_ptr<const row_table> older;
    std::uint64_t generation = 0;
  };
  snapshot rows_of(std::string_view owner) const;
  std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }
  /// Of cuts that wait or are being written.
  std::size_t not_durable_bytes() const noexcept { return not_durable_bytes_.load(std::memory_order_relaxed); }

  struct owner_found {
    std::string name;
    bool sure;  // has rows, whatever the base says
  };
  /// Owners here that begin with `prefix` and come after `after`, in order, at most `limit`. Cuts wait for none of the
  /// search.
  std::vector<owner_found> owners(std::string_view prefix, std::string_view after, std::size_t limit) const;

  // ---- for the writer ----
  enum class wake : std::uint8_t { cuts, idle, stop };
  /// Until there are cuts to write, or the deadline. stop: and nothing is left to write.
  wake wait(clock::time_point until);
  /// These cuts, which were taken, are durable.
  void did_write(std::size_t bytes) noexcept { not_durable_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  /// Sleeps, unless stopped.
  void pause(std::chrono::milliseconds time);
  std::deque<queued_cut> take();
  /// Takes all cuts and begins a generation; `older` is what they and all before them wrote.
  std::deque<queued_cut> swap(std::shared_ptr<const row_table>& older);
  void folded();
  bool now_waiting() const noexcept { return now_waiting_.load(std::memory_order_relaxed); }
  std::size_t unfolded_bytes() const;
  std::size_t unfolded_rows() const;
  void stop();
  void wake_writer();
  /// Destroys waiters that will not hear more.
  void drop_queue();

 private:
  bool ready(clock::time_point at) const;
  std::size_t unfolded_owners() const;

  const limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<queued_cut> queue_;
  std::size_t queued_bytes_ = 0;
  clock::time_point first_queued_;
  std::shared_ptr<row_table> current_ = std::make_shared<row_table>();
  std::shared_ptr<const row_table> older_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::size_t> not_durable_bytes_{0};
  std::atomic<bool> now_waiting_{false};
  bool writer_waits_ = false, stopping_ = false, woken_ = false;
};

}  // namespace twinlane::detail
