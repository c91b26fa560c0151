#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/// What all benchmarks measure with.
namespace twinlane::perf {

using clock = std::chrono::steady_clock;

inline double seconds_since(clock::time_point t) { return std::chrono::duration<double>(clock::now() - t).count(); }

/// Of this process, user and system.
inline double cpu_seconds() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

/// Resident memory of this process, bytes.
inline std::uint64_t resident_bytes() {
  std::ifstream f("/proc/self/statm");
  std::uint64_t pages = 0, resident = 0;
  f >> pages >> resident;
  return resident * 4096;
}

inline double resident_mb() { return static_cast<double>(resident_bytes()) / 1e6; }

/// A number that looks random and is the same in every run.
inline std::uint64_t mixed(std::uint64_t n) {
  std::uint64_t x = (n + 1) * 0x9E3779B97F4A7C15ull;
  x ^= x >> 29;
  x *= 0xBF58476D1CE4E5B9ull;
  return x ^ x >> 32;
}

inline void print_times(const std::string& what, std::vector<double> ms) {
  if (ms.empty()) return;
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double q) { return ms[static_cast<std::size_t>(q * static_cast<double>(ms.size() - 1))]; };
  std::printf("%-42s p50 %7.3f ms  p99 %7.3f ms  max %8.3f ms  of %zu\n", what.c_str(), at(0.5), at(0.99), ms.back(),
              ms.size());
}

/// Bytes of a store's file and SQLite's log beside it.
inline std::uint64_t file_bytes(const std::string& file) {
  std::error_code none;
  std::uint64_t all = 0;
  for (const char* part : {"", "-wal"}) {
    const auto size = std::filesystem::file_size(file + part, none);
    if (!none) all += size;
  }
  return all;
}

/// Lets the system forget what it has read and written of a file.
inline void forget_cached(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ::fdatasync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

/// The disk's own time for a small durable write, in a file beside that one.
inline void measure_disk(const std::string& what, const std::string& file, unsigned count) {
  const auto path = file + ".disk";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  std::vector<double> ms;
  const std::string page(8192, 'x');
  for (unsigned i = 0; i < count; ++i) {
    const auto start = clock::now();
    if (::pwrite(fd, page.data(), page.size(), static_cast<off_t>(i * page.size())) < 0) break;
    ::fdatasync(fd);
    ms.push_back(seconds_since(start) * 1e3);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::close(fd);
  std::filesystem::remove(path);
  print_times(what, std::move(ms));
}

}  // namespace twinlane::perf
