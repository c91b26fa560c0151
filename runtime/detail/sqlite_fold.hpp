#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <twinlane/runtime/detail/row_table.hpp>
#include <twinlane/runtime/detail/sqlite_base.hpp>
#include <twinlane/runtime/detail/sqlite_chunks.hpp>
#include <twinlane/runtime/detail/sqlite_handle.hpp>

namespace twinlane::detail {

/// Brings the rows of a table that no longer changes into the file's chunks, some a transaction, owner by owner.
///
/// Threads  the writer's
/// Errors   sqlite_error; nothing of that step is in the file then, and it can be tried again. Where an owner's chunks
///          are damaged, its rows are set aside in the file, and the others go on
class sqlite_fold {
 public:
  /// number: tells it from other folds.
  sqlite_fold(sqlite_handle& db, sqlite_base& base, std::shared_ptr<const row_table> rows, std::int64_t number);

  /// Owners are put in order on a thread of their own, so that cuts do not wait for that. False: not yet.
  bool prepare(bool wait);
  /// One transaction of about `budget`, once prepared. False when there was nothing left to do.
  bool step(std::chrono::microseconds budget);
  /// From 0 to 1.
  double part_done() const noexcept;
  bool prepared() const noexcept { return !sorting_.valid(); }
  bool done() const noexcept { return prepared() && at_ == owners_.size(); }
  /// What was found since the last call.
  std::vector<std::string> take_damages() { return std::exchange(damages_, {}); }

 private:
  std::size_t merge(const row_table::owner& owner, const std::vector<const row_table::row*>& sorted, std::size_t count);
  void set_aside(const row_table::owner& owner, const std::vector<const row_table::row*>& sorted, std::size_t count);

  sqlite_handle& db_;
  sqlite_base& base_;
  const std::int64_t number_;
  std::shared_ptr<const row_table> rows_;
  std::future<std::vector<const row_table::owner*>> sorting_;
  std::vector<const row_table::owner*> owners_;
  std::size_t at_ = 0;                         // owner
  std::vector<const row_table::row*> sorted_;  // of that owner
  std::size_t left_ = 0;                       // of these
  chunk_writer chunks_;
  std::size_t set_aside_ = 0;
  std::vector<std::string> damages_;
};

}  // namespace twinlane::detail
