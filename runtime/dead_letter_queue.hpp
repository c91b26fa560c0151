#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <twinlane/runtime/parcel.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane {

class metrics;

/// Dead letters of one batch or cut, each with the window that it holds open until it is on disk.
struct dead_letter_batch {
  struct origin {
    std::shared_ptr<source_partition::window> window;  // null where no source's record caused it
    bool own;                                          // it is a record of that window
  };
  std::vector<dead_letter> letters;
  std::vector<origin> origins;
  bool refused_by_shard = false;  // then the source is told of each, which it cannot know yet
  std::shared_ptr<parcel> in;     // arrives once all are on disk; or null

  /// A record of a source.
  void add(dead_letter d, std::shared_ptr<source_partition::window> w) { push(std::move(d), {std::move(w), true}); }
  /// A message between agents, which a record of a source has caused, or none.
  void hold(dead_letter d, std::shared_ptr<source_partition::window> w) { push(std::move(d), {std::move(w), false}); }
  void resize(std::size_t n) {
    letters.resize(n);
    origins.resize(n);
  }
  bool empty() const noexcept { return letters.empty(); }

 private:
  void push(dead_letter d, origin o) {
    letters.push_back(std::move(d));
    origins.push_back(std::move(o));
  }
};

/// Where dead letters wait until they are written and synced. While the place refuses them, as a full disk does, their
/// windows stay open: no low mark passes them, and their sources pause at the bound of records in flight. Those that no
/// source has caused are bounded here: beyond uncaused_max they are dropped and counted.
///
/// Threads  any
/// Cost     add() writes in the caller's thread
class dead_letter_queue {
 public:
  /// Answers whether all letters are written and synced. Empty: they are counted and logged only.
  using writer = std::function<bool(std::span<const dead_letter>)>;

  static constexpr std::size_t uncaused_max = 10'000;

  dead_letter_queue(writer write, std::shared_ptr<metrics> figures);

  void add(dead_letter_batch b);
  /// True, and the batch is empty, when all are on disk; else it is as it was.
  bool try_write(dead_letter_batch& b) const;
  /// Takes those over that cannot be written now.
  void keep(dead_letter_batch b);
  /// Tries those again that could not be written.
  void retry();
  std::size_t waiting() const;

 private:
  writer write_;
  std::shared_ptr<metrics> figures_;
  mutable std::mutex mutex_;
  std::vector<dead_letter_batch> waiting_;
  std::size_t uncaused_ = 0;  // letters waiting that hold no window
};

}  // namespace twinlane
