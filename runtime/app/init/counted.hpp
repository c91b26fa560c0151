#pragma once

#include <cstdint>
#include <string>

namespace twinlane::app {

/// `9,812`
inline std::string grouped(std::uint64_t n) {
  auto text = std::to_string(n);
  for (auto at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

/// `all 10,000` or `9,812 of 10,000`
inline std::string part_of(std::uint64_t n, std::uint64_t all) {
  return n == all ? "all " + grouped(all) : grouped(n) + " of " + grouped(all);
}

}  // namespace twinlane::app
