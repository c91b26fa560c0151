#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <twinlane/runtime/detail/sqlite_handle.hpp>
#include <twinlane/runtime/store.hpp>

namespace twinlane::detail {

/// The newest layout that this program knows. Older ones are brought forward at open, newer ones refused.
inline constexpr std::int64_t schema_version = 1;

/// Found in the file what no store has written there.
class file_damage : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Held by the one process, and the one store in it, that may open the file.
class file_lock {
 public:
  /// Throws std::runtime_error when another holds it.
  explicit file_lock(const std::string& file);
  ~file_lock();
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;

 private:
  int fd_ = -1;
};

/// The database file of a store: who may open it, what must be in it, and what happens when it is damaged.
///
/// Shape    chunk(owner, lane, key, rows): the rows in order, some of an owner together (sqlite_chunks.hpp); redo(seq,
/// body):
///          batches, one after the other, of which some may not be in chunks yet; meta: epoch, clean, damaged, and
///          rows that were set aside, as their owner's chunks are damaged
/// Errors   std::runtime_error with a sentence. A damaged file is renamed to `NAME.damaged-N` first
class sqlite_file {
 public:
  struct options {
    std::string file, vfs;
    std::size_t check_bytes_max = 0;  // files up to this size are read as a whole at open
  };
  /// Given each redo row (seq, body); true when nothing of it goes on in the next one. May throw file_damage.
  using recovery = std::function<bool(std::int64_t, std::string_view)>;
  sqlite_file(const options& o, const recovery& recover);

  const std::string& name() const noexcept { return options_.file; }
  store_opened opened() const noexcept { return opened_; }
  sqlite_handle& writer() noexcept { return writer_; }
  sqlite_handle connect_reader() const;
  /// The next open reads the whole file, and sets it aside if this is so.
  void note_damage(std::string_view what);
  void mark_clean();

 private:
  void open(const recovery& recover);
  void check_contents();
  void migrate();
  void bring_back();
  void begin_epoch();
  std::string set_aside();

  options options_;
  file_lock lock_;
  sqlite_handle writer_;
  store_opened opened_;
};

/// Throws std::runtime_error when the database is another program's, or has a newer layout.
void require_ours(sqlite_handle& db, const std::string& file);

/// Reads all of the database. Throws file_damage, or sqlite_error, when it is not what was written.
void check_all(sqlite_handle& db);

/// Keeps a batch of an owner that cannot be folded. Where the next open finds the file good all the same, it is in the
/// log again.
void keep_aside(sqlite_handle& db, std::int64_t fold, std::string_view owner, std::string_view rows);

/// Sets how often the connection syncs: now, with each transaction; soon, when the log is copied into the file.
void set_durability(sqlite_handle& db, durability d);

}  // namespace twinlane::detail
