#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <twinlane/runtime/detail/row_table.hpp>
#include <twinlane/runtime/detail/sqlite_handle.hpp>

namespace twinlane::detail {

/// Brings the rows of a table that no longer changes into `entry`, some owners a transaction, in order.
///
/// Threads  the writer's
/// Errors   step() throws sqlite_error; nothing of that step is in the file then, and it can be tried again
class sqlite_fold {
 public:
  sqlite_fold(sqlite_handle& db, std::shared_ptr<const row_table> rows);

  /// One transaction of about `budget`. False when there was nothing left to do.
  bool step(std::chrono::microseconds budget);
  /// From 0 to 1.
  double part_done() const noexcept;
  bool done() const noexcept { return at_ == owners_.size(); }

 private:
  void write(const store_row& row);

  sqlite_handle& db_;
  std::shared_ptr<const row_table> rows_;
  std::vector<const row_table::owner*> owners_;
  std::size_t at_ = 0;                         // owner
  std::vector<const row_table::row*> sorted_;  // rows of that owner, as far as they are needed
  std::size_t at_row_ = 0;
  sqlite_statement put_, remove_;
};

}  // namespace twinlane::detail
