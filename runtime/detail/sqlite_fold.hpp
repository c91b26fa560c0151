#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <twinlane/runtime/detail/row_table.hpp>
#include <twinlane/runtime/detail/sqlite_chunks.hpp>
#include <twinlane/runtime/detail/sqlite_handle.hpp>

namespace twinlane::detail {

/// Brings the rows of a table that no longer changes into the file's chunks, some a transaction, owner by owner.
///
/// Threads  the writer's
/// Errors   as chunk_writer; nothing of that step is in the file then, and it can be tried again
class sqlite_fold {
 public:
  sqlite_fold(sqlite_handle& db, std::shared_ptr<const row_table> rows);

  /// One transaction of about `budget`. False when there was nothing left to do.
  bool step(std::chrono::microseconds budget);
  /// From 0 to 1.
  double part_done() const noexcept;
  bool done() const noexcept { return at_ == owners_.size(); }

 private:
  sqlite_handle& db_;
  std::shared_ptr<const row_table> rows_;
  std::vector<const row_table::owner*> owners_;
  std::size_t at_ = 0;                         // owner
  std::vector<const row_table::row*> sorted_;  // of that owner
  std::size_t left_ = 0;                       // of these
  chunk_writer chunks_;
};

}  // namespace twinlane::detail
