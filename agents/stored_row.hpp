#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace twinlane {

/// A row of an agent that an older version of its type has written, on its way to the lanes of today. A migrate hook
/// may give it another value, key or lane, or drop it; times and order stay what they are.
///
/// Shape    key: the entry's key as its URL has it, empty for a value lane. value: the record's JSON; null in a join
///          lane while the followed lane is absent
struct stored_row {
  std::uint32_t version = 1;  // of the type that wrote it
  std::string uri;            // of the agent; to read only, as is version
  std::string lane, key;
  nlohmann::json value;
  bool dropped = false;

  /// The row goes, from the store too.
  void drop() noexcept { dropped = true; }
};

}  // namespace twinlane
