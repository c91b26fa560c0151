#pragma once

#include <cstdlib>

namespace twinlane::testing {

/// Are the full counts asked for, as by `./dev test --long`? Never under sanitizers, where many rounds of what forks
/// processes take hours and show nothing new.
inline bool long_run() {
#ifdef TWINLANE_SANITIZED
  return false;
#else
  return std::getenv("TWINLANE_LONG") && *std::getenv("TWINLANE_LONG");
#endif
}

}  // namespace twinlane::testing
