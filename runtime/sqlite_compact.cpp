#include <twinlane/runtime/sqlite_compact.hpp>

#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <sqlite3.h>

#include <twinlane/runtime/detail/sqlite_file.hpp>

namespace twinlane {

namespace {

namespace fs = std::filesystem;

constexpr int steps_a_call = 100'000;  // of SQLite's machine, some milliseconds

std::uintmax_t size_of(const std::string& file) {
  std::uintmax_t bytes = 0;
  for (const char* part : {"", "-wal"}) {
    std::error_code none;
    if (const auto size = fs::file_size(file + part, none); !none) bytes += size;
  }
  return bytes;
}

int call_working(void* working) {
  (*static_cast<const std::function<void()>*>(working))();
  return 0;
}

void vacuum(const sqlite_store_options& o, const std::function<void()>& working) {
  const detail::file_lock lock(o.file);
  try {
    detail::sqlite_handle db(o.file, o.vfs);
    ::sqlite3_progress_handler(db.get(), steps_a_call, call_working, const_cast<std::function<void()>*>(&working));
    detail::set_durability(db, durability::now);
    db.run("VACUUM");
    detail::check_all(db);
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const detail::sqlite_error& e) {
    throw std::runtime_error("Store " + o.file + " cannot be compacted: " + e.what() + ".");
  } catch (const detail::file_damage& e) {
    throw std::runtime_error("Store " + o.file + " is damaged: " + e.what() + ". The next start sets it aside.");
  }
}

}  // namespace

compacted_sizes compact_sqlite_store(const sqlite_store_options& o, const std::function<void()>& working) {
  std::error_code none;
  if (!fs::exists(o.file, none))
    throw std::runtime_error("There is no store " + o.file + ". Name its directory with --data-dir.");
  compacted_sizes sizes{size_of(o.file), 0};
  {
    sqlite_store store(o);
    store.open();
    if (!store.close()) throw std::runtime_error("Store " + o.file + " could not be written. Make room on its disk.");
  }
  vacuum(o, working);
  sizes.bytes_after = size_of(o.file);
  return sizes;
}

}  // namespace twinlane
