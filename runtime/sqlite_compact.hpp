#pragma once

#include <cstdint>
#include <functional>

#include <twinlane/runtime/sqlite_store.hpp>

namespace twinlane {

/// Sizes of a store's file, its log included.
struct compacted_sizes {
  std::uintmax_t bytes_before = 0, bytes_after = 0;
};

/// Folds the log of a store that no server has open, gives unused space back to the disk, and checks all of the file.
///
/// Cost     twice the file's size on its disk meanwhile. `working` is called from time to time
/// Errors   std::runtime_error with a sentence; the store is as it was, or compact
compacted_sizes compact_sqlite_store(const sqlite_store_options& o, const std::function<void()>& working);

}  // namespace twinlane
