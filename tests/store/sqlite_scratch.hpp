#pragma once

#include <cstdlib>

#include <twinlane/runtime/sqlite_store.hpp>

#include "store_conformance.hpp"

namespace twinlane::testing {

inline sqlite_store_options options_for(const scratch_folder& folder) {
  sqlite_store_options o;
  o.file = (folder / "store.db").string();
  return o;
}

inline bool long_run() { return std::getenv("TWINLANE_LONG") && *std::getenv("TWINLANE_LONG"); }

}  // namespace twinlane::testing
