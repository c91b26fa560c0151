#pragma once

#include <cstdlib>

namespace twinlane::testing {

/// Are the full counts asked for, as by `./dev test --long`?
inline bool long_run() { return std::getenv("TWINLANE_LONG") && *std::getenv("TWINLANE_LONG"); }

}  // namespace twinlane::testing
