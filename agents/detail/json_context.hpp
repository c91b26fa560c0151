#pragma once

#include <forward_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/detail/json_plan.hpp>
#include <twinlane/lanes/dynamic_reducer.hpp>

namespace twinlane::detail {

using json_value_lane = value_lane<nlohmann::json>;
using json_map_lane = map_lane<std::string, nlohmann::json>;
using json_log_lane = log_lane<nlohmann::json>;
using json_window_lane = window_lane<reduce::dynamic>;
using json_supply_lane = supply_lane<nlohmann::json>;
using json_join_lane = join_value_lane<std::string, nlohmann::json>;
using json_join_map_lane = join_map_lane<std::string, nlohmann::json>;

/// A window as expressions see it: {"start":…,"end":…,"closed":…,"value":{…}}.
nlohmann::json window_record(std::int64_t start_ms, const window<reduce::dynamic>& w);

/// What expressions see of an agent without C++: its lanes, and the record at hand.
///
/// Threads  inside its agent's turn
class json_context final : public expression_context {
 public:
  struct moment {
    std::int64_t now_ms, event_ms;
  };
  json_context(const agent& self, const json_plan& plan, moment at, const nlohmann::json* record = nullptr,
               std::string_view key = {})
      : self_(self), plan_(plan), at_(at), record_(record), key_(key) {}

  std::int64_t now_ms() const override { return at_.now_ms; }
  std::int64_t event_ms() const override { return at_.event_ms; }
  std::string_view uri() const override { return self_.uri(); }
  std::string_view param(std::size_t index) const override;
  const nlohmann::json* record() const override { return record_; }
  std::string_view record_key() const override { return key_; }
  const nlohmann::json* value(std::size_t lane) const override;
  std::size_t count(std::size_t lane) const override;
  const nlohmann::json* entry(std::size_t lane, std::string_view key) const override;
  const nlohmann::json* latest(std::size_t lane) const override;
  void each(std::size_t lane, const visitor& visit) const override;

 private:
  template <class Lane>
  const Lane& as(std::size_t lane) const {
    return static_cast<const Lane&>(self_.lane_at(lane));
  }
  // Windows and joined maps are shown as JSON, once an evaluation.
  template <class F>
  const nlohmann::json& shown(std::size_t lane, std::string key, F&& make) const {
    const auto [it, is_new] = shown_.try_emplace({lane, std::move(key)});
    if (is_new) it->second = make();
    return it->second;
  }
  const nlohmann::json& window_at(std::size_t lane, std::int64_t start_ms, const window<reduce::dynamic>& w) const;

  const agent& self_;
  const json_plan& plan_;
  moment at_;
  const nlohmann::json* record_;
  std::string_view key_;
  mutable std::map<std::pair<std::size_t, std::string>, nlohmann::json> shown_;
  mutable std::forward_list<std::string> texts_;
};

}  // namespace twinlane::detail
