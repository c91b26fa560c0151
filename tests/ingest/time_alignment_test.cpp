#include <twinlane/ingest/time_alignment.hpp>

#include <random>
#include <string>

#include <gmock/gmock.h>

namespace twinlane::ingest {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
constexpr auto for_ever = std::numeric_limits<std::int64_t>::max();

/// Two partitions or more, and what comes out of them.
struct merge {
  explicit merge(int partitions) {
    for (int i = 0; i < partitions; ++i) of.add_partition(now);
  }
  void add(std::size_t partition, std::int64_t time_ms) {
    of.add(partition, time_ms, std::to_string(partition) + '@' + std::to_string(time_ms), now);
  }
  std::vector<std::string> all(std::int64_t until_ms = for_ever) {
    std::vector<std::string> out;
    while (auto next = of.next(now, until_ms)) out.push_back(next->second);
    return out;
  }

  time_alignment<std::string> of{10s};
  std::chrono::steady_clock::time_point now{};
};

TEST(time_alignment, gives_the_oldest_first_and_waits_for_who_may_bring_an_older_one) {
  merge m(2);
  m.add(0, 10);
  m.add(0, 30);
  EXPECT_THAT(m.all(), ElementsAre());
  m.add(1, 20);
  EXPECT_THAT(m.all(), ElementsAre("0@10", "1@20"));
  m.add(1, 25);
  EXPECT_THAT(m.all(), ElementsAre("1@25"));
  m.of.reach_end(1);
  EXPECT_THAT(m.all(), ElementsAre("0@30"));
}

TEST(time_alignment, keeps_the_order_of_a_partition_whose_times_go_back) {
  merge m(2);
  for (const int t : {10, 5, 40}) m.add(0, t);
  m.add(1, 20);
  m.of.reach_end(0);
  m.of.reach_end(1);
  EXPECT_THAT(m.all(), ElementsAre("0@10", "0@5", "1@20", "0@40"));
}

TEST(time_alignment, gives_nothing_beyond_the_slice) {
  merge m(1);
  for (const int t : {10, 20, 21}) m.add(0, t);
  EXPECT_EQ(m.of.oldest_ms(m.now), 10);
  EXPECT_THAT(m.all(20), ElementsAre("0@10", "0@20"));
}

TEST(time_alignment, goes_on_without_who_brings_nothing_for_long_and_waits_again_once_it_does) {
  merge m(2);
  m.add(0, 10);
  m.now += 9s;
  EXPECT_THAT(m.all(), ElementsAre());
  m.of.excuse(1, m.now);
  m.now += 9s;
  EXPECT_THAT(m.all(), ElementsAre());
  m.now += 1s;
  EXPECT_THAT(m.all(), ElementsAre("0@10"));
  m.add(1, 15);
  m.add(0, 20);
  EXPECT_THAT(m.all(), ElementsAre("1@15")) << "and then waits for its next";
}

TEST(time_alignment, does_not_wait_for_who_is_away) {
  merge m(2);
  m.add(0, 10);
  m.of.set_away(1, true, m.now);
  EXPECT_THAT(m.all(), ElementsAre("0@10"));
  m.add(0, 20);
  m.of.set_away(1, false, m.now);
  EXPECT_THAT(m.all(), ElementsAre());
}

TEST(time_alignment, puts_any_partitions_with_rising_times_into_one_order) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto partitions = 1 + random() % 5;
    merge m(static_cast<int>(partitions));
    std::vector<std::int64_t> at(partitions), out;
    std::size_t added = 0;
    const auto take = [&] {
      while (auto next = m.of.next(m.now, for_ever)) out.push_back(std::stoll(next->second.substr(2)));
    };
    for (int i = 0; i < 300; ++i, ++added) {
      const auto p = random() % partitions;
      m.add(p, at[p] += static_cast<std::int64_t>(random() % 20));
      if (random() % 3 == 0) take();
    }
    for (std::size_t p = 0; p < partitions; ++p) m.of.reach_end(p);
    take();
    EXPECT_EQ(out.size(), added);
    EXPECT_TRUE(std::is_sorted(out.begin(), out.end()));
  }
}

}  // namespace
}  // namespace twinlane::ingest
