#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include <gmock/gmock.h>

#include "kept_lab.hpp"

// Random operations on all lanes of several agents that follow one another; subscribers come at any moment, agents
// leave memory, and the whole is stopped and started. Whatever a subscriber folds is what reading gives.
namespace runtime_test {
namespace {

constexpr int chests = 4, keys = 6;

std::string uri_of(int chest) { return "/chest/" + std::to_string(chest); }

/// What a chest must hold at rest, as far as it follows from what was done to it alone.
struct model {
  std::optional<int> single;
  std::map<int, int> table, follows;
  std::vector<int> notes;
  bool born = false;
};

class random_life {
 public:
  explicit random_life(unsigned seed) : random_(seed), lab_(options_of(seed)) {}

  void run(int steps) {
    for (; steps > 0 && !testing::Test::HasFailure(); --steps) {
      switch (below(12)) {
        case 0:
          follow(below(chests));
          break;
        case 1:
          lab_->now += below(600);
          lab_->tick();
          break;
        case 2:
          if (below(4) == 0) restart();
          break;
        case 3:
          if (below(4) == 0) remove(below(chests));
          break;
        case 4:
          command(below(chests), below(keys));
          break;
        case 5:
          write(below(chests));
          break;
        default:
          post();
      }
      run_shards();
      check_at_rest();
    }
  }

 private:
  struct seen {
    json state;
    std::uint64_t rev = 0;
  };

  static shard_options options_of(unsigned seed) {
    shard_options o;
    o.cut_records = seed % 3 == 0 ? 256 : 1 + seed % 5;
    o.fan_out_step = 1 + seed % 2;
    if (seed % 4 == 1) o.active_max = 1;
    if (seed % 4 == 2) o.idle_ms = 200;
    return o;
  }
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  // Operations.
  void post() {
    std::vector<event> events;
    for (int n = 1 + below(12); n > 0; --n) {
      const auto& lanes = type_->lanes();
      if (auto e = event_for(below(chests), lanes[random_() % lanes.size()])) events.push_back(std::move(*e));
    }
    if (events.empty()) return;
    lab_->post(lab_->source, events, lab_.offset);
    for (const auto& e : events) note(e);
  }
  /// A lane of a new kind needs a place in cast.hpp's chest, and its events here.
  std::optional<event> event_for(int chest, const lane_info& lane) {
    event e{uri_of(chest), lane.name, "", std::to_string(below(5)), false, lab_->now - below(300)};
    switch (lane.kind) {
      case lane_kind::value:
        if (lane.name == "sum") return std::nullopt;  // the rule's
        e.remove = below(4) == 0;
        return e;
      case lane_kind::map:
        e.key = std::to_string(below(keys));
        if (lane.name == "follows") e.value = std::to_string(below(chests));
        e.remove = below(3) == 0;
        return e;
      case lane_kind::log:
      case lane_kind::supply:  // and what it passes on is reduced by the windows
        return e;
      case lane_kind::command:     // command()
      case lane_kind::join_value:  // by "follows"
      case lane_kind::join_map:
      case lane_kind::window:
      case lane_kind::demand:
        return std::nullopt;
    }
    return std::nullopt;
  }
  void note(const event& e) {
    auto& m = models_[e.uri];
    if (e.remove && !m.born) return;  // a tombstone brings nobody into being
    m.born = true;
    const int key = e.key.empty() ? 0 : std::stoi(e.key), value = std::stoi(e.value);
    if (!e.remove) ++puts_[{e.uri, e.lane, e.key}];
    if (e.lane == "single") m.single = e.remove ? std::nullopt : std::optional(value);
    if (e.lane == "notes") m.notes.push_back(value);
    for (auto* map : {&m.table, &m.follows}) {
      if (e.lane != (map == &m.table ? "table" : "follows")) continue;
      if (e.remove)
        map->erase(key);
      else
        (*map)[key] = value;
    }
  }
  void command(int chest, int key) {
    lab_->command(uri_of(chest), "drop", std::to_string(key));
    models_[uri_of(chest)].table.erase(key);
  }
  void write(int chest) {
    const int key = below(keys), value = below(5);
    const auto said =
        lab_->write({uri_of(chest), "table", std::to_string(key), write_op::put, std::to_string(value), {}});
    run_shards();
    if (said->fine()) note({uri_of(chest), "table", std::to_string(key), std::to_string(value)});
  }
  void remove(int chest) {
    lab_->remove(uri_of(chest));
    models_.erase(uri_of(chest));
    for (const auto& lane : type_->lanes()) {
      keys_.erase({uri_of(chest), lane.name});
      gone_.erase({uri_of(chest), lane.name});
    }
  }
  void follow(int chest) {
    view what;
    if (below(2)) what = {false, {"table", "singles", below(2) ? "notes" : "tables"}};
    following_.push_back({uri_of(chest), what, lab_->subscribe(uri_of(chest), what)});
  }
  void restart() {
    for (std::uint32_t n = 0; n < lab_.shards; ++n) lab_->order(std::to_string(n), [](shard& s) { s.stop_agents(); });
    ASSERT_TRUE(lab_->settle());
    lab_.restart();
    lab_->wake_all();
    following_.clear();
  }

  // Looks.
  void run_shards() {
    for (int runs = 0; !lab_->settle(1); ++runs) {
      ASSERT_LT(runs, 100'000) << "no rest";
      for (const auto& f : following_) {
        ASSERT_EQ(f.by->broken(), "");
        const auto* e = lab_->on(f.uri).find(f.uri);
        if (!e || !e->self || f.by->rev() != e->rev || f.by->said().empty()) continue;
        ++compared_;
        ASSERT_EQ(f.by->state(), only(f.what, lab_->document(f.uri))) << f.uri << " at rev " << e->rev;
      }
    }
  }
  /// What a GET gives; it brings the agent into memory.
  seen get(const std::string& uri) {
    seen now;
    lab_->on(uri).request([&](shard& s) {
      if (const auto* e = s.find_agent(uri); e && e->self) now = {lab_->document(uri), e->rev};
    });
    EXPECT_TRUE(lab_->settle());
    return now;
  }
  static json only(const view& what, const json& all) {
    if (what.all || all.is_null()) return all;
    json some = json::object();
    for (const auto& lane : what.lanes)
      if (all.contains(lane)) some[lane] = all[lane];
    return some;
  }
  void check_at_rest() {
    std::map<std::string, seen> now;
    for (int n = 0; n < chests; ++n) now[uri_of(n)] = get(uri_of(n));
    for (const auto& f : following_) {
      const auto& is = now[f.uri];
      if (is.state.is_null())
        EXPECT_EQ(f.by->state(), json::object()) << f.uri;
      else
        EXPECT_EQ(f.by->state(), only(f.what, is.state)) << f.uri;
    }
    for (const auto& [uri, is] : now) {
      EXPECT_EQ(is.state.is_null(), !models_[uri].born) << uri;
      if (is.state.is_null()) continue;
      check_model(is.state, models_[uri]);
      check_joins(is.state, models_[uri], now);
      check_keys(uri, is.state);
    }
  }
  static json map_of(const std::map<int, int>& m) {
    json all = json::object();
    for (const auto& [key, value] : m) all[std::to_string(key)] = value;
    return all;
  }
  void check_model(const json& state, const model& m) {
    EXPECT_EQ(state.value("single", json()), m.single ? json(*m.single) : json());
    EXPECT_EQ(state["table"], map_of(m.table));
    EXPECT_EQ(state["follows"], map_of(m.follows));
    int sum = 0;
    for (const auto& [key, value] : m.table) sum += value;
    EXPECT_EQ(state.value("sum", 0), sum);
    EXPECT_LE(state["few"].size(), 3u);
    json notes = json::object();
    for (auto n = m.notes.size() - std::min<std::size_t>(m.notes.size(), 4); n < m.notes.size(); ++n)
      notes[std::to_string(n + 1)] = m.notes[n];
    EXPECT_EQ(state["notes"], notes);
  }
  static void check_joins(const json& state, const model& m, const std::map<std::string, seen>& all) {
    json singles = json::object(), tables = json::object();
    for (const auto& [key, other] : m.follows) {
      const auto& followed = all.at(uri_of(other)).state;
      if (followed.is_null()) continue;
      if (followed.contains("single")) singles[std::to_string(key)] = followed["single"];
      tables[std::to_string(key)] = followed["table"];
    }
    EXPECT_EQ(state["singles"], singles);
    EXPECT_EQ(state["tables"], tables);
  }
  /// An entry that has gone comes back by being written again alone; one of a log and a window, never.
  void check_keys(const std::string& uri, const json& state) {
    for (const auto& lane : type_->lanes()) {
      if (lane.kind != lane_kind::map && lane.kind != lane_kind::log && lane.kind != lane_kind::window) continue;
      auto& gone = gone_[{uri, lane.name}];
      auto& before = keys_[{uri, lane.name}];
      std::set<std::string> present;
      for (const auto& [key, value] : state[lane.name].items()) {
        present.insert(key);
        const auto at = gone.find(key);
        if (at == gone.end()) continue;
        EXPECT_TRUE(lane.kind == lane_kind::map && (puts_[{uri, lane.name, key}] > at->second))
            << uri << ' ' << lane.name << ' ' << key << " reappears";
        gone.erase(at);
      }
      for (const auto& key : before)
        if (!present.count(key)) gone[key] = puts_[{uri, lane.name, key}];
      before = std::move(present);
    }
  }

  struct follow_of {
    std::string uri;
    view what;
    std::shared_ptr<following> by;
  };
  std::mt19937 random_;
  kept_lab lab_;
  const std::shared_ptr<const agent_type> type_ = make_agent_type<chest>("chest", "/chest/:id");
  std::map<std::string, model> models_;
  std::map<std::tuple<std::string, std::string, std::string>, int> puts_;
  std::map<std::pair<std::string, std::string>, std::set<std::string>> keys_;
  std::map<std::pair<std::string, std::string>, std::map<std::string, int>> gone_;
  std::vector<follow_of> following_;

 public:
  int compared_ = 0;
};

TEST(lane_property, whatever_happens_folded_diffs_are_the_state_and_nothing_removed_reappears) {
  int compared = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_life life(seed);
    life.run(120);
    compared += life.compared_;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(compared, 10'000) << "looks at a state between two cuts";
}

TEST(lane_property, chest_has_a_lane_of_each_kind) {
  std::set<lane_kind> kinds;
  const auto type = make_agent_type<chest>("chest", "/chest/:id");
  for (const auto& l : type->lanes()) kinds.insert(l.kind);
  for (auto k = lane_kind::value; k <= lane_kind::demand; k = static_cast<lane_kind>(static_cast<int>(k) + 1))
    EXPECT_TRUE(kinds.count(k)) << name_of(k);
}

}  // namespace
}  // namespace runtime_test
