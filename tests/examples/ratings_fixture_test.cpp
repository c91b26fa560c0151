// The scenario's 2,000 ratings must give exactly the numbers of its expected file, however they arrive.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "ratings_lab.hpp"

namespace tests {
namespace {

using nlohmann::json;
using twinlane::hosting;

class ratings_numbers : public testing::TestWithParam<hosting> {
 protected:
  void SetUp() override {
    if (!ratings_folder()) GTEST_SKIP() << "the scenario's data, ../shared/data/ratings, is not there";
  }
};

INSTANTIATE_TEST_SUITE_P(hosting, ratings_numbers, testing::Values(hosting::shared, hosting::dedicated),
                         [](const auto& param) { return std::string(twinlane::name_of(param.param)); });

/// The same events in another order.
std::vector<rating_event> shuffled(unsigned seed) {
  auto events = the_ratings().ratings;
  std::shuffle(events.begin(), events.end(), std::mt19937(seed));
  return events;
}

/// What differs, or nothing: a whole document would bury it.
std::string difference(const json& shown, const json& expected) {
  return shown == expected ? std::string() : json::diff(expected, shown).dump(1).substr(0, 2'000);
}

TEST_P(ratings_numbers, in_order_they_are_the_expected_ones) {
  ratings_lab lab(GetParam());
  lab.know(the_ratings().customers);
  lab.hear(the_ratings().ratings);
  lab.settle();
  EXPECT_EQ(difference(answers_of(lab, true), expected_answers(true)), "");
}

TEST_P(ratings_numbers, do_not_depend_on_the_sizes_of_batches) {
  for (const std::size_t batch : {7, 300, 2'000}) {
    ratings_lab lab(GetParam());
    lab.know(the_ratings().customers);
    lab.hear(the_ratings().ratings, batch);
    lab.settle();
    EXPECT_EQ(difference(answers_of(lab, true), expected_answers(true)), "") << "batches of " << batch;
  }
}

// All of the fixture lies within the grace of 15 minutes.
TEST_P(ratings_numbers, shuffled_within_the_grace_they_are_the_same) {
  for (const unsigned seed : {1, 2, 3}) {
    ratings_lab lab(GetParam());
    lab.know(the_ratings().customers);
    lab.hear(shuffled(seed), 50, 4);
    lab.settle();
    EXPECT_EQ(difference(answers_of(lab, false), expected_answers(false)), "") << "seed " << seed;
  }
}

// No customer has more than a hundred, so all of them wait.
TEST_P(ratings_numbers, ratings_that_came_before_their_customers_count_by_their_own_times) {
  ratings_lab lab(GetParam());
  lab.hear(the_ratings().ratings, 40);
  lab.settle();
  ASSERT_EQ(lab.lane("/desk/main", "totals").at("enriched"), 0);
  lab.know(the_ratings().customers);
  EXPECT_EQ(difference(answers_of(lab, true), expected_answers(true)), "");
  EXPECT_EQ(lab.lane("/customer/2", "waiting"), json::object());
}

TEST_P(ratings_numbers, customers_who_come_in_the_middle_change_nothing) {
  ratings_lab lab(GetParam());
  const auto& all = the_ratings().ratings;
  lab.hear({all.begin(), all.begin() + 1'000}, 100);
  lab.know(the_ratings().customers);
  lab.hear({all.begin() + 1'000, all.end()}, 100);
  lab.settle();
  EXPECT_EQ(difference(answers_of(lab, true), expected_answers(true)), "");
}

TEST_P(ratings_numbers, the_desk_shows_every_unhappy_platinum_rating_and_who_rates_most) {
  ratings_lab lab(GetParam());
  lab.know(the_ratings().customers);
  lab.hear(the_ratings().ratings, 100);
  lab.settle();
  const auto desk = lab.lanes("/desk/main");
  EXPECT_EQ(desk.at("unhappy").size(), 197u);
  for (const auto& [number, r] : desk.at("unhappy").items()) EXPECT_LT(r.at("stars"), 3) << number;
  std::map<std::string, int> count;
  for (const auto& w : the_ratings().expected.at("RATINGS_PER_CUSTOMER_PER_15MINUTE"))
    count[w.at("FULL_NAME")] += w.at("RATINGS_COUNT").get<int>();
  ASSERT_EQ(desk.at("top").size(), 5u);
  std::vector<int> most;
  for (const auto& [name, n] : count) most.push_back(n);
  std::sort(most.rbegin(), most.rend());
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(desk.at("top")[i].at("ratings"), most[i]);
    EXPECT_EQ(desk.at("top")[i].at("ratings"), count[desk.at("top")[i].at("full_name")]);
  }
  int by_channel = 0;
  for (const auto& [start, w] : desk.at("by_channel").items())
    for (const auto& [channel, n] : w.at("value").items()) by_channel += n.get<int>();
  EXPECT_EQ(by_channel, 1'463);
}

}  // namespace
}  // namespace tests
