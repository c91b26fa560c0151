#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace twinlane::web {

/// Who asks, as credentials prove it.
struct principal {
  std::string name;                // the token's `sub`, or the API token's name
  std::vector<std::string> roles;  // sorted, each once
  /// Those that policies name, by their dotted paths.
  std::map<std::string, std::string, std::less<>> claims{};
  std::optional<std::int64_t> expires_at{};  // seconds since the epoch
  bool listed = false;                       // by an API token, which may be taken from its list
};

}  // namespace twinlane::web
