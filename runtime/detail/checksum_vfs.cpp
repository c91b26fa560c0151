#include <twinlane/runtime/detail/checksum_vfs.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string_view>
#include <vector>

#include <sqlite3.h>

namespace twinlane::detail {

namespace {

constexpr int checksum_size = 8;
constexpr int header_size = 100;  // of the file, at the beginning of page 1
constexpr int page_size_at = 16, reserved_at = 20;

/// SQLite's file object: ours first, the real one behind it.
struct checked_file {
  sqlite3_file base;
  sqlite3_file* real;
  int page_size;  // 0: not known yet; -1: the file has no checksums
};

checked_file& of(sqlite3_file* f) { return *reinterpret_cast<checked_file*>(f); }
sqlite3_file* real(sqlite3_file* f) { return of(f).real; }

std::uint64_t word_at(const char* at) noexcept {
  std::uint64_t w = 0;
  std::memcpy(&w, at, sizeof w);
  if constexpr (std::endian::native == std::endian::big) w = __builtin_bswap64(w);
  return w;
}

// Each step maps the sums onto others one to one, so that one changed word always shows. Four columns, for speed.
std::uint64_t checksum_of(const char* page, int size, std::int64_t number) noexcept {
  constexpr int columns = 4, step = columns * 8;
  std::uint64_t a[columns]{}, b[columns]{};
  const auto add = [&](const char* at, int i) {
    a[i] += word_at(at + 8 * i) + b[i];
    b[i] += a[i];
  };
  const auto* at = page;
  for (const auto* end = page + size - step; at != end; at += step)
    for (int i = 0; i < columns; ++i) add(at, i);
  for (int i = 0; i < columns - 1; ++i) add(at, i);  // behind them lies the checksum
  auto sum = static_cast<std::uint64_t>(number);
  for (int i = 0; i < columns; ++i)
    for (const auto part : {a[i], b[i]}) sum = (sum ^ part ^ sum >> 29) * 0x9E3779B97F4A7C15ull;
  return sum;
}

std::uint64_t stored_checksum(const char* page, int size) noexcept { return word_at(page + size - checksum_size); }

void store_checksum(char* page, int size, std::uint64_t sum) noexcept {
  for (int i = 0; i < checksum_size; ++i) page[size - checksum_size + i] = static_cast<char>(sum >> (8 * i));
}

void learn(checked_file& f, const char* header) noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(header);
  const int size = bytes[page_size_at] << 8 | bytes[page_size_at + 1];
  f.page_size = bytes[reserved_at] == checksum_size ? (size == 1 ? 65536 : size) : -1;
}

bool is_page(sqlite3_file* f, int n, sqlite3_int64 at) {
  auto& file = of(f);
  char header[header_size];
  if (file.page_size == 0 && n >= 512 && real(f)->pMethods->xRead(real(f), header, header_size, 0) == SQLITE_OK)
    learn(file, header);
  return n == file.page_size && at % n == 0;
}

int read_file(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  const int code = real(f)->pMethods->xRead(real(f), to, n, at);
  if (code != SQLITE_OK || !is_page(f, n, at)) return code;
  const auto* page = static_cast<const char*>(to);
  if (stored_checksum(page, n) == checksum_of(page, n, at / n)) return SQLITE_OK;
  // A page that was never written, in a file that has grown past it.
  return std::all_of(page, page + n, [](char c) { return c == 0; }) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

int write_file(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  if (at == 0 && n >= header_size) learn(of(f), static_cast<const char*>(from));
  if (!is_page(f, n, at)) return real(f)->pMethods->xWrite(real(f), from, n, at);
  thread_local std::vector<char> page;
  page.resize(static_cast<std::size_t>(n));
  std::memcpy(page.data(), from, page.size());
  store_checksum(page.data(), n, checksum_of(page.data(), n, at / n));
  return real(f)->pMethods->xWrite(real(f), page.data(), n, at);
}

int close_file(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
int truncate_file(sqlite3_file* f, sqlite3_int64 size) { return real(f)->pMethods->xTruncate(real(f), size); }
int sync_file(sqlite3_file* f, int flags) { return real(f)->pMethods->xSync(real(f), flags); }
int size_of_file(sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); }
int lock_file(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
int unlock_file(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
int check_lock(sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); }
int control(sqlite3_file* f, int op, void* arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); }
int sector_size(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int characteristics(sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
int shm_map(sqlite3_file* f, int part, int size, int extend, volatile void** to) {
  return real(f)->pMethods->xShmMap(real(f), part, size, extend, to);
}
int shm_lock(sqlite3_file* f, int at, int n, int flags) { return real(f)->pMethods->xShmLock(real(f), at, n, flags); }
void shm_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
int shm_unmap(sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); }

// Version 2: without mapped reads, which would pass by.
constexpr sqlite3_io_methods methods{2,           close_file,   read_file,       write_file,  truncate_file,
                                     sync_file,   size_of_file, lock_file,       unlock_file, check_lock,
                                     control,     sector_size,  characteristics, shm_map,     shm_lock,
                                     shm_barrier, shm_unmap,    nullptr,         nullptr};

struct layer {
  std::string name;
  sqlite3_vfs vfs;
  sqlite3_vfs* below;
};

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* f, int flags, int* out) {
  auto* const below = static_cast<layer*>(vfs->pAppData)->below;
  if (!(flags & SQLITE_OPEN_MAIN_DB)) return below->xOpen(below, path, f, flags, out);
  auto* const made = new (f) checked_file{{nullptr}, nullptr, 0};
  made->real = reinterpret_cast<sqlite3_file*>(made + 1);
  const int code = below->xOpen(below, path, made->real, flags, out);
  if (made->real->pMethods) made->base.pMethods = &methods;
  return code;
}

template <auto Member, class... Args>
auto pass_on(sqlite3_vfs* vfs, Args... args) {
  auto* const below = static_cast<layer*>(vfs->pAppData)->below;
  return (below->*Member)(below, args...);
}

}  // namespace

std::string checksummed(const std::string& below) {
  static std::mutex mutex;
  static auto* const layers = new std::map<std::string, std::unique_ptr<layer>>;  // SQLite keeps them to the end
  std::lock_guard lock(mutex);
  auto& made = (*layers)[below];
  if (made) return made->name;
  auto* const real_vfs = ::sqlite3_vfs_find(below.empty() ? nullptr : below.c_str());
  if (!real_vfs) return below;  // opening says what is wrong
  made = std::make_unique<layer>(layer{"checksummed " + below, *real_vfs, real_vfs});
  auto& v = made->vfs;
  v.zName = made->name.c_str();
  v.szOsFile = static_cast<int>(sizeof(checked_file)) + real_vfs->szOsFile;
  v.pNext = nullptr;
  v.pAppData = made.get();
  v.xOpen = open_file;
  v.xDelete = [](sqlite3_vfs* f, const char* path, int sync) { return pass_on<&sqlite3_vfs::xDelete>(f, path, sync); };
  v.xAccess = [](sqlite3_vfs* f, const char* path, int flags, int* out) {
    return pass_on<&sqlite3_vfs::xAccess>(f, path, flags, out);
  };
  v.xFullPathname = [](sqlite3_vfs* f, const char* path, int n, char* out) {
    return pass_on<&sqlite3_vfs::xFullPathname>(f, path, n, out);
  };
  v.xRandomness = [](sqlite3_vfs* f, int n, char* out) { return pass_on<&sqlite3_vfs::xRandomness>(f, n, out); };
  v.xSleep = [](sqlite3_vfs* f, int us) { return pass_on<&sqlite3_vfs::xSleep>(f, us); };
  v.xGetLastError = [](sqlite3_vfs* f, int n, char* out) { return pass_on<&sqlite3_vfs::xGetLastError>(f, n, out); };
  v.xCurrentTime = [](sqlite3_vfs* f, double* out) { return pass_on<&sqlite3_vfs::xCurrentTime>(f, out); };
  v.xCurrentTimeInt64 = [](sqlite3_vfs* f, sqlite3_int64* out) {
    return pass_on<&sqlite3_vfs::xCurrentTimeInt64>(f, out);
  };
  ::sqlite3_vfs_register(&v, 0);
  return made->name;
}

void reserve_checksums(sqlite_handle& db) {
  int bytes = checksum_size;
  ::sqlite3_file_control(db.get(), "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
}

}  // namespace twinlane::detail
