#pragma once

#include <cstdint>
#include <string_view>

namespace twinlane {

/// The kinds of lane an agent can hold; the text form is used in YAML and in `/api/types`.
enum class lane_kind : std::uint8_t { value, map, log, command, join_value, join_map, window, supply, demand };

constexpr std::string_view name_of(lane_kind k) noexcept {
  constexpr std::string_view names[] = {"value",    "map",    "log",    "command", "join_value",
                                        "join_map", "window", "supply", "demand"};
  return names[static_cast<std::size_t>(k)];
}

/// True for lanes that are part of the agent's JSON document.
constexpr bool in_document(lane_kind k) noexcept {
  return k != lane_kind::command && k != lane_kind::supply && k != lane_kind::demand;
}

}  // namespace twinlane
