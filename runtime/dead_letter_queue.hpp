#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <twinlane/runtime/port.hpp>

namespace twinlane {

class metrics;

/// Dead letters of one batch or cut, each with the window that it holds open until it is on disk; a null window where
/// no source sent the record.
struct dead_letter_batch {
  std::vector<dead_letter> letters;
  std::vector<std::shared_ptr<source_partition::window>> windows;
  bool refused_by_shard = false;  // then the source is told of each, which it cannot know yet

  void add(dead_letter d, std::shared_ptr<source_partition::window> w) {
    letters.push_back(std::move(d));
    windows.push_back(std::move(w));
  }
  void resize(std::size_t n) {
    letters.resize(n);
    windows.resize(n);
  }
  bool empty() const noexcept { return letters.empty(); }
};

/// Where dead letters wait until they are written and synced. While the place refuses them, as a full disk does, their
/// windows stay open: no low mark passes them, and their sources pause at the bound of records in flight.
///
/// Threads  any
/// Cost     add() writes in the caller's thread
class dead_letter_queue {
 public:
  /// Answers whether all letters are written and synced. Empty: they are counted and logged only.
  using writer = std::function<bool(std::span<const dead_letter>)>;

  dead_letter_queue(writer write, std::shared_ptr<metrics> figures);

  void add(dead_letter_batch b);
  /// Tries those again that could not be written.
  void retry();
  std::size_t waiting() const;

 private:
  bool try_write(dead_letter_batch& b) const;

  writer write_;
  std::shared_ptr<metrics> figures_;
  mutable std::mutex mutex_;
  std::vector<dead_letter_batch> waiting_;
};

}  // namespace twinlane
