#include <twinlane/agents/detail/json_context.hpp>

#include <algorithm>
#include <iterator>

namespace twinlane::detail {

using nlohmann::json;

namespace {

// A key as a lane of this kind spells it.
template <class Key>
std::string spelled(const Key& key) {
  std::string text;
  key_codec<Key>::append(text, key);
  return text;
}

template <class Lane>
const json* find_number(const Lane& lane, std::string_view key) {
  std::uint64_t number = 0;
  return key_codec<std::uint64_t>::parse(key, number) ? lane.find(number) : nullptr;
}

}  // namespace

json window_record(std::int64_t start_ms, const window<reduce::dynamic>& w) {
  json value = json::object();
  for (auto& [name, shown] : w.value.shown()) value[name] = std::move(shown);
  return {{"start", start_ms}, {"end", w.end_ms}, {"closed", w.closed}, {"value", std::move(value)}};
}

std::string_view json_context::param(std::size_t index) const {
  return texts_.emplace_front(self_.type().path().param(self_.uri(), index));
}

const json& json_context::window_at(std::size_t lane, std::int64_t start_ms, const window<reduce::dynamic>& w) const {
  return shown(lane, spelled(start_ms), [&] { return window_record(start_ms, w); });
}

const json* json_context::value(std::size_t lane) const {
  const auto& held = as<json_value_lane>(lane).get();
  return held ? &*held : nullptr;
}

std::size_t json_context::count(std::size_t lane) const {
  std::size_t n = 0;
  switch (plan_.lanes[lane].kind) {
    case lane_kind::map:
      return as<json_map_lane>(lane).size();
    case lane_kind::log:
      return as<json_log_lane>(lane).size();
    case lane_kind::window:
      return as<json_window_lane>(lane).size();
    case lane_kind::join_value:
      as<json_join_lane>(lane).for_each([&](const auto&, const auto&) { ++n; });
      return n;
    case lane_kind::join_map:
      as<json_join_map_lane>(lane).for_each([&](const auto&, const auto&) { ++n; });
      return n;
    default:
      return 0;
  }
}

const json* json_context::entry(std::size_t lane, std::string_view key) const {
  std::int64_t start = 0;
  switch (plan_.lanes[lane].kind) {
    case lane_kind::map:
      return as<json_map_lane>(lane).find(std::string(key));
    case lane_kind::log:
      return find_number(as<json_log_lane>(lane), key);
    case lane_kind::window: {
      const auto* w = key_codec<std::int64_t>::parse(key, start) ? as<json_window_lane>(lane).find(start) : nullptr;
      return w ? &window_at(lane, start, *w) : nullptr;
    }
    case lane_kind::join_value:
      return as<json_join_lane>(lane).find(std::string(key));
    case lane_kind::join_map: {
      const auto* found = as<json_join_map_lane>(lane).find(std::string(key));
      return found ? &shown(lane, std::string(key), [&] { return json(*found); }) : nullptr;
    }
    default:
      return nullptr;
  }
}

const json* json_context::latest(std::size_t lane) const {
  switch (plan_.lanes[lane].kind) {
    case lane_kind::map: {
      const auto& all = as<json_map_lane>(lane);
      if (all.empty()) return nullptr;
      return &std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
                return a.written < b.written;
              })->value;
    }
    case lane_kind::log: {
      const auto& all = as<json_log_lane>(lane);
      return all.empty() ? nullptr : &std::prev(all.end())->value;
    }
    case lane_kind::window: {
      const auto& all = as<json_window_lane>(lane);
      if (all.empty()) return nullptr;
      const auto last = std::prev(all.end());
      return &window_at(lane, last->key, last->value);
    }
    default:
      return nullptr;
  }
}

void json_context::each(std::size_t lane, const visitor& visit) const {
  switch (plan_.lanes[lane].kind) {
    case lane_kind::map:
      for (const auto& e : as<json_map_lane>(lane))
        if (!visit(e.key, e.value)) return;
      return;
    case lane_kind::log:
      for (const auto& e : as<json_log_lane>(lane))
        if (!visit(spelled(e.key), e.value)) return;
      return;
    case lane_kind::window:
      for (const auto& e : as<json_window_lane>(lane))
        if (!visit(spelled(e.key), window_at(lane, e.key, e.value))) return;
      return;
    case lane_kind::join_value: {
      bool more = true;
      as<json_join_lane>(lane).for_each([&](const auto& key, const json& value) { more = more && visit(key, value); });
      return;
    }
    case lane_kind::join_map: {
      bool more = true;
      as<json_join_map_lane>(lane).for_each([&](const auto& key, const auto& value) {
        more = more && visit(key, shown(lane, key, [&] { return json(value); }));
      });
      return;
    }
    default:
      return;
  }
}

}  // namespace twinlane::detail
