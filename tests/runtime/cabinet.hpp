#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>

#include <nlohmann/json.hpp>
#include <twinlane/agents/agent.hpp>
#include <twinlane/lanes/field_set.hpp>
#include <twinlane/lanes/reduce.hpp>

namespace runtime_test {

struct home {
  std::string city;
  std::optional<int> zip;
  std::map<std::string, int> marks;
};
BOOST_DESCRIBE_STRUCT(home, (), (city, zip, marks))

struct person {
  std::string name;
  std::optional<home> at;
};
BOOST_DESCRIBE_STRUCT(person, (), (name, at))

/// Has lanes of each kind that a document shows, of records within records and of JSON that changes its shape.
class cabinet final : public twinlane::agent {
 public:
  using agent::agent;
  twinlane::value_lane<person> owner{*this, "owner"};
  twinlane::value_lane<nlohmann::json> any{*this, "any"};
  twinlane::map_lane<std::string, person> people{*this, "people", twinlane::keep_last(4)};
  twinlane::map_lane<std::string, nlohmann::json> things{*this, "things"};
  twinlane::log_lane<person> guests{*this, "guests", twinlane::keep_last(3)};
  twinlane::value_lane<int> whisper{*this, "whisper", twinlane::transient};
  twinlane::map_lane<std::string, int> follows{*this, "follows", twinlane::did_update<&cabinet::join>,
                                               twinlane::did_remove<&cabinet::leave>};
  twinlane::join_value_lane<std::string, person> owners{*this, "owners"};
  twinlane::join_map_lane<std::string, nlohmann::json> others{*this, "others"};
  twinlane::map_lane<std::string, int> counts{*this, "counts", twinlane::did_update<&cabinet::counted>};
  twinlane::window_lane<twinlane::reduce::sum<int>> spans{
      *this, "spans", twinlane::tumbling(std::chrono::milliseconds{200}), twinlane::keep_last(4)};

 private:
  void join(const std::string& key, const int& other, const int*) {
    const auto uri = "/cabinet/" + std::to_string(other);
    owners.join(key, uri, "owner");
    others.join(key, uri, "things");
  }
  void leave(const std::string& key, const int&) {
    owners.leave(key);
    others.leave(key);
  }
  void counted(const std::string&, const int& n, const int*) { spans.add(n); }
};

/// Random contents of cabinets, and random wishes of what to see of them.
class cabinet_maker {
 public:
  explicit cabinet_maker(unsigned seed) : random(seed) {}
  int below(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
  std::string letter() { return std::string(1, static_cast<char>('a' + below(3))); }
  nlohmann::json a_person() {
    nlohmann::json p{{"name", letter()}};
    if (below(3) == 0) return p;
    auto& at = p["at"] = {{"city", letter()}, {"marks", nlohmann::json::object()}};
    if (below(2)) at["zip"] = below(3);
    for (int n = below(3); n > 0; --n) at["marks"][letter()] = below(3);
    return p;
  }
  nlohmann::json anything(int depth = 3) {
    const int kind = below(depth > 0 ? 5 : 2);
    if (kind == 0) return below(3);
    if (kind == 1) return nlohmann::json::array({below(2), letter()});
    auto all = nlohmann::json::object();
    for (int n = below(3); n > 0; --n) all[letter()] = anything(depth - 1);
    return all;
  }
  /// A path from a lane on, as they are in such documents, or lead nowhere.
  twinlane::field_set::path a_path() {
    static const char* const lanes[] = {"owner",   "any",    "people", "things", "guests", "whisper",
                                        "follows", "owners", "others", "counts", "spans"};
    static const char* const names[] = {"a", "b", "c", "at", "name", "city", "zip", "marks", "1", "2", "value"};
    twinlane::field_set::path p{lanes[below(11)]};
    for (int n = below(4); n > 0; --n) p.emplace_back(below(2) ? letter() : std::string(names[below(11)]));
    return p;
  }

  std::mt19937 random;
};

/// What a set shows of a value, said another way than the product says it.
inline std::optional<nlohmann::json> shown(const nlohmann::json& v, const twinlane::field_set& s) {
  if (s.is_all()) return v;
  if (!v.is_object()) return std::nullopt;
  auto some = nlohmann::json::object();
  for (const auto& [name, below] : v.items())
    if (const auto* of = s.find(name))
      if (const auto part = shown(below, *of)) some[name] = *part;
  return some;
}

}  // namespace runtime_test
