#include "power_cut_vfs.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace twinlane::testing {

namespace {

struct unsynced {
  std::int64_t at;
  std::string before, after;
  std::int64_t size_before;
};

std::mutex the_mutex;
std::map<std::string, std::vector<unsynced>>& journal() {
  static auto* const one = new std::map<std::string, std::vector<unsynced>>;
  return *one;
}

/// SQLite's file object: ours first, the real one behind it.
struct layered {
  sqlite3_file base;
  sqlite3_file* real;
  const char* path;
};

layered& of(sqlite3_file* f) { return *reinterpret_cast<layered*>(f); }
sqlite3_file* real(sqlite3_file* f) { return of(f).real; }

int close_file(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
int read_file(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), to, n, at);
}
int truncate_file(sqlite3_file* f, sqlite3_int64 size) { return real(f)->pMethods->xTruncate(real(f), size); }
// What is written while it syncs counts as not synced.
int sync_file(sqlite3_file* f, int flags) {
  std::unique_lock lock(the_mutex);
  const auto synced = of(f).path ? journal()[of(f).path].size() : 0;
  lock.unlock();
  const int code = real(f)->pMethods->xSync(real(f), flags);
  lock.lock();
  if (synced > 0 && code == SQLITE_OK) {
    auto& writes = journal()[of(f).path];
    writes.erase(writes.begin(), writes.begin() + static_cast<std::ptrdiff_t>(std::min(synced, writes.size())));
  }
  return code;
}
int size_of_file(sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); }
int lock_file(sqlite3_file* f, int l) { return real(f)->pMethods->xLock(real(f), l); }
int unlock_file(sqlite3_file* f, int l) { return real(f)->pMethods->xUnlock(real(f), l); }
int check_lock(sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); }
int control(sqlite3_file* f, int op, void* arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); }
int sector_size(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int characteristics(sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
int shm_map(sqlite3_file* f, int p, int n, int e, volatile void** to) {
  return real(f)->pMethods->xShmMap(real(f), p, n, e, to);
}
int shm_lock(sqlite3_file* f, int o, int n, int flags) { return real(f)->pMethods->xShmLock(real(f), o, n, flags); }
void shm_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
int shm_unmap(sqlite3_file* f, int d) { return real(f)->pMethods->xShmUnmap(real(f), d); }

int write_remembered(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  std::lock_guard lock(the_mutex);
  if (of(f).path) {
    unsynced w{at,
               std::string(static_cast<std::size_t>(n), '\0'),
               {static_cast<const char*>(from), static_cast<std::size_t>(n)},
               0};
    sqlite3_int64 size = 0;
    real(f)->pMethods->xFileSize(real(f), &size);
    w.size_before = size;
    real(f)->pMethods->xRead(real(f), w.before.data(), n, at);
    journal()[of(f).path].push_back(std::move(w));
  }
  return real(f)->pMethods->xWrite(real(f), from, n, at);
}

int write_unless_full(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  sqlite3_int64 size = 0;
  if (full_disk_vfs::full.load()) {
    real(f)->pMethods->xFileSize(real(f), &size);
    if (at + n > size) return SQLITE_FULL;
  }
  return real(f)->pMethods->xWrite(real(f), from, n, at);
}

sqlite3_io_methods methods_with(int (*write)(sqlite3_file*, const void*, int, sqlite3_int64)) {
  return {2,         close_file,  read_file,  write,   truncate_file, sync_file,       size_of_file,
          lock_file, unlock_file, check_lock, control, sector_size,   characteristics, shm_map,
          shm_lock,  shm_barrier, shm_unmap,  nullptr, nullptr};
}

template <class Vfs>
struct layer {
  static inline sqlite3_vfs vfs;
  static inline sqlite3_vfs* below = nullptr;
  static inline sqlite3_io_methods methods;

  static int open(sqlite3_vfs*, const char* path, sqlite3_file* f, int flags, int* out) {
    auto& l = of(f);
    l.base.pMethods = nullptr;
    l.real = reinterpret_cast<sqlite3_file*>(&l + 1);
    l.path = path;
    const int code = below->xOpen(below, path, l.real, flags, out);
    if (l.real->pMethods) l.base.pMethods = &methods;
    return code;
  }
  static int remove(sqlite3_vfs*, const char* path, int sync) {
    std::lock_guard lock(the_mutex);
    journal().erase(path);
    return below->xDelete(below, path, sync);
  }
  static void install(int (*write)(sqlite3_file*, const void*, int, sqlite3_int64)) {
    if (below) return;
    below = ::sqlite3_vfs_find(nullptr);
    methods = methods_with(write);
    vfs = *below;
    vfs.zName = Vfs::name;
    vfs.szOsFile = static_cast<int>(sizeof(layered)) + below->szOsFile;
    vfs.xOpen = open;
    vfs.xDelete = remove;
    ::sqlite3_vfs_register(&vfs, 0);
  }
};

void put_back(const std::string& path, const std::vector<unsynced>& writes, std::mt19937_64& random) {
  const int fd = ::open(path.c_str(), O_RDWR);
  if (fd < 0) return;
  bool good = true;
  for (auto w = writes.rbegin(); w != writes.rend(); ++w) {
    good = ::pwrite(fd, w->before.data(), w->before.size(), w->at) >= 0 && good;
    good = ::ftruncate(fd, w->size_before) == 0 && good;
  }
  // A third of the time none of them had reached the disk, else some.
  if (random() % 3 != 0)
    for (const auto& w : writes)
      if (random() % 2) good = ::pwrite(fd, w.after.data(), w.after.size(), w.at) >= 0 && good;
  ::close(fd);
  if (!good) ::_exit(9);
}

}  // namespace

void power_cut_vfs::install() { layer<power_cut_vfs>::install(write_remembered); }
void full_disk_vfs::install() { layer<full_disk_vfs>::install(write_unless_full); }

void power_cut_vfs::cut(std::uint64_t seed) {
  the_mutex.lock();  // for ever
  std::mt19937_64 random(seed);
  for (const auto& [path, writes] : journal()) put_back(path, writes, random);
}

}  // namespace twinlane::testing
