#pragma once

#include <twinlane/runtime/sqlite_store.hpp>

#include "store_conformance.hpp"
#include "support/long_run.hpp"

namespace twinlane::testing {

inline sqlite_store_options options_for(const scratch_folder& folder) {
  sqlite_store_options o;
  o.file = (folder / "store.db").string();
  return o;
}

}  // namespace twinlane::testing
