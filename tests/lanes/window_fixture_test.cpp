#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <random>
#include <sstream>

#include <twinlane/lanes/by_key.hpp>
#include <twinlane/lanes/reduce.hpp>

#include "twin.hpp"

// Two thousand ratings whose windows were counted by another program.
using namespace twin_test;

namespace {

struct rating {
  std::int64_t at_ms = 0;
  int stars = 0;
  std::string full_name, club_status;
};

struct star_list {
  reduce::count n;
  reduce::collect<int> stars;
  void add(int given) {
    n.add();
    stars.add(given);
  }
};
BOOST_DESCRIBE_STRUCT(star_list, (), (n, stars))

struct desk final : agent {
  using agent::agent;
  window_lane<reduce::by_key<reduce::count>> per_minute{*this, "per_minute", tumbling(minutes{1}), grace(minutes{15})};
  window_lane<reduce::by_key<reduce::count>> per_5m{*this, "per_5m", hopping(minutes{5}, minutes{1}),
                                                    grace(minutes{15})};
};
struct customer final : agent {
  using agent::agent;
  window_lane<star_list> per_15m{*this, "per_15m", tumbling(minutes{15}), grace(minutes{15})};
  window_lane<reduce::count> sessions{*this, "sessions", twinlane::session(seconds{30}), grace(minutes{15})};
};

std::string path_of(const std::string& name) { return std::string(TWINLANE_TEST_DATA) + "/ratings/" + name; }

// Those of customers that are known, without tests.
std::vector<rating> read_ratings() {
  std::map<int, std::pair<std::string, std::string>> customers;
  std::ifstream table(path_of("customers.csv"));
  std::string line;
  for (std::getline(table, line); std::getline(table, line);) {
    std::istringstream fields(line);
    std::string id, first, last, email, gender, status;
    for (auto* field : {&id, &first, &last, &email, &gender, &status}) std::getline(fields, *field, ',');
    customers[std::stoi(id)] = {first + ' ' + last, status};
  }
  std::vector<rating> all;
  std::ifstream records(path_of("fixture_ratings_2000.jsonl"));
  while (std::getline(records, line)) {
    const auto record = json::parse(line);
    const auto& value = record["value"];
    auto channel = value["channel"].get<std::string>();
    std::transform(channel.begin(), channel.end(), channel.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto who = customers.find(value["user_id"].get<int>());
    if (channel.find("test") != channel.npos || who == customers.end()) continue;
    all.push_back({record["ts"].get<std::int64_t>(), value["stars"].get<int>(), who->second.first, who->second.second});
  }
  return all;
}

json expected_file() {
  std::ifstream file(path_of("fixture_ratings_2000.expected.json"));
  return json::parse(file);
}

json counts_of(const json& queries) {
  json all = json::object();
  for (const auto& w : queries) all[std::to_string(w["windowstart"].get<std::int64_t>())] = w["counts"];
  return all;
}
json values_of(const json& lane) {
  json all = json::object();
  for (const auto& [start, w] : lane.items()) all[start] = w["value"];
  return all;
}
json sorted(json list) {
  std::sort(list.begin(), list.end());
  return list;
}

class window_fixture : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::ifstream(path_of("fixture_ratings_2000.jsonl"))) GTEST_SKIP() << "no file " << path_of("*");
  }

  void expect_queries(const std::vector<rating>& ratings, bool in_order) {
    const auto expected = expected_file();
    ASSERT_EQ(ratings.size(), expected["RATINGS_WITH_CUSTOMER_DATA"]);
    twin<desk> all;
    const auto type = make_agent_type<customer>("customer", "/thing/:id");
    std::map<std::string, twin<customer>> customers;
    for (const auto& r : ratings) {
      all.act([&](desk& d) {
        EXPECT_TRUE(d.per_minute.add_at(r.at_ms, r.club_status));
        EXPECT_TRUE(d.per_5m.add_at(r.at_ms, r.club_status));
      });
      customers.try_emplace(r.full_name, type).first->second.act([&](customer& c) {
        EXPECT_TRUE(c.per_15m.add_at(r.at_ms, r.stars));
        EXPECT_TRUE(c.sessions.add_at(r.at_ms));
      });
    }
    EXPECT_EQ(values_of(all.document()["per_minute"]), counts_of(expected["RATINGS_BY_CLUB_STATUS_1min"]));
    EXPECT_EQ(values_of(all.document()["per_5m"]), counts_of(expected["HOPPING_5min_adv1min_by_club"]));
    std::size_t lists = 0;
    for (const auto& w : expected["RATINGS_PER_CUSTOMER_PER_15MINUTE"]) {
      const auto& t = customers.at(w["FULL_NAME"]);
      const json value = t.document()["per_15m"][std::to_string(w["windowstart"].get<std::int64_t>())]["value"];
      EXPECT_EQ(value["n"], w["RATINGS_COUNT"]);
      EXPECT_EQ(in_order ? value["stars"] : sorted(value["stars"]), in_order ? w["RATINGS"] : sorted(w["RATINGS"]));
      ++lists;
    }
    for (const auto& [name, t] : customers) {
      json sessions = json::array();
      for (const auto& e : t->sessions)
        sessions.push_back({{"start", e.key}, {"end", e.value.end_ms}, {"count", e.value.value.shown()}});
      EXPECT_EQ(sessions, expected["SESSION_30s_by_customer"][name]) << name;
      lists -= t->per_15m.size();
    }
    EXPECT_EQ(lists, 0u) << "windows that nobody expects";
    EXPECT_EQ(customers.size(), expected["SESSION_30s_by_customer"].size());
  }
};

TEST_F(window_fixture, windows_are_those_of_the_expected_file_in_order) { expect_queries(read_ratings(), true); }

TEST_F(window_fixture, windows_are_those_of_the_expected_file_shuffled_within_the_grace) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    auto ratings = read_ratings();
    std::mt19937 random(seed);
    std::shuffle(ratings.begin(), ratings.end(), random);
    expect_queries(ratings, false);
  }
}

}  // namespace
