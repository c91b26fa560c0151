#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <twinlane/runtime/followers.hpp>

using namespace twinlane;

namespace {

follower joiner_at(std::uint32_t place, int n) { return {place, 0, "/fan/" + std::to_string(n), "k"}; }

std::vector<std::string> told(lane_followers& all, std::size_t count) {
  std::vector<std::string> uris;
  all.tell_next(count, [&](const follower& f) { uris.push_back(f.uri); });
  return uris;
}
using uris = std::vector<std::string>;

TEST(lane_followers, are_told_of_a_change_once_and_by_their_places) {
  lane_followers all;
  for (const int n : {3, 1, 2}) EXPECT_TRUE(all.add(joiner_at(static_cast<std::uint32_t>(10 - n), n)));
  EXPECT_FALSE(all.is_telling());
  all.note_change(nullptr, 0);
  EXPECT_EQ(told(all, 2), (uris{"/fan/3", "/fan/2"}));
  EXPECT_TRUE(all.is_telling());
  EXPECT_EQ(told(all, 2), (uris{"/fan/1"}));
  EXPECT_FALSE(all.is_telling());
}

TEST(lane_followers, change_under_way_is_told_to_the_rest_and_then_to_those_before) {
  lane_followers all;
  for (int n = 0; n < 5; ++n) all.add(joiner_at(0, n));
  all.note_change(nullptr, 0);
  EXPECT_EQ(told(all, 2), (uris{"/fan/0", "/fan/1"}));
  all.note_change(nullptr, 0);
  EXPECT_EQ(told(all, 1), (uris{"/fan/2"}));
  all.note_change(nullptr, 0);
  EXPECT_EQ(told(all, 9), (uris{"/fan/3", "/fan/4"})) << "a pass ends where it ends";
  EXPECT_EQ(told(all, 2), (uris{"/fan/0", "/fan/1"}));
  EXPECT_EQ(told(all, 2), (uris{"/fan/2"}));
  EXPECT_FALSE(all.is_telling());
}

TEST(lane_followers, who_comes_where_a_pass_still_goes_is_not_to_be_told_apart) {
  lane_followers all;
  for (int n = 0; n < 9; n += 2) all.add(joiner_at(0, n));
  all.note_change(nullptr, 0);
  told(all, 2);
  EXPECT_TRUE(all.add(joiner_at(0, 1)));
  EXPECT_FALSE(all.add(joiner_at(0, 5)));
  all.note_change(nullptr, 0);
  EXPECT_FALSE(all.add(joiner_at(0, 3))) << "between who was told and who is next: the next pass";
}

TEST(lane_followers, hold_each_cause_until_all_have_been_told) {
  lane_followers all;
  for (int n = 0; n < 4; ++n) all.add(joiner_at(0, n));
  const auto first = std::make_shared<record_batch>(), second = std::make_shared<record_batch>();
  const auto causes = [&] {
    std::vector<std::shared_ptr<record_batch>> now;
    all.append_causes(now);
    return now;
  };
  all.note_change(first, 9);
  told(all, 2);
  all.note_change(second, 3);
  EXPECT_EQ(all.hops(), 3u);
  EXPECT_EQ(causes(), (std::vector{first, second}));
  told(all, 2);
  EXPECT_EQ(causes(), (std::vector{second})) << "the pass that the first began has ended";
  told(all, 2);
  EXPECT_TRUE(causes().empty());
}

// A model: each follower remembers the last version that it heard.
TEST(lane_followers, each_ends_with_the_last_state_and_hears_none_twice) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    lane_followers all;
    std::set<std::string> joined;
    std::map<std::string, int> heard;  // the version
    int version = 0;
    const auto hear = [&](const std::string& uri) {
      const auto [at, fresh] = heard.emplace(uri, version);
      EXPECT_TRUE(fresh || at->second < version) << uri << " hears version " << version << " twice";
      at->second = version;
    };
    const auto tell = [&] { all.tell_next(1 + random() % 4, [&](const follower& f) { hear(f.uri); }); };
    for (int step = 0; step < 200; ++step) {
      const auto n = static_cast<int>(random() % 20);
      const auto f = joiner_at(static_cast<std::uint32_t>(n % 3), n);
      switch (random() % 8) {
        case 0:
        case 1:
          if (joined.insert(f.uri).second && all.add(f)) hear(f.uri);
          break;
        case 2:
          all.remove(f);
          joined.erase(f.uri);
          heard.erase(f.uri);
          break;
        case 3:
          ++version;
          all.note_change(nullptr, 0);
          break;
        default:
          tell();
      }
    }
    for (int left = 1000; all.is_telling(); --left) {
      ASSERT_GT(left, 0) << "passes without end";
      tell();
    }
    EXPECT_EQ(heard.size(), joined.size());
    EXPECT_EQ(all.size(), joined.size());
    for (const auto& [uri, v] : heard) EXPECT_EQ(v, version) << uri;
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
