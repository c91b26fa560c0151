#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/agents/expression.hpp>

/// An agent's lanes and a record as plain JSON, for expressions to be tried on.
///
/// Lanes: profile (single), never_set (single), ratings (keyed, in the order of the list), calls (keyed), risk-level
/// (single), alerts (not to be read), prices (unordered, empty).
class expression_world final : public twinlane::expression_context {
 public:
  using json = nlohmann::json;

  static const twinlane::expression_scope& scope() {
    using shape = twinlane::expression_scope::shape;
    static const twinlane::expression_scope made{{{"profile", shape::single},
                                                  {"never_set", shape::single},
                                                  {"ratings", shape::keyed},
                                                  {"calls", shape::keyed},
                                                  {"risk-level", shape::single},
                                                  {"alerts", shape::none},
                                                  {"prices", shape::unordered}},
                                                 {"id", "city"},
                                                 true};
    return made;
  }
  static twinlane::expression_scope without_record() {
    auto made = scope();
    made.record = false;
    return made;
  }

  expression_world()
      : values_{{0, json::parse(R"({"club_status":"platinum","first_name":"Ruthie","last_name":"Brockherst",
                                    "place":{"lat":52.52,"lon":13.405},"tags":["a","b"]})")},
                {4, 0.25}},
        entries_{{2,
                  {{"1", json::parse(R"({"stars":4,"channel":"iOS"})")},
                   {"2", json::parse(R"({"stars":1,"channel":"web"})")},
                   {"3", json::parse(R"({"stars":2,"channel":"web"})")}}},
                 {3, {}}},
        record_(json::parse(R"({"stars":2,"channel":"iOS-test","message":"it's late","rating_id":9007199254740993,
                                "odd name":1,"lines":[{"price":2.5,"n":2},{"price":1,"n":10}],"price":19.99,
                                "profile":"of the record","numbers":[3,1,2],"ok":true,"empty":"","a":{"b":[10,20]}})")) {
  }

  std::int64_t now_ms() const override { return 1'700'000'123'456; }
  std::int64_t event_ms() const override { return 1'700'000'000'321; }
  std::string_view uri() const override { return "/customer/42/Bonn"; }
  std::string_view param(std::size_t i) const override { return i == 0 ? "42" : "Bonn"; }
  const json* record() const override { return &record_; }
  std::string_view record_key() const override { return "k7"; }
  const json* value(std::size_t lane) const override {
    const auto found = values_.find(lane);
    return found == values_.end() ? nullptr : &found->second;
  }
  std::size_t count(std::size_t lane) const override { return entries_.at(lane).size(); }
  const json* entry(std::size_t lane, std::string_view key) const override {
    for (const auto& [name, value] : entries_.at(lane))
      if (name == key) return &value;
    return nullptr;
  }
  const json* latest(std::size_t lane) const override {
    const auto& all = entries_.at(lane);
    return all.empty() ? nullptr : &all.back().second;
  }
  void each(std::size_t lane, const visitor& visit) const override {
    for (const auto& [name, value] : entries_.at(lane))
      if (!visit(name, value)) return;
  }

  void set_record(json record) { record_ = std::move(record); }
  void set_calls(std::vector<std::pair<std::string, json>> calls) { entries_[3] = std::move(calls); }

 private:
  std::map<std::size_t, json> values_;
  std::map<std::size_t, std::vector<std::pair<std::string, json>>> entries_;
  json record_;
};
