#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <twinlane/runtime/row_batch.hpp>

namespace twinlane {

/// What the file of a sqlite_store held at one moment, to be read by tools. It takes no lock: a server may be writing
/// the file, and goes on.
///
/// Shape    whole commits: all that was durable when it was made
/// Cost     the log that is not folded yet is read into memory. Until it goes, SQLite's own log cannot begin anew, so
///          that much writing beside it makes the -wal file grow
/// Threads  one at a time
/// Errors   the constructor and write_to() throw std::runtime_error with what is wrong, where, and what to do
class sqlite_snapshot {
 public:
  explicit sqlite_snapshot(std::string file, const std::string& vfs = {});
  ~sqlite_snapshot();
  sqlite_snapshot(const sqlite_snapshot&) = delete;
  sqlite_snapshot& operator=(const sqlite_snapshot&) = delete;

  struct owner_rows {
    std::string_view owner;
    std::span<const store_row> rows;  // in order of (lane, key), no removals
    bool damaged = false;             // some are not what was written: `rows` is empty
  };
  /// Every owner that begins with `prefix` and has rows, in order. Stops when f answers false.
  void for_each(std::string_view prefix, const std::function<bool(const owner_rows&)>& f);

  /// Told of the part that is done, from 0 to 1; false stops the work.
  using progress = std::function<bool(double)>;
  /// Copies everything into a new file, which a store opens as after an unclean end: its agents begin new lineages, for
  /// the original goes on without it. The copy is checked and synced. False when `p` stopped it; nothing is left then.
  bool write_to(const std::string& file, const progress& p);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane
