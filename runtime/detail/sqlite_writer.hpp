#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <twinlane/runtime/detail/pending_rows.hpp>
#include <twinlane/runtime/detail/sqlite_base.hpp>
#include <twinlane/runtime/detail/sqlite_checkpoint.hpp>
#include <twinlane/runtime/detail/sqlite_file.hpp>
#include <twinlane/runtime/detail/sqlite_fold.hpp>
#include <twinlane/runtime/sqlite_store.hpp>

namespace twinlane::detail {

/// The one thread that writes the file: cuts into the log as they come, and between them the fold of older rows into
/// the base, the removal of what of the log is folded, and the copying of SQLite's own log.
///
/// Threads  begin() and end() from one; the rest from any
/// Errors   what cannot be written is tried again every second; trouble() says what SQLite said
class sqlite_writer {
 public:
  /// What one transaction wrote into the log, in one row or more.
  struct redo_row {
    std::int64_t seq;  // the last one's
    std::size_t bytes;
  };
  /// did_commit: told of each cut how long it took to become durable; may be empty.
  sqlite_writer(const sqlite_store_options& o, sqlite_file& file, sqlite_base& base, pending_rows& rows,
                std::deque<redo_row> redo, std::function<void(double)> did_commit);

  void begin();
  /// Writes and folds what is left, and returns whether that worked.
  bool end();
  std::optional<std::string> trouble() const;
  std::uint64_t errors() const noexcept { return errors_.load(std::memory_order_relaxed); }
  std::uint64_t folds() const noexcept { return folds_.load(std::memory_order_relaxed); }
  void note_damage(std::string what);

 private:
  void run();
  bool turn();
  bool may_write(double owed) const;
  void write_cuts();
  std::int64_t insert(std::string_view body);
  void tell(std::size_t cuts);
  void begin_fold();
  void fold_step();
  void did_damage(const std::string& what);
  void trim_redo();
  void check_point();
  void write_note();
  void try_note() noexcept;
  bool busy() const noexcept { return fold_ || next_ || !held_.empty() || trim_to_ > 0; }
  double owed() const;
  void failed(const std::exception& e);

  const sqlite_store_options options_;
  sqlite_file& file_;
  sqlite_base& base_;
  sqlite_handle& db_;
  pending_rows& rows_;
  const std::function<void(double)> did_commit_;
  std::deque<redo_row> redo_;
  sqlite_statement insert_, trim_;
  std::deque<queued_cut> held_;            // taken, not written yet
  std::shared_ptr<const row_table> next_;  // to be folded when those are
  std::optional<sqlite_fold> fold_;
  std::int64_t fold_to_ = 0, trim_to_ = 0;  // redo rows up to these are folded with it, are folded
  std::size_t redo_bytes_ = 0;              // logged since the last fold began
  std::string body_;
  int log_pages_ = 0;
  std::size_t page_bytes_ = 4096;
  sqlite_checkpoint checkpoint_;
  bool copying_ = false;
  durability synced_ = durability::now;
  pending_rows::clock::time_point generation_began_;
  bool ended_well_ = false;

  mutable std::mutex mutex_;
  std::optional<std::string> trouble_, damage_;
  std::atomic<std::uint64_t> errors_{0}, folds_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace twinlane::detail
