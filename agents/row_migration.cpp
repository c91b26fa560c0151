#include <twinlane/agents/row_migration.hpp>

#include <algorithm>
#include <tuple>

namespace twinlane {
namespace {

using detail::place_text;

decode_status bad(std::string_view lane, std::string_view key, const std::string& what) {
  return {lane_errc::bad_value, place_text(lane, key) + ": " + what};
}

}  // namespace

void row_migration::hold(std::string_view lane, std::string_view key, std::string_view text) {
  auto& i = items_.emplace_back();
  i.lane = lane;
  i.key = key;
  i.text = text;
}

decode_status row_migration::run(agent& to, decoder& d, std::uint32_t version) {
  left_out_ = 0;
  const auto& type = to.type();
  for (auto& i : items_) {
    if (auto status = change(to, i, version); !status) return status;
    if (auto status = place(type, i); !status) return status;
    left_out_ += i.what != fate::is_loaded && !i.row.dropped;
  }
  order(type);
  for (auto& i : items_) {
    keep_number(to, i);
    if (i.what != fate::is_loaded) continue;
    const auto& lane = type.lanes()[i.to];
    std::string text;
    detail::append_row(text, lane.kind, i.parts, i.now);
    i.now = std::move(text);
    if (auto status = to.lane_at(i.to).load_row(d, i.row.key, i.now); !status)
      return bad(i.row.lane, i.row.key, "migrated from version " + std::to_string(version) + ": " + status.detail);
  }
  return {};
}

// What the hook makes of a row.
decode_status row_migration::change(const agent& a, item& i, std::uint32_t version) {
  const auto& hook = a.type().options().migrate;
  i.row = {version, a.uri(), i.lane, i.key, nullptr, false};
  if (!detail::parse_row(i.key, i.text, i.parts)) {
    if (a.type().lane_index(i.lane) < 0) return {};  // no row of a lane
    return bad(i.lane, i.key, "the row is damaged");
  }
  try {
    if (!i.parts.json.empty()) i.row.value = nlohmann::json::parse(i.parts.json);
    if (hook) hook(i.row);
    const bool absent = i.parts.kind == lane_kind::join_value && i.row.value.is_null();
    i.now = absent ? std::string() : i.row.value.dump();
  } catch (const std::exception& x) {
    return bad(i.lane, i.key, "migrating it from version " + std::to_string(version) + " threw: " + x.what());
  } catch (...) {
    return bad(i.lane, i.key, "migrating it threw something that is not a std::exception");
  }
  return {};
}

// Which lane it is for, if one.
decode_status row_migration::place(const agent_type& type, item& i) {
  i.what = fate::goes;
  if (i.row.dropped) return {};
  const int lane = type.lane_index(i.row.lane);
  if (lane < 0 && i.row.lane != i.lane)
    return bad(i.lane, i.key, "migrate moved it to lane '" + i.row.lane + "', which the type does not have");
  i.what = fate::stays;
  if (lane < 0) return {};
  i.to = static_cast<std::size_t>(lane);
  const auto& info = type.lanes()[i.to];
  i.what = fate::goes;
  if (!info.stored()) return {};
  i.what = fate::is_loaded;
  const bool from_join = i.parts.kind == lane_kind::join_value;
  if (from_join != detail::same_rows(info.kind, lane_kind::join_value))
    return bad(i.row.lane, i.row.key, "rows of join lanes and of other lanes do not take each other's place");
  if (i.parts.kind == lane_kind::value && info.kind != lane_kind::value && i.row.key.empty())
    return bad(i.row.lane, {}, detail::kind_changed(i.parts.kind, info.kind));
  return {};
}

// Rows that come to a map lane from one lane with an order keep it.
void row_migration::order(const agent_type& type) {
  for (std::size_t lane = 0; lane < type.lanes().size(); ++lane) {
    if (!detail::same_rows(type.lanes()[lane].kind, lane_kind::map)) continue;
    std::vector<item*> all;
    for (auto& i : items_)
      if (i.what == fate::is_loaded && i.to == lane) all.push_back(&i);
    const bool ordered = std::all_of(all.begin(), all.end(), [&](const item* i) {
      return i->parts.kind != lane_kind::value && i->lane == all.front()->lane;
    });
    if (ordered) continue;
    std::sort(all.begin(), all.end(), [](const item* a, const item* b) {
      return std::tie(a->parts.time_ms, a->lane, a->parts.number) <
             std::tie(b->parts.time_ms, b->lane, b->parts.number);
    });
    std::uint64_t number = 0;
    for (auto* i : all) i->parts.number = ++number;
  }
}

// The number of a log's entry that is no longer there is not given to another.
void row_migration::keep_number(agent& a, const item& i) {
  const int lane = a.type().lane_index(i.lane);
  if (lane < 0 || i.parts.kind != lane_kind::log) return;
  const auto& info = a.type().lanes()[static_cast<std::size_t>(lane)];
  if (info.kind == lane_kind::log && info.stored())
    a.lane_at(static_cast<std::size_t>(lane)).load_note(std::to_string(i.parts.number + 1));
}

void row_migration::save(row_sink& to) const {
  const auto stands = [](const item& i) {
    return i.what == fate::stays || (i.what == fate::is_loaded && i.row.lane == i.lane && i.row.key == i.key);
  };
  for (const auto& i : items_)
    if (!stands(i)) to.remove(i.lane, i.key);
  for (const auto& i : items_)
    if (i.what == fate::is_loaded && !(stands(i) && i.now == i.text)) to.put(i.row.lane, i.row.key, i.now);
}

}  // namespace twinlane
