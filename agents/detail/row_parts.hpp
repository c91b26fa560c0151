#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <twinlane/lanes/detail/row_text.hpp>
#include <twinlane/lanes/lane_kind.hpp>

namespace twinlane::detail {

/// A row taken apart without knowing its lane: the text tells which kind of lane wrote it.
struct row_parts {
  lane_kind kind = lane_kind::value;  // join_value stands for both kinds of join, map for windows too
  std::int64_t time_ms = 0;           // of all but joins
  std::uint64_t number = 0;           // order of writing, of map and log lanes
  joined_row joined;                  // of joins
  std::string_view json;              // empty: a join whose followed lane was absent
};

/// False when no lane has written it. The parts are views into the text.
bool parse_row(std::string_view key, std::string_view text, row_parts& out) noexcept;

/// Do lanes of that kind read what lanes of the other write?
bool same_rows(lane_kind a, lane_kind b) noexcept;

/// The row as a lane of that kind writes it; kinds of joins go with each other alone.
void append_row(std::string& out, lane_kind kind, const row_parts& row, std::string_view json);

/// For messages: `lane 'orders', key '7'`, cut short where it is long.
std::string place_text(std::string_view lane, std::string_view key);

/// What is wrong with a row of a lane that was of another kind.
std::string kind_changed(lane_kind before, lane_kind now);

}  // namespace twinlane::detail
