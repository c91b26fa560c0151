#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/runtime/detail/sqlite_chunks.hpp>
#include <twinlane/runtime/detail/sqlite_file.hpp>
#include <twinlane/runtime/store.hpp>

namespace twinlane::detail {

/// Reads the rows of the file, as far as they are folded. Each reader at work has a connection of its own.
///
/// Errors   store_damage when a row is not what was written; std::runtime_error when it cannot be read
/// Threads  any
class sqlite_base {
 public:
  explicit sqlite_base(const sqlite_file& file) : file_(file) {}

  /// Appends the rows of an owner in order of (lane, key).
  void read(std::string_view owner, row_batch& to);
  std::vector<std::string> owners(std::string_view prefix, std::string_view after, std::size_t limit);
  /// Its rows could not be folded: from now on they are not served.
  void note_damaged(std::string_view owner);
  bool is_damaged(std::string_view owner) const;
  /// Nobody may read any more.
  void close();

 private:
  struct reader {
    explicit reader(sqlite_handle handle);
    sqlite_handle db;
    sqlite_statement rows, owner_from, owner_after;
  };
  /// With a free connection; one that failed is not used again.
  template <class F>
  void with_reader(F&& f);

  void take(const chunk& c, row_batch& to) const;

  const sqlite_file& file_;
  mutable std::mutex mutex_;
  std::set<std::string, std::less<>> damaged_;
  std::vector<std::unique_ptr<reader>> free_;
};

}  // namespace twinlane::detail
