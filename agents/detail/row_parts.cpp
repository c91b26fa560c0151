#include <twinlane/agents/detail/row_parts.hpp>

namespace twinlane::detail {
namespace {

bool is_join(lane_kind k) noexcept { return k == lane_kind::join_value || k == lane_kind::join_map; }
bool is_ordered(lane_kind k) noexcept { return k == lane_kind::map || k == lane_kind::window; }

}  // namespace

// Compact JSON holds no number with a blank or a colon behind it, so that one shape is not taken for another.
bool parse_row(std::string_view key, std::string_view text, row_parts& out) noexcept {
  out = {};
  if (parse_joined(text, out.joined)) {
    out.kind = lane_kind::join_value;
    out.json = out.joined.json;
    return true;
  }
  if (!take_number(text, out.time_ms) || text.empty()) return false;
  auto behind = text;
  if (take_number(behind, out.number) && !behind.empty()) {
    out.kind = lane_kind::map;
    out.json = behind;
    return true;
  }
  out.json = text;
  out.number = 0;
  if (key.empty()) return true;
  out.kind = lane_kind::log;
  return take_integer(key, out.number) && key.empty();
}

bool same_rows(lane_kind a, lane_kind b) noexcept {
  return a == b || (is_join(a) && is_join(b)) || (is_ordered(a) && is_ordered(b));
}

void append_row(std::string& out, lane_kind kind, const row_parts& row, std::string_view json) {
  if (is_join(kind)) {
    append_joined(out, row.joined);
  } else {
    append_number(out, row.time_ms);
    if (is_ordered(kind)) append_number(out, row.number);
  }
  out += json;
}

std::string place_text(std::string_view lane, std::string_view key) {
  constexpr std::size_t shown_max = 100;
  std::string text = "lane '" + std::string(lane.substr(0, shown_max)) + "'";
  if (!key.empty()) text += ", key '" + std::string(key.substr(0, shown_max)) + "'";
  return text;
}

std::string kind_changed(lane_kind before, lane_kind now) {
  return "a " + std::string(is_join(before) ? "join" : name_of(before)) +
         " lane has written the row, and the lane is a " + std::string(name_of(now)) +
         " lane now. Give the lane another name, or raise the type's version and say in `migrate` what becomes of its "
         "rows";
}

}  // namespace twinlane::detail
