#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <twinlane/runtime/store.hpp>

namespace twinlane {

struct sqlite_store_options {
  std::string file;  // made when missing, with its folder
  /// Rows newer than the base are folded into it when they take so much memory; while they are, as much again may come.
  std::size_t fold_bytes = 64 * 1024 * 1024;
  /// … or when so much was logged, which a start after a kill reads back, …
  std::size_t redo_bytes = 128 * 1024 * 1024;
  /// … or when the oldest of them may be so old.
  std::chrono::milliseconds fold_age{30'000};
  std::chrono::microseconds fold_slice{3'000};  // folding goes on for so long before cuts have their turn again
  std::size_t transaction_bytes_max = 4 * 1024 * 1024;
  std::size_t redo_row_bytes_max = 256 * 1024 * 1024;  // more than that goes into several rows of the log
  std::chrono::microseconds linger{2'000};             // events wait so long for others to share a transaction
  std::size_t log_bytes_max = 32 * 1024 * 1024;        // of SQLite's own log, before it is copied into the file
  std::size_t check_bytes_max = 64 * 1024 * 1024;      // files up to this size are checked as a whole at open
  std::string vfs;                                     // SQLite's layer under the file, by name; empty: its default
};

/// Keeps rows in one SQLite file.
///
/// Shape    a commit goes into a table in memory and, many in one transaction, into a log; from time to time the newest
///          row of each place goes from memory into the base, in order, and the log is cut. Reading looks at both. What
///          is left of the log after an unclean end is read back into memory at open
/// Cost     commit: about 0.2 µs a row under one mutex; read: one indexed read of the base
/// Errors   a second opener, a newer layout, a damaged file: open() throws; damaged files are set aside. A damaged row:
///          read() of its owner throws store_damage, newer rows of that owner are kept beside it, and the next open()
///          reads the whole file. Disk full: trouble(), and tried again
class sqlite_store final : public store {
 public:
  explicit sqlite_store(sqlite_store_options options);
  ~sqlite_store() override;

  store_opened open() override;
  bool keeps_rows() const noexcept override { return true; }
  void commit(row_batch rows, durability d, std::unique_ptr<commit_waiter> waiter) override;
  void read(std::string_view owner, const std::function<void(const store_row&)>& f) override;
  std::vector<std::string> owners(std::string_view prefix, std::string_view after, std::size_t limit) override;
  std::size_t queue_bytes() const noexcept override;
  void observe_commits(const std::function<void(double seconds)>& f) override { did_commit_ = f; }
  std::optional<std::string> trouble() const override;
  bool close() override;

  struct counts {
    std::uint64_t errors = 0;  // failed writes and damaged rows
    std::uint64_t folds = 0;
    std::uint64_t unfolded_bytes = 0;  // newest generation
  };
  counts count() const;

 private:
  struct impl;
  const sqlite_store_options options_;
  std::function<void(double)> did_commit_;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane
