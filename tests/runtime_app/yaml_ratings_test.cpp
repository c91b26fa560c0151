// The ratings example without C++ gives the numbers that another program counted of the same records.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "yaml_twin.hpp"

using nlohmann::json;
using twinlane::testing::any_twin;

namespace {

const std::filesystem::path data = RATINGS_DATA;

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// All agents of the example, and what they send to each other, at the event time of what caused it.
class world {
 public:
  world() : config_(read_yaml(content(RATINGS_YAML))) {
    for (const auto& spec : config_.agents) types_.push_back(make_json_agent_type(spec));
  }

  any_twin& at(const std::string& uri) {
    auto& twin = twins_[uri];
    if (twin) return *twin;
    for (const auto& type : types_)
      if (type->path().matches(uri)) twin = std::make_unique<any_twin>(type, uri);
    return *twin;
  }
  void feed(const std::string& uri, std::string_view lane, const json& value, std::int64_t time_ms) {
    auto& twin = at(uri);
    EXPECT_TRUE(twin.feed(lane, "", value.dump(), time_ms)) << uri;
    const auto sent = twin.sent();
    emitted_ += twin.emitted().size();
    twin.forget();
    for (const auto& m : sent) feed(m.uri, m.lane, m.value, time_ms);
  }
  void feed_customers() {
    std::istringstream lines(content(data / "customers.csv"));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream cells(line);
      std::vector<std::string> all;
      for (std::string cell; std::getline(cells, cell, ',');) all.push_back(cell);
      feed("/customer/" + all[0], "profile",
           {{"first_name", all[1]}, {"last_name", all[2]}, {"email", all[3]}, {"club_status", all[5]}}, 0);
      names_[all[1] + ' ' + all[2]] = "/customer/" + all[0];
    }
  }
  void feed_ratings(const std::vector<json>& ratings) {
    for (const auto& r : ratings)
      feed("/customer/" + std::to_string(r["value"]["user_id"].get<int>()), "rated", r["value"], r["ts"]);
  }

  json& expected() { return expected_; }
  const std::string& uri_of(const std::string& full_name) const { return names_.at(full_name); }
  std::size_t emitted() const { return emitted_; }
  std::int64_t sum(std::string_view lane, std::string_view member) {
    std::int64_t n = 0;
    for (const auto& [uri, twin] : twins_)
      if (uri.starts_with("/customer/")) n += twin->lane(lane).value(member, 0);
    return n;
  }
  std::int64_t all_of_windows(std::string_view lane) {
    std::int64_t n = 0;
    for (const auto& [uri, twin] : twins_)
      if (uri.starts_with("/customer/"))
        for (const auto& w : twin->lane(lane)) n += w["value"]["ratings"].get<int>();
    return n;
  }

 private:
  twinlane::app::config config_;
  std::vector<std::shared_ptr<const twinlane::agent_type>> types_;
  std::map<std::string, std::unique_ptr<any_twin>> twins_;
  std::map<std::string, std::string> names_;
  json expected_ = json::parse(content(data / "fixture_ratings_2000.expected.json"));
  std::size_t emitted_ = 0;
};

std::vector<json> fixture() {
  std::istringstream lines(content(data / "fixture_ratings_2000.jsonl"));
  std::vector<json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(json::parse(line));
  return all;
}

std::vector<int> sorted(std::vector<int> list) {
  std::sort(list.begin(), list.end());
  return list;
}

void check_segments(world& w, const std::string& lane, const json& wanted) {
  for (const std::string status : {"bronze", "silver", "gold", "platinum"}) {
    json counted = json::object(), expected = json::object();
    const auto windows = w.at("/segment/" + status).lane(lane);
    for (const auto& [start, one] : windows.items()) counted[start] = one["value"]["n"];
    for (const auto& row : wanted)
      if (row["counts"].contains(status)) expected[row["windowstart"].dump()] = row["counts"][status];
    EXPECT_EQ(counted, expected) << lane << ' ' << status;
  }
}

void check_customers(world& w, bool in_order) {
  const auto& per_15m = w.expected()["RATINGS_PER_CUSTOMER_PER_15MINUTE"];
  for (const auto& row : per_15m) {
    const json one = w.at(w.uri_of(row["FULL_NAME"])).lane("per_15m")[row["windowstart"].dump()]["value"];
    EXPECT_EQ(one["ratings"], row["RATINGS_COUNT"]) << row;
    std::vector<int> list = one["list"], wanted = row["RATINGS"];
    EXPECT_EQ(in_order ? list : sorted(list), in_order ? wanted : sorted(wanted)) << row;
  }
  for (const auto& [name, sessions] : w.expected()["SESSION_30s_by_customer"].items()) {
    json counted = json::object(), expected = json::object();
    const auto windows = w.at(w.uri_of(name)).lane("sessions");
    for (const auto& [start, one] : windows.items()) counted[start] = {one["end"], one["value"]["n"]};
    for (const auto& s : sessions) expected[s["start"].dump()] = {s["end"], s["count"]};
    EXPECT_EQ(counted, expected) << name;
  }
}

void check(world& w, bool in_order) {
  const auto& wanted = w.expected();
  EXPECT_EQ(w.sum("counts", "live"), wanted["RATINGS_LIVE"]);
  EXPECT_EQ(w.sum("counts", "test"), wanted["RATINGS_TEST"]);
  EXPECT_EQ(w.all_of_windows("per_15m"), wanted["RATINGS_WITH_CUSTOMER_DATA"]);
  EXPECT_EQ(w.at("/desk/main").lane("n_unhappy"), wanted["UNHAPPY_PLATINUM_CUSTOMERS"]);
  EXPECT_EQ(w.emitted(), wanted["UNHAPPY_PLATINUM_CUSTOMERS"]);
  check_segments(w, "per_minute", wanted["RATINGS_BY_CLUB_STATUS_1min"]);
  check_segments(w, "per_5m", wanted["HOPPING_5min_adv1min_by_club"]);
  check_customers(w, in_order);
}

class yaml_ratings : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(data)) GTEST_SKIP() << "the ratings fixture is not here: " << data;
  }
};

TEST_F(yaml_ratings, fed_in_order_give_the_expected_numbers) {
  world w;
  w.feed_customers();
  w.feed_ratings(fixture());
  check(w, true);
}

TEST_F(yaml_ratings, shuffled_within_the_grace_give_the_same) {
  auto ratings = fixture();
  std::shuffle(ratings.begin(), ratings.end(), std::mt19937(20231114));
  world w;
  w.feed_customers();
  w.feed_ratings(ratings);
  check(w, false);
}

TEST_F(yaml_ratings, a_change_of_status_counts_from_the_next_rating_on) {
  world w;
  w.feed_customers();
  const json rating{{"user_id", 2}, {"stars", 1}, {"channel", "web"}, {"rating_id", 1}};
  w.feed("/customer/2", "rated", rating, any_twin::start_ms);
  w.feed("/customer/2", "profile", {{"first_name", "Ruthie"}, {"club_status", "bronze"}}, any_twin::start_ms);
  w.feed("/customer/2", "rated", rating, any_twin::start_ms);
  const auto ratings = w.at("/customer/2").lane("ratings");
  EXPECT_EQ(ratings["1"]["club_status"], "platinum");
  EXPECT_EQ(ratings["2"]["club_status"], "bronze");
  EXPECT_EQ(w.at("/customer/2").lane("unhappy").size(), 1u);
}

}  // namespace
