#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace twinlane::testing {

/// A layer under SQLite, named "power_cut", that knows which writes were synced.
///
/// Shape    writes go through to the real file and are remembered until the file is synced
/// Threads  any
class power_cut_vfs {
 public:
  static constexpr const char* name = "power_cut";
  /// Registers it, once a process.
  static void install();
  /// Takes back what was not synced: of each file's unsynced writes the seed picks those that had reached the disk all
  /// the same, in whatever order. Whoever writes afterwards waits for ever: end the process.
  static void cut(std::uint64_t seed);
};

/// A layer under SQLite, named "full_disk": writes that would let a file grow fail while `full` is set.
class full_disk_vfs {
 public:
  static constexpr const char* name = "full_disk";
  static void install();
  static inline std::atomic<bool> full{false};
};

}  // namespace twinlane::testing
