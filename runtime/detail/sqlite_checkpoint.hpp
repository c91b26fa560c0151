#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include <twinlane/runtime/detail/sqlite_handle.hpp>

namespace twinlane::detail {

/// Copies SQLite's log into the file, on a thread and a connection of its own, so that commits do not wait for it.
///
/// Threads  start(), working(), wait() and copied() from one
/// Errors   copied() throws what the last round met
class sqlite_checkpoint {
 public:
  explicit sqlite_checkpoint(sqlite_handle db);
  ~sqlite_checkpoint();

  void start();
  bool working() const;
  void wait();
  /// How many pages of the log the last round found copied at its end.
  int copied();
  /// One round on the given connection.
  static int copy(sqlite_handle& db);

 private:
  void run();

  sqlite_handle db_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool working_ = false, stopping_ = false;
  int copied_ = 0;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace twinlane::detail
