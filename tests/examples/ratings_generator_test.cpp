// The invented airline of the ratings example.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ratings/generator.hpp>
#include <ratings/records.hpp>

namespace tests {
namespace {

using nlohmann::json;

json made(const std::string& stream, std::uint64_t n, std::uint64_t seed = 1) {
  for (const auto& [name, make] : ratings::generators()) {
    if (name != stream) continue;
    twinlane::ingest::generated_record out;
    out.time_ms = 1'760'000'000'000;
    make(seed, n, {}, out);
    return json::parse(out.value);
  }
  throw std::invalid_argument(stream);
}

TEST(ratings_generator, a_record_is_a_function_of_its_number) {
  for (const char* stream : {"customers", "ratings"})
    for (const std::uint64_t n : {0, 7, 19, 20, 1'000}) EXPECT_EQ(made(stream, n), made(stream, n));
  EXPECT_NE(made("ratings", 5, 1), made("ratings", 5, 2));
}

TEST(ratings_generator, everyone_has_a_row_at_first_and_five_of_twenty_are_platinum) {
  std::set<std::string> ids, names;
  int platinum = 0;
  for (std::uint64_t n = 0; n < 20; ++n) {
    const auto row = made("customers", n);
    ids.insert(row.at("id").get<std::string>());
    names.insert(row.at("first_name").get<std::string>() + row.at("last_name").get<std::string>());
    platinum += row.at("club_status") == "platinum";
  }
  EXPECT_EQ(ids.size(), 20u);
  EXPECT_EQ(names.size(), 20u);
  EXPECT_EQ(platinum, 5);
}

TEST(ratings_generator, a_later_row_moves_the_status_and_the_one_after_it_moves_it_back) {
  for (std::uint64_t n = 0; n < 20; ++n) {
    EXPECT_NE(made("customers", n).at("club_status"), made("customers", n + 20).at("club_status"));
    EXPECT_EQ(made("customers", n), made("customers", n + 40));
    EXPECT_EQ(made("customers", n).at("id"), made("customers", n + 20).at("id"));
  }
}

TEST(ratings_generator, ratings_are_of_all_kinds) {
  std::map<std::int64_t, int> users, stars;
  int tests = 0;
  constexpr int all = 4'400;
  for (std::uint64_t n = 0; n < all; ++n) {
    const auto r = made("ratings", n);
    ++users[r.at("user_id")];
    ++stars[r.at("stars")];
    tests += ratings::is_test(r.at("channel").get<std::string>());
    EXPECT_FALSE(r.at("message").get<std::string>().empty());
  }
  EXPECT_EQ(users.begin()->first, -1);
  EXPECT_EQ(users.rbegin()->first, 20);
  EXPECT_EQ(users.size(), 22u);
  EXPECT_EQ(stars.size(), 5u);
  for (const auto& [who, n] : users) EXPECT_GT(n, all / 22 / 2) << who;
  EXPECT_GT(tests, all / 8);
  EXPECT_LT(tests, all / 3);
}

}  // namespace
}  // namespace tests
